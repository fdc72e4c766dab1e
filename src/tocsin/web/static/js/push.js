// data-push: a form that arms this browser for Web Push; the attribute is the desk's public key.
// Its parts: [data-push-name] what the browser is called, [data-push-state] one line per state, shown by its name.
const form = document.querySelector("form[data-push]");

function say(state) {
  form.dataset.state = state;
  for (const line of form.querySelectorAll("[data-push-state]")) line.hidden = line.dataset.pushState !== state;
  form.querySelector("button").hidden = ["missing", "insecure", "denied"].includes(state);
}

function bytesOf(key) {
  const text = atob(key.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(text, (one) => one.charCodeAt(0));
}

// An installation that has another key now is subscribed to anew.
async function subscribe() {
  const worker = await navigator.serviceWorker.register("/sw.js", { scope: "/" });
  await navigator.serviceWorker.ready;
  const key = bytesOf(form.dataset.push);
  const present = await worker.pushManager.getSubscription();
  const known = present && new Uint8Array(present.options.applicationServerKey || []);
  if (present && known.length === key.length && known.every((one, at) => one === key[at])) return present;
  if (present) await present.unsubscribe();
  return worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
}

async function arm(event) {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  say("working");
  try {
    if ((await Notification.requestPermission()) !== "granted") return say("denied");
    form.elements.subscription.value = JSON.stringify(await subscribe());
    form.removeEventListener("submit", arm);
    form.requestSubmit();
  } catch {
    say("failed"); // the push service can't be reached: the page says what that means
  } finally {
    button.disabled = false;
  }
}

if (form) {
  if (!isSecureContext) say("insecure");
  else if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) say("missing");
  else say(Notification.permission === "denied" ? "denied" : "ready");
  form.addEventListener("submit", arm);
}
