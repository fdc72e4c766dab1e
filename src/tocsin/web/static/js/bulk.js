// Bulk choice in a list: the head's box takes the page, a count says how many, Shift takes a range.
for (const form of document.querySelectorAll("form[data-bulk]")) {
  const all = form.querySelector("[data-bulk-all]");
  const count = form.querySelector("[data-bulk-count]");
  const ticks = [...form.querySelectorAll("input.tick")];
  let last = -1;
  const show = () => {
    const chosen = ticks.filter((tick) => tick.checked).length;
    if (count) count.textContent = chosen ? `${chosen} / ${ticks.length}` : "";
    // Paper that is out already is not doubled by a slip of the hand: confirm.js asks.
    const again = ticks.some((tick) => tick.checked && "printed" in tick.dataset);
    for (const button of form.querySelectorAll("button[formaction]")) {
      button.dataset.confirm = again ? form.dataset.again || "" : "";
    }
    if (all) {
      all.checked = chosen === ticks.length && chosen > 0;
      all.indeterminate = chosen > 0 && chosen < ticks.length;
    }
  };
  form.addEventListener("click", (event) => {
    const at = ticks.indexOf(event.target);
    if (event.target === all) ticks.forEach((tick) => (tick.checked = all.checked));
    else if (at >= 0 && event.shiftKey && last >= 0) {
      const checked = ticks[at].checked;
      ticks.slice(Math.min(at, last), Math.max(at, last) + 1).forEach((tick) => (tick.checked = checked));
    }
    if (at >= 0) last = at;
    show();
  });
  form.addEventListener("submit", (event) => {
    if (!ticks.some((tick) => tick.checked)) event.preventDefault();
  });
  show();
}
