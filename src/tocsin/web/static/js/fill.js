// data-fill: a button that puts texts into fields of its form (a JSON object: field → text), and goes back to the first of them.
// In a [data-send] form Alt with 1 to 9 (by the key's place: no letter is typed) presses those of its reason, from anywhere.
// Ctrl+Enter sends such a form by its main button; where its reason is empty, it leads there and sends nothing.
// data-same="<id>": a field that is sent with what the field of that id, of another form, holds.
function fill(button, form) {
  const texts = Object.entries(JSON.parse(button.dataset.fill));
  for (const [name, text] of texts) {
    const field = form.elements[name];
    if (!field || field.readOnly || field.disabled) continue;
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  form.elements[texts[0][0]]?.focus();
}

const chipsOf = (field) => [...(field?.closest(".field")?.querySelectorAll("[data-fill]") ?? [])];

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-fill]");
  if (button) fill(button, button.form);
});

document.addEventListener("submit", (event) => {
  for (const field of event.target.querySelectorAll("[data-same]")) field.value = document.getElementById(field.dataset.same).value;
});

document.addEventListener("keydown", (event) => {
  const form = event.target.form ?? event.target.closest?.("form");
  if (!form?.matches("[data-send]") || event.isComposing) return;
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code);
  const reason = form.elements.reason;
  if (digit && event.altKey && !event.ctrlKey && !event.metaKey && chipsOf(reason)[digit[1] - 1]) {
    event.preventDefault();
    fill(chipsOf(reason)[digit[1] - 1], form);
  }
  if (event.code === "Enter" && !event.altKey && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    if (reason?.value.trim() === "") reason.focus();
    else form.requestSubmit(form.querySelector("button.main"));
  }
});
