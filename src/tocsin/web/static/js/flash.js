// data-flash: whether the page flashes while the alarm sounds, or has a steady border; kept in the browser.
const KEY = "tocsin_flash";

function show() {
  const steady = localStorage.getItem(KEY) === "steady";
  document.body.toggleAttribute("data-steady", steady);
  for (const box of document.querySelectorAll("[data-flash]")) box.checked = !steady;
}

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-flash]")) return;
  localStorage.setItem(KEY, event.target.checked ? "flash" : "steady");
  show();
});
show();
