// hx-…: parts of a page that the desk draws anew, by htmx. It weighs more than all the rest, and walks the whole page when it
// comes: a page that has such a part fetches it once it has been painted; one that has none, never.
const PARTS = "[hx-get], [hx-post]";
const AGAIN_MS = 3000;
const typed = new Set();
let coming = null;

export function need() {
  coming ??= new Promise(fetchIt);
  return coming;
}

// A line that breaks just then keeps no page without it.
function fetchIt(come) {
  const script = Object.assign(document.createElement("script"), { src: document.body.dataset.htmx });
  script.onload = () => come(begin());
  script.onerror = () => {
    script.remove();
    setTimeout(fetchIt, AGAIN_MS, come);
  };
  document.head.append(script);
}

// It begins by itself at DOMContentLoaded or in a page that is wholly there; while a picture is on its way it would never.
function begin() {
  Object.assign(window.htmx.config, JSON.parse(document.querySelector("meta[name=htmx-config]").content));
  window.htmx.process(document.body);
  for (const form of typed) form.dispatchEvent(new Event("input", { bubbles: true }));
  typed.clear();
}

// What was typed before it came is told to it then.
document.addEventListener("input", ({ target }) => window.htmx || typed.add(target.form ?? target), true);

// What has just come into the page.
export function process(fresh) {
  if (window.htmx) window.htmx.process(fresh);
  else if ("htmx" in document.body.dataset && (fresh.matches(PARTS) || fresh.querySelector(PARTS))) need();
}

function plan() {
  // Who edits an order is asked for later (editing.js).
  if ([...document.querySelectorAll(PARTS)].some((one) => !one.closest("[data-editing]"))) need();
}

// Two frames after: what the page is has been painted.
if (document.body.dataset.htmx) requestAnimationFrame(() => setTimeout(plan));
