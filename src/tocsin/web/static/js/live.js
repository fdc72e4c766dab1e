// Live news by SSE (data-live): the count of problems, and regions that are fetched anew when told.
// Messages: "count" carries how many orders are held and how many need somebody; "changed" carries the names of what moved, as in "jobs orders".
const place = document.querySelector("[data-live]");

function listen(source) {
  source.addEventListener("count", (event) => {
    const [held, all] = event.data.split(" ");
    for (const badge of document.querySelectorAll("[data-live-count]")) {
      badge.textContent = badge.dataset.liveCount === "all" ? all : held;
      badge.hidden = badge.textContent === "0";
    }
  });
  source.addEventListener("changed", (event) => refreshAll(event.data.split(" ")));
}

// One fetch at a time: what moves meanwhile asks for one more, so that the last state always shows.
// A region that names its area ("alarm") moves with it alone; one without moves with all but the alarm, whose counter runs.
let busy = false;
let again = false;
async function refreshAll(areas) {
  const regions = [...document.querySelectorAll("[data-live-region]")];
  if (!regions.some(({ dataset: { liveRegion: own } }) => areas.some((area) => (own ? own === area : area !== "alarm")))) return;
  again = true;
  if (busy) return;
  busy = true;
  try {
    while (again) {
      again = false;
      await refresh();
    }
  } finally {
    busy = false;
  }
}

async function refresh() {
  const regions = [...document.querySelectorAll("[data-live-region]")];
  const answer = await fetch(location.href, { headers: { accept: "text/html", "x-tocsin-quiet": "1" } }).catch(() => null);
  if (!answer || !answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = [...page.querySelectorAll("[data-live-region]")];
  regions.forEach((region, at) => {
    // Never takes a row from under a hand, nor a form out of an open menu.
    if (region.contains(document.activeElement) || region.querySelector("details[open]") || !fresh[at]) return;
    region.replaceWith(document.adoptNode(fresh[at]));
  });
}

// One connection for all: the htmx extension opens it, this listens to the same one.
const heard = new WeakSet();
place?.addEventListener("htmx:sseOpen", ({ detail: { source } }) => {
  if (!heard.has(source)) listen(source); // the same source opens again after each break
  heard.add(source);
});
