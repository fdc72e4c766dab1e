// A button with data-confirm asks before its form is sent. Source: <dialog> keeps focus inside and Escape says no.
const words = JSON.parse(document.body.dataset.words || "{}");

function ask(text, then) {
  const dialog = document.createElement("dialog");
  dialog.className = "panel";
  const line = document.createElement("p");
  line.textContent = text;
  const row = document.createElement("div");
  row.className = "do";
  for (const [answer, kind] of [["no", "b"], ["yes", "b danger"]]) {
    const button = document.createElement("button");
    button.className = kind;
    button.type = "button";
    button.textContent = words[answer] || answer;
    button.addEventListener("click", () => dialog.close(answer));
    row.append(button);
  }
  dialog.append(line, row);
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (dialog.returnValue === "yes") then();
  });
  document.body.append(dialog);
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-confirm]");
  if (!button || !button.dataset.confirm || !button.form) return;
  event.preventDefault();
  if (button.form.reportValidity()) ask(button.dataset.confirm, () => button.form.requestSubmit(button));
});
