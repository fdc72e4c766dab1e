// data-passkey: a form that a passkey's answer is sent with. Its button asks for the finger; a failure is reported.
import { able, decode, encode, post, say } from "./passkey_talk.js";

// Error names of a page that could not ask: nothing is said of a finger.
const OFF = ["SecurityError", "NotSupportedError"];

export function send(form, found) {
  form.querySelector("[data-passkey-answer]").value = encode(found);
  form.noValidate = true;
  form.requestSubmit();
}

export async function failed(form, challenge, error) {
  await post(form, `${form.dataset.passkey}/failure`, { challenge, error: error.name });
}

async function press(form) {
  const words = form.querySelector("[data-passkey-say]").dataset;
  document.dispatchEvent(new Event("passkey-asked"));
  say(form, "");
  const options = await post(form, `${form.dataset.passkey}/options`, { name: form.elements.name?.value || "" });
  if (!options.ok) return say(form, options.say || words.off);
  try {
    send(form, await navigator.credentials.get({ publicKey: decode(options) }));
  } catch (error) {
    say(form, OFF.includes(error.name) ? words.off : words.failed);
    await failed(form, options.challenge, error);
  }
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const button = form.querySelector("[data-passkey-go]");
  if (!button || !able()) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    await press(form);
    button.disabled = false;
  });
}
