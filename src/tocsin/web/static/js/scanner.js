// A scanner that types like a keyboard: a burst of keys under 50 ms apart, then Enter, asks for that ticket.
// Read by event.code, because an input method in Chinese mode swallows event.key. Codes are [0-9A-Z-].
const GAP_MS = 50;
const SHORTEST = 6;
let burst = "";
let last = 0;

function sign(event) {
  const found = /^(?:Key|Digit|Numpad)([A-Z0-9])$/.exec(event.code);
  if (found) return found[1];
  return event.code === "Minus" || event.code === "NumpadSubtract" ? "-" : "";
}

window.addEventListener(
  "keydown",
  (event) => {
    if (!document.querySelector(".rail") || event.ctrlKey || event.metaKey || event.altKey) return;
    const field = event.target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select");
    if (field) return; // a field takes the keys itself; the scan page's own field sends its form
    const present = event.timeStamp; // when the key came, however busy the page was since
    if (present - last > GAP_MS) burst = "";
    last = present;
    if ((event.code === "Enter" || event.code === "NumpadEnter") && burst.length >= SHORTEST) {
      event.preventDefault();
      event.stopImmediatePropagation();
      location.assign(`/scan?code=${encodeURIComponent(burst)}`);
    } else burst += sign(event);
  },
  true,
);
