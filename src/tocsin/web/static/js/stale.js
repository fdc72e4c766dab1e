// data-stale: a page that hears nothing any more says so, since when, and that no alarm would reach it.
const SILENT_MS = 40_000; // the desk says something every 15 seconds
const GRACE_MS = 4_000; // a short break mends itself
const bar = document.querySelector("[data-stale]");
const place = document.querySelector("[data-live]");
const sources = new WeakSet();
let timer = 0;
let broken = false;

function wait(ms) {
  clearTimeout(timer);
  timer = setTimeout(tell, ms);
}

function tell() {
  if (!bar.hidden) return;
  bar.querySelector("time").textContent = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  bar.hidden = false;
}

function fine() {
  broken = false;
  bar.hidden = true;
  wait(SILENT_MS);
}

if (bar && place) {
  place.addEventListener("htmx:sseOpen", (event) => {
    fine();
    if (sources.has(event.detail.source)) return;
    sources.add(event.detail.source);
    for (const name of ["alive", "count", "alarm", "changed"]) event.detail.source.addEventListener(name, fine);
  });
  place.addEventListener("htmx:sseError", () => {
    if (!broken) wait(GRACE_MS); // each vain attempt tells of itself: the first one counts
    broken = true;
  });
  wait(GRACE_MS * 2);
}
