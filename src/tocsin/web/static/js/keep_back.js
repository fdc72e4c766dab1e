// What keep.js noted comes back after the sign-in, to the same operator alone, within half an hour; a signed-in page that
// follows a form directly has taken it, or shows what is wrong with it: then the note is gone.
import { KEPT, tell } from "./keep.js";

const LIFE_MS = 30 * 60_000;
const words = JSON.parse(document.body.dataset.words || "{}");
const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
const mine = kept && kept.by === document.body.dataset.operator && Date.now() - kept.at < LIFE_MS;

function fill(form) {
  for (const [name, value, text] of kept.texts) {
    const fields = [...form.elements].filter((field) => field.name === name);
    const field = fields.find((one) => typeof value !== "boolean" || one.value === text);
    if (field && typeof value === "boolean") field.checked = value;
    else if (field) field.value = value;
    else form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value: text }));
  }
}

if (kept && document.body.classList.contains("door")) {
  sessionStorage.setItem(KEPT, JSON.stringify({ ...kept, door: true }));
} else if (kept && (!mine || !kept.door)) {
  sessionStorage.removeItem(KEPT);
} else if (kept) {
  const form = document.querySelector(`form[data-keep="${CSS.escape(kept.page)}"]`);
  if (form) {
    fill(form);
    tell(form, words.again);
    form.dispatchEvent(new Event("input", { bubbles: true }));
    sessionStorage.removeItem(KEPT);
  } else {
    const link = Object.assign(document.createElement("a"), { href: kept.page, textContent: words.goback });
    tell(document.getElementById("main"), words.waits, link);
  }
}
