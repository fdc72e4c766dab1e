// An act on its way is aria-busy: its form and button, or the region that it fills. Pressed again, it is not sent twice.
const PATIENCE_MS = 30_000; // an answer that is a file leaves the page standing, and tells nobody

function busy(one, is) {
  if (is) one?.setAttribute("aria-busy", "true");
  else one?.removeAttribute("aria-busy");
}

const acts = (form) => (form.getAttribute("method") ?? "").toLowerCase() === "post";

document.addEventListener(
  "submit",
  (event) => {
    if (!acts(event.target) || event.target.getAttribute("aria-busy") !== "true") return;
    event.preventDefault();
    event.stopImmediatePropagation();
  },
  true,
);

document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  // Later: another script may still say no, or send it itself.
  if (acts(form)) setTimeout(() => event.defaultPrevented || fly(form, submitter));
});

function fly(form, button) {
  busy(form, true);
  busy(button, true);
  setTimeout(() => land(form, button), PATIENCE_MS);
}

function land(form, button) {
  busy(form, false);
  busy(button, false);
}

addEventListener("pageshow", ({ persisted }) => persisted && document.querySelectorAll("[aria-busy]").forEach((one) => busy(one, false)));

for (const [name, is] of [["htmx:beforeRequest", true], ["htmx:afterRequest", false]]) {
  document.addEventListener(name, ({ detail }) => {
    busy(detail.target, is);
    if (detail.elt.tagName === "FORM") busy(detail.elt, is);
  });
}
