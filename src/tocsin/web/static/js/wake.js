// data-live: a page that slept, was frozen, was kept for Back or lost the network asks the desk at once what it missed.
import { close, fetchAgain, isOpen, open, place, silentMs } from "./line.js";

const QUIET_MS = 17_000; // the desk says something every 15 seconds
const DEAD_MS = 35_000;
const BEAT_MS = 2_000;
let beatAt = Date.now();

function wake() {
  if (document.visibilityState === "visible" && silentMs() > QUIET_MS) open();
}

// A machine that slept, or a line that died without a word: the clock tells.
function beat() {
  const slept = Date.now() - beatAt > 3 * BEAT_MS && !document.hidden; // the beat of a hidden page is slowed down
  beatAt = Date.now();
  if (slept || (isOpen() && silentMs() > DEAD_MS)) open();
}

if (place) {
  setInterval(beat, BEAT_MS);
  document.addEventListener("visibilitychange", wake);
  document.addEventListener("resume", open);
  addEventListener("focus", wake);
  addEventListener("online", () => setTimeout(open, Math.random() * 300));
  addEventListener("pagehide", close);
  addEventListener("pageshow", ({ persisted }) => persisted && back());
}

// What was kept for Back belongs to who was signed in then: if he is not any more, it is taken away.
async function back() {
  const answer = await fetchAgain();
  if (answer && (!answer.ok || answer.redirected)) location.reload();
  else open();
}
