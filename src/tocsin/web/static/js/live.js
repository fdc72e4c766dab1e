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
  source.addEventListener("changed", () => {
    for (const region of document.querySelectorAll("[data-live-region]")) refresh(region);
  });
}

async function refresh(region) {
  if (region.contains(document.activeElement)) return; // never takes a row from under a hand
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelectorAll("[data-live-region]")[[...document.querySelectorAll("[data-live-region]")].indexOf(region)];
  if (fresh) region.replaceWith(document.adoptNode(fresh));
}

// One connection for all: the htmx extension opens it, this listens to the same one.
if (place) place.addEventListener("htmx:sseOpen", (event) => listen(event.detail.source));
