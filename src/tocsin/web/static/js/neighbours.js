// Orders of the list that one came from: a list notes its rows' addresses in this tab, an order's page leads on by [ and ].
// Nothing of a person is noted: numbers of orders, and the list's own address; the sign-out takes them away.
import { composing, press } from "./shortcuts.js";

const KEPT = "tocsin-list";
const links = [...document.querySelectorAll("[data-rows] a[data-open]")].map((link) => link.getAttribute("href"));
if (links.length) {
  const more = (way) => document.querySelector(`.pager a[rel=${way}]`)?.getAttribute("href") ?? "";
  sessionStorage.setItem(KEPT, JSON.stringify({ links, list: location.pathname + location.search, before: more("prev"), after: more("next") }));
}

const bar = document.querySelector("[data-neighbours]");
const number = (path) => path.split("/")[2] ?? "";
if (bar) {
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
  const at = (kept.links ?? []).findIndex((path) => number(path) === bar.dataset.neighbours);
  const lead = (name, address) => {
    const link = bar.querySelector(`[data-lead=${name}]`);
    link.hidden = !address;
    if (address) link.href = address;
  };
  if (at >= 0) {
    lead("list", kept.list);
    lead("previous", at > 0 ? `/orders/${number(kept.links[at - 1])}` : kept.before);
    lead("next", at < kept.links.length - 1 ? `/orders/${number(kept.links[at + 1])}` : kept.after);
    bar.querySelector("[data-at]").textContent = `${at + 1} / ${kept.links.length}`;
    bar.hidden = false;
  }
}

// What a key on a list's row asked for is opened on the order's page: a menu, nothing that changes anything.
if (/^#Key[PH]$/.test(location.hash)) {
  const code = location.hash.slice(1);
  history.replaceState(null, "", location.pathname + location.search);
  press(code);
}

// Escape: a dialog or a menu shuts (menu.js, the browser); a field is left, so that keys are keys again; else back to the list.
document.addEventListener("keydown", (event) => {
  if (event.code !== "Escape" || composing(event) || event.defaultPrevented) return;
  if (document.querySelector("dialog[open], [data-menu][open]")) return;
  if (event.target.matches("input, textarea, select")) event.target.blur();
  else press("Escape");
}, true);
