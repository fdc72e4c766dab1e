// data-reveal="<id>": the form is sent without leaving the page, and the part of that id comes new, with a field open or with why not.
// data-open-until="<instant>": counts down, and puts the masks (data-open-text) back by itself, in fields of a form as well.
document.addEventListener("submit", async (event) => {
  const form = event.target.closest?.("[data-reveal]");
  if (!form || event.defaultPrevented) return;
  event.preventDefault();
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), cache: "no-store" });
    const came = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(form.dataset.reveal);
    if (!came) return location.assign(answer.url); // signed out, or a page of its own
    document.getElementById(form.dataset.reveal).replaceWith(came);
    came.querySelector("[open] :is(input:not([type=hidden]), select)")?.focus();
    tick();
  } catch {
    form.submit(); // the browser says what is wrong
  }
});

function close(chip) {
  chip.removeAttribute("data-open-until");
  if ("value" in chip) {
    if (chip.value === chip.defaultValue) chip.value = chip.dataset.openText; // what was typed over it stays
    return;
  }
  for (const one of chip.closest("dd").querySelectorAll("[data-open-text]")) {
    one.textContent = one.dataset.openText;
    one.removeAttribute("data-open-text");
  }
  chip.closest("dd").querySelector("details[hidden]")?.removeAttribute("hidden");
  chip.remove();
  if (document.querySelector("[data-open-until]")) return;
  for (const one of document.querySelectorAll("[data-open-mark]")) one.remove();
}

function tick() {
  for (const chip of document.querySelectorAll("[data-open-until]")) {
    const seconds = Math.ceil((Date.parse(chip.dataset.openUntil) - Date.now()) / 1000);
    const left = chip.querySelector("[data-left]");
    if (seconds <= 0) close(chip);
    else if (left) left.textContent = `${seconds} s`;
  }
}

tick();
setInterval(tick, 500);
addEventListener("pageshow", tick);
