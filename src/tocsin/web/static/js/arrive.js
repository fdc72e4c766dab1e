// Where the focus stands on a page that opens, before anything scrolls it back: at what is wrong (the summary of a refused form, [data-focus], or its field; in a
// [data-first-finding] form the first field that stops the ticket), and after an act, or in such a form, at the page's heading.
const form = document.querySelector("[data-first-finding]");
const wrong = document.querySelector("[data-focus], main .error:not([hidden])") || form?.querySelector(".finding.E");
const head = document.querySelector("main h1");
const fieldOf = (one) => document.querySelector(`[aria-describedby~="${one.closest("[id]")?.id}"]`) || one;

if (wrong) (wrong.matches("[data-focus]") ? wrong : fieldOf(wrong)).focus();
else if (head && (form || document.querySelector("#toasts > *")) && document.activeElement === document.body && !document.querySelector("[autofocus]")) {
  head.tabIndex = -1;
  head.focus({ preventScroll: true });
}
