// data-wall: a screen on a wall fetches its figures anew when the line tells that something moved, and by the clock; it says
// when it could not. Who may not look any more is shown why.
import { hear } from "./line.js";

const EVERY_MS = 10_000; // minutes go on, and a sound ends, without anybody's word
const REST_MS = 500;
const SILENT_MS = 40_000;
const bar = document.querySelector("[data-stale]");
let [busy, due, timer, freshAt] = [false, false, 0, Date.now()];

function plan(ms) {
  due = true;
  if (busy) return;
  clearTimeout(timer);
  timer = setTimeout(refresh, ms);
}

async function refresh() {
  [due, busy] = [false, true];
  const answer = await fetch(location.href, { headers: { accept: "text/html", "x-tocsin-quiet": "1" } }).catch(() => null);
  if (answer?.status === 401 || answer?.redirected) location.reload();
  if (answer?.ok) await show(answer).catch(() => null);
  if (Date.now() - freshAt > SILENT_MS) tell();
  busy = false;
  timer = setTimeout(refresh, due ? REST_MS : EVERY_MS);
}

async function show(answer) {
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-wall]");
  if (!fresh) return;
  document.querySelector("[data-wall]").replaceWith(fresh);
  freshAt = Date.now();
}

function tell() {
  bar.querySelector("time").textContent = new Date(freshAt).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  bar.hidden = false;
}

if (document.querySelector("[data-wall]")) {
  hear("open", () => plan(0));
  hear("changed", () => plan(Math.random() * 300));
  timer = setTimeout(refresh, EVERY_MS);
}
