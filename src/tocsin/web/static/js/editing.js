// data-editing: who edits an order is asked for again as soon as something about orders is told, not only each 20 seconds.
import { hear } from "./line.js";
import { need } from "./parts.js";

hear("changed", async (areas) => {
  if (!areas.split(" ").includes("orders") || !document.querySelector("[data-editing]")) return;
  await need();
  for (const one of document.querySelectorAll("[data-editing]")) one.dispatchEvent(new Event("editing"));
});
