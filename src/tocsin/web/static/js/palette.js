// data-palette: Ctrl+K, or the button, opens the command palette over the page: a combobox over one list that is fetched once.
import { find, read } from "./palette_find.js";
import { press } from "./shortcuts.js";

const button = document.querySelector("a[data-palette]");
const dialog = document.getElementById("palette");
const field = dialog?.querySelector("input");
const list = dialog?.querySelector("[role=listbox]");
const said = dialog?.querySelector("[role=status]");
let entries = null;
let shown = [];
let at = 0;

function mark(place) {
  at = Math.max(0, Math.min(place, shown.length - 1));
  [...list.children].forEach((option, number) => option.setAttribute("aria-selected", String(number === at)));
  field.setAttribute("aria-activedescendant", shown.length ? `go-${at}` : "");
  list.children[at]?.scrollIntoView({ block: "nearest" });
}

function show() {
  if (!entries) return;
  shown = find(entries, field.value.trim(), dialog.dataset.look);
  list.replaceChildren(...shown.map((link, number) => {
    const option = Object.assign(document.createElement("li"), { id: `go-${number}` });
    option.setAttribute("role", "option");
    option.append(...[...link.childNodes].map((node) => node.cloneNode(true)));
    option.addEventListener("click", () => go(number));
    return option;
  }));
  said.textContent = dialog.dataset.found.replace("{n}", shown.length);
  mark(0);
}

function go(number) {
  const link = shown[number];
  if (!entries) return location.assign(`/go?q=${encodeURIComponent(field.value)}`); // quicker than the list
  if (!link) return;
  dialog.close();
  if (link.dataset.press) press(link.dataset.press);
  else location.assign(link.getAttribute("href"));
}

button?.addEventListener("click", async (event) => {
  event.preventDefault();
  if (dialog.open) return dialog.close();
  field.value = "";
  dialog.showModal();
  entries ??= await read();
  show();
});
field?.addEventListener("input", show);
field?.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229) return;
  const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.code];
  if (!step && event.code !== "Enter") return;
  event.preventDefault();
  step ? mark(at + step) : go(at);
});
