// data-fill: a button that puts texts into fields of its form (a JSON object: field → text), and goes back to the first of them.
// In an empty field with such buttons the keys 1 to 9 press them. Ctrl+Enter sends a [data-send] form by its first button;
// where its reason is empty, the first chip of the reason stands in it.
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

const chipsOf = (field) => [...(field.closest(".field")?.querySelectorAll("[data-fill]") ?? [])];

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-fill]");
  if (button) fill(button, button.form);
});

document.addEventListener("keydown", (event) => {
  const form = event.target.form ?? event.target.closest?.("form");
  if (!form || event.isComposing || event.altKey) return;
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code);
  if (digit && !event.ctrlKey && !event.metaKey && event.target.value === "" && chipsOf(event.target)[digit[1] - 1]) {
    event.preventDefault();
    fill(chipsOf(event.target)[digit[1] - 1], form);
  }
  if (event.code === "Enter" && (event.ctrlKey || event.metaKey) && form.matches("[data-send]")) {
    event.preventDefault();
    const reason = form.elements.reason;
    if (reason?.value === "" && chipsOf(reason)[0]) fill(chipsOf(reason)[0], form);
    form.requestSubmit(form.querySelector("button.main"));
  }
});
