// data-editing: who edits an order is asked for again as soon as something about orders is told, not only each 20 seconds.
import { hear } from "./line.js";
import { need } from "./parts.js";

const EVERY_MS = 20_000;

async function ask() {
  if (!document.querySelector("[data-editing]")) return;
  await need();
  for (const one of document.querySelectorAll("[data-editing]")) one.dispatchEvent(new Event("editing"));
}

hear("changed", (areas) => areas.split(" ").includes("orders") && ask());
setTimeout(() => window.htmx || ask(), EVERY_MS); // from then on htmx asks
