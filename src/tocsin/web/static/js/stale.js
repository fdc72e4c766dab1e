// data-stale: a page that hears nothing any more says so, since when, and that no alarm would reach it.
import { hear, place } from "./line.js";
import { still } from "./still.js";

const SILENT_MS = 40_000; // the desk says something every 15 seconds
const GRACE_MS = 4_000; // a short break mends itself
const bar = document.querySelector("[data-stale]");
let [timer, broken, heardAt] = [0, false, new Date()];

function wait(ms) {
  clearTimeout(timer);
  timer = setTimeout(tell, ms);
}

function tell() {
  if (!bar.hidden) return;
  bar.querySelector("time").textContent = heardAt.toLocaleTimeString(document.documentElement.lang, { hourCycle: "h23", hour: "2-digit", minute: "2-digit" });
  still(() => (bar.hidden = false));
}

function fine() {
  [broken, heardAt] = [false, new Date()];
  if (!bar.hidden) still(() => (bar.hidden = true));
  wait(SILENT_MS);
}

if (bar && place) {
  for (const name of ["open", "alive", "count", "alarm", "changed"]) hear(name, fine);
  hear("broken", () => {
    if (!broken) wait(GRACE_MS); // each vain attempt tells of itself: the first one counts
    broken = true;
  });
  wait(GRACE_MS * 2);
}
