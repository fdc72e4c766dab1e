// data-finger="<where to ask>": waits for what the reader at this desk sees, then sends the form.
const PAUSE_MS = 1500;
const form = document.querySelector("form[data-finger]");

async function ask() {
  const body = new URLSearchParams(new FormData(form));
  const answer = await fetch(form.dataset.finger, { method: "POST", body }).catch(() => null);
  return answer && answer.ok ? answer.text() : "";
}

async function wait() {
  for (;;) {
    const state = await ask();
    if (state && state !== "open") break;
    if (!state) await new Promise((then) => setTimeout(then, PAUSE_MS)); // the desk is away, or did not answer soundly
  }
  form.requestSubmit();
}

if (form) wait();
