// data-finger="<where to ask>": waits for what the reader at this desk sees, then sends the form.
// data-finger-say: what is said once the reader waits for this very finger.
const PAUSE_MS = 1500;
const form = document.querySelector("form[data-finger]");

async function ask(seen) {
  const body = new URLSearchParams(new FormData(form));
  body.set("seen", seen);
  const answer = await fetch(form.dataset.finger, { method: "POST", body }).catch(() => null);
  return answer && answer.ok ? answer.text() : "";
}

async function wait() {
  let seen = "open";
  for (;;) {
    const state = await ask(seen);
    if (!state) await new Promise((then) => setTimeout(then, PAUSE_MS)); // the desk is away, or did not answer soundly
    else if (state !== "open" && state !== "asking") break;
    else seen = state;
    const place = document.querySelector("[data-finger-say]");
    if (place && state === "asking") place.textContent = place.dataset.fingerSay;
  }
  form.requestSubmit();
}

if (form) wait();
