// data-arm: whether this tab sounds the alarm. What is wished is kept in the browser; a gesture is needed in each tab.
import { arm, armed, disarm, hush, sound } from "./siren.js";

const WISH = "tocsin_sound";
const VOLUME = "tocsin_volume";
const kept = (name, otherwise) => localStorage.getItem(name) ?? otherwise;
const volume = () => Number(kept(VOLUME, "0.5"));
let trying = 0;

function show() {
  const on = armed() && kept(WISH, "") === "1";
  const sounding = on && (trying || document.body.dataset.alarm === "sound") && sound(volume());
  if (!sounding) hush();
  document.body.dataset.armed = on ? "yes" : kept(WISH, "") === "1" ? "waits" : "no";
  document.body.toggleAttribute("data-sounding", Boolean(sounding));
  for (const button of document.querySelectorAll("[data-arm]")) button.setAttribute("aria-pressed", String(on));
}

async function wish(on) {
  localStorage.setItem(WISH, on ? "1" : "0");
  await (on ? arm() : disarm());
  show();
}

// One who has armed it before need not look for the button: his first gesture in a new tab arms it.
async function gesture() {
  if (kept(WISH, "") === "1" && !armed()) {
    await arm();
    show();
  }
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-arm]")) wish(!(armed() && kept(WISH, "") === "1"));
  else if (event.target.closest("[data-siren-try]")) {
    clearTimeout(trying);
    trying = setTimeout(() => show((trying = 0)), 2000);
    wish(true);
  } else gesture();
});
document.addEventListener("keydown", gesture);
for (const field of document.querySelectorAll("[data-siren-volume]")) {
  field.value = String(volume());
  field.addEventListener("input", () => show(localStorage.setItem(VOLUME, field.value)));
}
for (const news of ["desk:alarm", "desk:siren"]) document.addEventListener(news, show);
if (kept(WISH, "") === "1") arm().then(show); // a browser that trusts this address lets it sound at once
else show();
