// Live news by SSE (data-live): the count of problems, and regions that are fetched anew when told.
// Messages: "count" carries a number; "changed" carries the names of what moved, as in "jobs orders".
const place = document.querySelector("[data-live]");

function listen(source) {
  source.addEventListener("count", (event) => {
    for (const badge of document.querySelectorAll("[data-live-count]")) {
      badge.textContent = event.data;
      badge.hidden = event.data === "0";
    }
  });
  source.addEventListener("changed", refreshAll);
}

// One fetch at a time: what moves meanwhile asks for one more, so that the last state always shows.
let busy = false;
let again = false;
async function refreshAll() {
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
  if (!regions.length) return;
  const answer = await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => null);
  if (!answer || !answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = [...page.querySelectorAll("[data-live-region]")];
  regions.forEach((region, at) => {
    if (region.contains(document.activeElement) || !fresh[at]) return; // never takes a row from under a hand
    region.replaceWith(document.adoptNode(fresh[at]));
  });
}

// One connection for all: the htmx extension opens it, this listens to the same one.
if (place) place.addEventListener("htmx:sseOpen", (event) => listen(event.detail.source));
