// hx-…: parts of a page that the desk draws anew, by htmx. It weighs more than all the rest, and walks the whole page when it
// comes: a page that has such a part fetches it once it has been painted; one that has none, never.
const PARTS = "[hx-get], [hx-post]";
let coming = null;

export function need() {
  coming ??= new Promise((come) => {
    const script = Object.assign(document.createElement("script"), { src: document.body.dataset.htmx, onload: come });
    script.onerror = () => (coming = null);
    document.head.append(script);
  });
  return coming;
}

// What has just come into the page.
export function process(fresh) {
  if (window.htmx) window.htmx.process(fresh);
  else if (fresh.matches(PARTS) || fresh.querySelector(PARTS)) need();
}

function plan() {
  // Who edits an order is asked for later (editing.js).
  if ([...document.querySelectorAll(PARTS)].some((one) => !one.closest("[data-editing]"))) need();
}

// Two frames after: what the page is has been painted.
if (document.body.dataset.htmx) requestAnimationFrame(() => setTimeout(plan));
