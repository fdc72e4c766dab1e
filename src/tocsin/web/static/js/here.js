// A row of links that is wider than the window shows the one where the reader is; before the page is first painted, with its own layout.
requestAnimationFrame(() => {
  for (const link of document.querySelectorAll(".filters [aria-current]")) {
    const row = link.closest(".filters");
    row.scrollLeft = link.offsetLeft - row.offsetLeft - (row.clientWidth - link.clientWidth) / 2;
  }
});
