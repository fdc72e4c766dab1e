// Who leaves takes along what this browser kept for him: over plain HTTP no header of the desk would clear it.
const KEPT = ["tocsin_flash"]; // how a screen may flash belongs to its eyes, not to a session

function forget() {
  const stays = KEPT.map((name) => [name, localStorage.getItem(name)]).filter(([, text]) => text !== null);
  sessionStorage.clear();
  localStorage.clear();
  for (const [name, text] of stays) localStorage.setItem(name, text);
}

// A session may be ended elsewhere too: the door that it leads to clears as well.
if (document.querySelector("body.door") && location.pathname === "/sign-in" && new URLSearchParams(location.search).has("out")) forget();
document.addEventListener("submit", ({ target }) => target.getAttribute("action") === "/sign-out" && forget());
