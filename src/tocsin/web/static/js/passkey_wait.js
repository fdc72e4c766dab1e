// data-passkey-wait: the browser offers passkeys in the name field itself, while the page is looked at.
import { failed, send } from "./passkey.js";
import { able, decode, post } from "./passkey_talk.js";

const FRESH_MS = 150_000; // the desk forgets a challenge after three minutes
let waiting = null;

async function wait(form) {
  const options = await post(form, `${form.dataset.passkey}/options`, { waiting: "1" });
  if (!options.ok) return;
  waiting = new AbortController();
  const over = setTimeout(() => waiting.abort("again"), FRESH_MS);
  try {
    send(form, await navigator.credentials.get({ publicKey: decode(options), mediation: "conditional", signal: waiting.signal }));
  } catch (error) {
    if (waiting.signal.reason === "again") return again(form);
    if (!waiting.signal.aborted) await failed(form, options.challenge, error);
  } finally {
    clearTimeout(over);
  }
}

function again(form) {
  if (!document.hidden) wait(form);
  else document.addEventListener("visibilitychange", () => again(form), { once: true });
}

document.addEventListener("passkey-asked", () => waiting?.abort("pressed"));

const form = document.querySelector("form[data-passkey-wait]");
if (form && able() && (await PublicKeyCredential.isConditionalMediationAvailable?.())) wait(form);
