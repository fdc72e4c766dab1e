// Shortcuts by the key's place (event.code), so that they work under any layout or input method.
// data-key="KeyA" is pressed, or focused (data-focus-key); "KeyG KeyO" is g and then o. j, k and x are rows.js.
import { act, choose, walk } from "./rows.js";

const WAIT_MS = 60; // longer than a scanner's gap: its burst is no shortcut
const CHORD_MS = 2000;
let [timer, waiting, last] = [0, "", -WAIT_MS];
let after = { code: "", at: 0 };

function writing(target) {
  return target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, dialog, [contenteditable]");
}

// An input method's keys are its own: isComposing on the field, keyCode 229 where the browser hands them on.
export const composing = (event) => event.isComposing || event.keyCode === 229;

export function press(code) {
  const shown = (one) => one.getClientRects().length || /^(KeyG |Shift\+Slash)/.test(code); // a closed menu's too
  const place = [...document.querySelectorAll(`[data-key="${code}"]`)].find(shown);
  if (place?.hasAttribute("data-focus-key")) {
    place.focus();
    place.select?.();
  } else place?.click();
  return Boolean(place);
}

function obey(code) {
  const chord = after.code && performance.now() - after.at < CHORD_MS ? `${after.code} ${code}` : "";
  after = { code: code === "KeyG" && !chord ? code : "", at: performance.now() };
  if (chord) press(chord);
  else if (press(code)) return;
  else if (code === "KeyJ" || code === "KeyK") walk(code === "KeyJ" ? 1 : -1);
  else if (code === "KeyX") choose();
  else act(code);
}

document.addEventListener("keydown", (event) => {
  if (/^(Shift|Control|Alt|Meta)/.test(event.code)) return; // held for the next one: no key of its own
  const burst = event.timeStamp - last < WAIT_MS;
  last = event.timeStamp;
  clearTimeout(timer);
  if (waiting && !burst) obey(waiting); // a slow page has not come to it yet
  waiting = "";
  if (composing(event) || event.altKey) return;
  if (event.ctrlKey || event.metaKey) {
    if (event.code !== "KeyK" || event.shiftKey || event.repeat || !press("Ctrl+KeyK")) return;
    return event.preventDefault();
  }
  if (writing(event.target)) return;
  if (event.repeat) return /^Key[JK]$/.test(event.code) ? obey(event.code) : undefined;
  const code = (event.shiftKey ? "Shift+" : "") + event.code;
  if (burst || !/^(Shift\+Slash|Slash|Bracket(Left|Right)|Key[A-Z])$/.test(code)) return;
  if (code === "Slash") event.preventDefault();
  waiting = code;
  timer = setTimeout(() => {
    waiting = "";
    obey(code);
  }, WAIT_MS);
});
