// data-flash: how the page flashes while the alarm sounds: on, slow or off (a steady border); kept in the browser.
const KEY = "tocsin_flash";

function show() {
  const kept = localStorage.getItem(KEY);
  const how = ["slow", "off"].includes(kept) ? kept : kept === "steady" ? "off" : "on";
  document.body.dataset.flashAs = how;
  for (const choice of document.querySelectorAll("[data-flash]")) choice.value = how;
}

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-flash]")) return;
  localStorage.setItem(KEY, event.target.value);
  show();
});
show();
