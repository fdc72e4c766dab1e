// data-print: prints the page; hidden where there are no scripts, the browser's own menu does it then.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
