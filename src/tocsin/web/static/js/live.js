// data-live-count, data-live-region, data-live-offer: what the line tells moves the counts, fetches regions anew, or offers to.
// A region names the areas that it shows ("jobs orders"; none: all but the alarm's), and with data-live-of the one order.
import { fetchAgain, hear } from "./line.js";
import { swap } from "./swap.js";

const [REST_MS, corner] = [500, document.getElementById("toasts")]; // what comes in the corner moves nothing, and is read out
let [desks, moved, due, timer, busy, restUntil, left] = [1, "*", false, 0, false, 0, false];

hear("desks", (count) => (desks = Number(count)));
hear("moved", (ids) => (moved = ids));
hear("count", (data) => {
  const [held, all] = data.split(" ");
  for (const badge of document.querySelectorAll("[data-live-count]")) {
    badge.textContent = badge.dataset.liveCount === "all" ? all : held;
    badge.hidden = badge.textContent === "0";
  }
});
hear("changed", (data) => {
  const areas = data.split(" ");
  const all = [...document.querySelectorAll("[data-live-region], [data-live-offer]")].filter((one) => concerns(one, areas));
  for (const one of all) if (one.hidden && "liveOffer" in one.dataset) corner.append(Object.assign(one, { hidden: false }));
  if (all.some((one) => "liveRegion" in one.dataset)) plan();
  moved = "*";
});

function concerns({ dataset: { liveRegion, liveOffer, liveOf } }, areas) {
  const own = (liveRegion || liveOffer || "").split(" ").filter(Boolean);
  const ids = (liveOf || "").split(" ").filter(Boolean);
  if (!areas.some((area) => (own.length ? own.includes(area) : area !== "alarm"))) return false;
  return !ids.length || moved === "*" || moved.split(" ").some((id) => ids.includes(id));
}

// Not all desks ask in one moment; one fetch at a time, then a rest by how dear it was; a page that nobody sees waits.
function plan() {
  due = true;
  if (busy || document.hidden) return;
  clearTimeout(timer);
  timer = setTimeout(refresh, Math.max(0, restUntil - Date.now()) + Math.random() * Math.min((desks - 1) * 20, 1000));
}

async function refresh() {
  [due, busy] = [false, true];
  const began = Date.now();
  try {
    await fetchRegions();
  } finally {
    busy = false;
    restUntil = Date.now() + Math.max(REST_MS, 4 * (Date.now() - began));
    if (due) plan();
  }
}

async function fetchRegions() {
  const answer = await fetchAgain();
  if (answer?.ok) left = !swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
}

document.addEventListener("visibilitychange", () => due && plan());
// What stayed since a hand was on it comes once the hand is gone.
for (const kind of ["toggle", "focusout", "change"]) document.addEventListener(kind, () => left && plan(), true);
