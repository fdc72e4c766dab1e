// Shortcuts by the key's place (event.code), so that they work under any layout or input method.
// data-key="KeyA" is pressed or focused (data-focus-key); j and k walk the rows of a [data-rows] table.
const WAIT_MS = 60; // longer than a scanner's gap: its burst is no shortcut
let timer = 0;

function writing(target) {
  return target.closest?.("input:not([type=checkbox]), textarea, select, dialog, [contenteditable]");
}

function walk(step) {
  const rows = [...document.querySelectorAll("[data-rows] tbody > tr")];
  if (!rows.length) return false;
  const at = rows.findIndex((row) => row.getAttribute("aria-selected") === "true");
  const next = rows[Math.min(rows.length - 1, Math.max(0, at + step))];
  rows.forEach((row) => row.removeAttribute("aria-selected"));
  next.setAttribute("aria-selected", "true");
  next.querySelector("[data-open]")?.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
  return true;
}

function press(code) {
  const place = [...document.querySelectorAll(`[data-key="${code}"]`)].find((one) => one.offsetParent || code.includes("Slash"));
  if (place?.hasAttribute("data-focus-key")) {
    place.focus();
    place.select?.();
  } else if (place) place.click();
  else if (code === "KeyJ") walk(1);
  else if (code === "KeyK") walk(-1);
}

document.addEventListener("keydown", (event) => {
  const pending = timer;
  clearTimeout(timer);
  timer = 0;
  if (pending || event.isComposing || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  if (writing(event.target)) return;
  const code = (event.shiftKey ? "Shift+" : "") + event.code;
  if (!/^(Shift\+Slash|Slash|Key[A-Z])$/.test(code)) return;
  if (code === "Slash") event.preventDefault();
  timer = setTimeout(() => {
    timer = 0;
    press(code);
  }, WAIT_MS);
});
