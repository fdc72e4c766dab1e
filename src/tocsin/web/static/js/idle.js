// data-idle-lock="<minutes>" on a form: sent after so long without a hand on this page or another tab of it.
// The server locks by itself as well: this only takes what the screen shows away in time.
const form = document.querySelector("form[data-idle-lock]");
const kept = "tocsin-used";

function used() {
  localStorage.setItem(kept, String(Date.now()));
}

function look() {
  const since = Date.now() - Number(localStorage.getItem(kept) || Date.now());
  if (since >= form.dataset.idleLock * 60_000) form.requestSubmit();
}

if (form) {
  used();
  let last = 0;
  for (const kind of ["pointerdown", "keydown", "wheel", "touchstart"]) {
    addEventListener(kind, () => {
      if (Date.now() - last < 1000) return; // once a second is enough
      last = Date.now();
      used();
    }, { passive: true });
  }
  setInterval(look, 2000);
}
