// data-secret: says when Caps Lock is on, or full-width characters come in, in a password field.
const words = JSON.parse(document.body.dataset.words || "{}");

function say(field, event) {
  const place = field.form?.querySelector("[data-secret-say]");
  if (!place) return;
  const caps = event.getModifierState?.("CapsLock");
  const wide = /[\u3000\uff01-\uff5e]/.test(field.value);
  place.textContent = wide ? words.wide : caps ? words.caps : "";
  place.hidden = !place.textContent;
}

for (const field of document.querySelectorAll("[data-secret]")) {
  for (const kind of ["keydown", "keyup", "input", "compositionend"]) {
    field.addEventListener(kind, (event) => say(field, event));
  }
}
