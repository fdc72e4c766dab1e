// data-passkey-make: a form that sends the passkey which the browser makes for it.
import { able, decode, encode, post, say } from "./passkey_talk.js";

async function make(form) {
  const words = form.querySelector("[data-passkey-say]").dataset;
  say(form, "");
  const options = await post(form, form.dataset.passkeyMake, {});
  if (options.go) return location.assign(options.go);
  if (!options.ok) return say(form, options.say || words.failed);
  try {
    form.elements.answer.value = encode(await navigator.credentials.create({ publicKey: decode(options) }));
    form.requestSubmit();
  } catch (error) {
    say(form, error.name === "InvalidStateError" ? words.known : words.failed);
  }
}

for (const form of document.querySelectorAll("form[data-passkey-make]")) {
  form.addEventListener("submit", (event) => {
    if (form.elements.answer.value) return;
    event.preventDefault();
    if (able()) make(form);
    else say(form, form.querySelector("[data-passkey-say]").dataset.failed);
  });
}
