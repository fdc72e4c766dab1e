// Puts the regions of a page that was fetched anew in the place of the old ones; never takes anything from under a hand.
import { newKey } from "./once.js";
import { process } from "./parts.js";

const HANDS = "input:not([type=checkbox],[type=radio],[type=button],[type=submit]), textarea, select, [contenteditable]";

export function swap(page) {
  const fresh = [...page.querySelectorAll("[data-live-region]")];
  const olds = [...document.querySelectorAll("[data-live-region]")];
  // What is under a hand stays, and is told of: false.
  return olds.length !== fresh.length || olds.map((old, at) => replace(old, document.adoptNode(fresh[at]))).every(Boolean);
}

function replace(old, fresh) {
  if (old.isEqualNode(fresh)) return true;
  if (old.querySelector("details[open], dialog[open], [data-open-mark], [aria-busy=true]") || [...old.querySelectorAll(HANDS)].some(isUsed)) return false;
  const held = old.contains(document.activeElement) ? find(fresh, document.activeElement) : null;
  if (old.contains(document.activeElement) && !held) return false;
  for (const box of old.querySelectorAll("input[type=checkbox], input[type=radio]")) {
    const same = box.name && find(fresh, box);
    if (same) same.checked = box.checked;
  }
  for (const field of fresh.querySelectorAll("input[data-once]")) field.value = newKey();
  old.replaceWith(fresh);
  process(fresh);
  if (held?.matches("h1")) held.tabIndex = -1;
  held?.focus({ preventScroll: true });
  return true;
}

const isUsed = (field) => field === document.activeElement || (field.defaultValue !== undefined && field.type !== "hidden" && field.value !== field.defaultValue);

// The same control in the fresh region: what a form sends besides its own name tells it from another row's of that name.
function find(fresh, one) {
  const by = one.id ? `#${CSS.escape(one.id)}` : one.name ? `[name="${CSS.escape(one.name)}"][value="${CSS.escape(one.value)}"]` : one.matches("h1") ? "h1" : null;
  const href = one.getAttribute("href");
  const wanted = by ?? (href && `a[href="${CSS.escape(href)}"]`);
  return [...(wanted ? fresh.querySelectorAll(wanted) : [])].find((same) => sent(same) === sent(one)) ?? null;
}

function sent(one) {
  const form = one.closest("form");
  const told = form ? [...form.querySelectorAll("input[type=hidden]:not([name=csrf], [data-once])")].map(({ name, value }) => `${name}=${value}`) : [];
  return [one.getAttribute("form"), form?.getAttribute("action"), ...told].join("\n");
}
