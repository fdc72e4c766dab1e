// data-live: the one line to the desk (SSE), which the other behaviours hear by; after a break it is opened anew
// by chance in time, so that fifty desks do not all come back in one moment. After sleep see wake.js.
const NAMES = ["count", "desks", "moved", "changed", "alarm", "toast", "here", "alive"];
const LIVED_MS = 10_000;
export const place = document.querySelector("[data-live]");
const line = new EventTarget();
let source = null;
let last = place?.dataset.seen;
let [heardAt, openedAt, tries, timer] = [Date.now(), 0, 0, 0];

// Names are those above, "open" and "broken".
export function hear(name, take) {
  line.addEventListener(name, ({ detail }) => take(detail));
}

function say(name, data = "") {
  if (name !== "broken") heardAt = Date.now();
  line.dispatchEvent(new CustomEvent(name, { detail: data }));
}

export const silentMs = () => Date.now() - heardAt;
export const isOpen = () => source.readyState === EventSource.OPEN;
export const close = () => source.close();
// This page as it is now, without what stands around it; no hand asked for it. Null while the desk is not reached.
export const fetchAgain = () => fetch(location.href, { headers: { accept: "text/html", "x-tocsin-quiet": "1", "x-tocsin-part": "1" } }).catch(() => null);

export function open() {
  clearTimeout(timer);
  source?.close();
  const at = document.querySelector("[data-here]")?.dataset.here ?? "";
  const made = (source = new EventSource(`${place.dataset.live}?${new URLSearchParams({ after: last, at })}`));
  made.onopen = () => {
    openedAt = Date.now();
    say("open");
  };
  made.onerror = () => {
    made.close();
    if (made !== source) return;
    if (openedAt && Date.now() - openedAt > LIVED_MS) tries = 0; // one that is ended as soon as it opens is no good line
    openedAt = 0;
    say("broken");
    timer = setTimeout(open, 200 + Math.random() * Math.min(2000 * 2 ** tries++, 30_000));
  };
  for (const name of NAMES) {
    made.addEventListener(name, ({ data, lastEventId }) => {
      if (made !== source) return;
      last = lastEventId || last;
      say(name, data);
    });
  }
}

if (place) open();
