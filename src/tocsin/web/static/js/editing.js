// data-editing: who edits an order is asked for again as soon as something about orders is told, not only each 20 seconds.
const heard = new WeakSet();
document.querySelector("[data-live]")?.addEventListener("htmx:sseOpen", ({ detail: { source } }) => {
  if (heard.has(source)) return;
  heard.add(source);
  source.addEventListener("changed", ({ data }) => {
    if (!data.split(" ").includes("orders")) return;
    for (const one of document.querySelectorAll("[data-editing]")) one.dispatchEvent(new Event("editing"));
  });
});
