// Rows of a [data-rows] table by keyboard: j and k walk them, x chooses one, and a, p, h, r open the chosen order and do it there.
const rows = () => [...document.querySelectorAll("[data-rows] tbody > tr")];
const chosen = () => document.querySelector('[data-rows] tbody > tr[aria-selected="true"]');
const ON_AN_ORDER = /^Key[APHR]$/;

function select(row) {
  for (const one of rows()) one.removeAttribute("aria-selected");
  row.setAttribute("aria-selected", "true");
  (row.querySelector("[data-open]") ?? row.querySelector("a, button, input"))?.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

export function walk(step) {
  const all = rows();
  const at = all.findIndex((row) => row === (document.activeElement.closest("[data-rows] tbody > tr") ?? chosen()));
  if (all.length) select(all[Math.min(all.length - 1, Math.max(0, at + step))]);
}

export function choose() {
  const row = chosen();
  if (row) row.querySelector("input.tick")?.click();
  else walk(1);
}

export function act(code) {
  const open = ON_AN_ORDER.test(code) && chosen()?.querySelector('a[data-open][href^="/orders/"]');
  if (!open) return;
  const [path] = open.getAttribute("href").split(/\/revise$|[?#]/);
  location.assign(code === "KeyA" ? `${path}/amendments` : code === "KeyR" ? `${path}/revise` : `${path}#${code}`);
}
