// data-toast: news in the corner; goes by itself after eight seconds, one that can be undone after twenty, never from
// under a hand or the focus; trouble stays until it is closed.
import { hear } from "./line.js";

const STAY_MS = 8000;
const STAY_UNDO_MS = 20_000;
const SAY_MS = 300;

function settle(toast) {
  toast.querySelector("[data-toast-close]")?.addEventListener("click", () => toast.remove());
  if (toast.classList.contains("bad")) return;
  const stay = toast.querySelector("[data-toast-act]") ? STAY_UNDO_MS : STAY_MS;
  let timer = setTimeout(() => toast.remove(), stay);
  const wait = () => clearTimeout(timer);
  const go = () => {
    wait();
    if (!toast.matches(":hover, :focus-within")) timer = setTimeout(() => toast.remove(), stay);
  };
  for (const kind of ["pointerenter", "focusin"]) toast.addEventListener(kind, wait);
  for (const kind of ["pointerleave", "focusout"]) toast.addEventListener(kind, () => setTimeout(go));
}

const corner = document.getElementById("toasts");
if (corner) {
  const told = [...corner.children];
  told.forEach(settle);
  // What stands in a page that is opened is read out by no screen reader, what comes into it is.
  if (told.length) setTimeout(() => corner.append(...told.filter((toast) => toast.isConnected && !toast.contains(document.activeElement))), SAY_MS);
  new MutationObserver((changes) => {
    for (const change of changes) {
      for (const node of change.addedNodes) if (node.matches?.("[data-toast]") && !told.includes(node)) settle(node);
    }
  }).observe(corner, { childList: true });
  hear("toast", (html) => corner.append(...new DOMParser().parseFromString(html, "text/html").body.childNodes));
  // A part that could not be fetched, as after the session has ended, is no silence.
  const words = JSON.parse(document.body.dataset.words || "{}");
  document.body.addEventListener("htmx:responseError", () => {
    const toast = document.createElement("div");
    const line = document.createElement("span");
    const close = document.createElement("button");
    toast.className = "toast bad";
    toast.dataset.toast = "";
    line.textContent = words.failed || "";
    close.className = "b quiet s";
    close.type = "button";
    close.dataset.toastClose = "";
    close.textContent = words.close || "×";
    toast.append(line, close);
    corner.querySelector(".toast.bad")?.remove();
    corner.append(toast);
  });
}
