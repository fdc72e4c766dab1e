// The alarm by SSE ("alarm"): its parts replace those of the page; body[data-alarm] is what the other behaviours go by.
import { hear } from "./line.js";
import { newKey } from "./once.js";
import { process } from "./parts.js";
import { still } from "./still.js";

const MARKS = { sound: "🔔‼ ", light: "🔔 " };
const title = document.title;
const token = JSON.parse(document.body.getAttribute("hx-headers") || "{}")["x-csrf-token"] || "";
let quiet = 0;

// A part with the same shape gets new figures only: no button moves from under a hand, nothing is read out again.
function swap(old, fresh) {
  if (old.dataset.shape === fresh.dataset.shape) {
    const places = old.querySelectorAll("[data-figure]");
    fresh.querySelectorAll("[data-figure]").forEach((figure, at) => (places[at].textContent = figure.textContent));
    return;
  }
  for (const field of fresh.querySelectorAll("input[name=csrf]")) field.value = token;
  for (const field of fresh.querySelectorAll("input[data-once]")) field.value = newKey();
  const held = old.contains(document.activeElement) && document.activeElement.dataset.key;
  still(() => old.replaceWith(document.adoptNode(fresh)));
  process(fresh); // its forms are sent without leaving the page: what is being typed there stays
  if (held) (fresh.querySelector(`[data-key="${held}"]`) || fresh.querySelector("a, button"))?.focus();
}

// What is to sound ends at its time, by the server's reckoning of how long that is.
function become(level, leftMs) {
  clearTimeout(quiet);
  document.body.dataset.alarm = level;
  if (level === "sound") quiet = setTimeout(become, Math.min(leftMs, 2 ** 31 - 1), "light", 0);
  document.title = (MARKS[level] || "") + title;
  document.dispatchEvent(new Event("desk:alarm"));
}

function take(html) {
  const news = new DOMParser().parseFromString(html, "text/html").querySelector("[data-alarm-news]");
  if (!news) return;
  for (const part of [...news.querySelectorAll("[data-alarm-part]")]) {
    const old = document.querySelector(`[data-alarm-part="${part.dataset.alarmPart}"]`);
    if (old) swap(old, part);
  }
  for (const badge of document.querySelectorAll("[data-alarm-count]")) {
    badge.textContent = news.dataset.open;
    badge.hidden = news.dataset.open === "0";
  }
  for (const tab of document.querySelectorAll("[data-alarm-tab]")) {
    tab.hidden = news.dataset.open === "0" && !tab.hasAttribute("aria-current");
  }
  become(news.dataset.level, Number(news.dataset.leftMs));
}

hear("alarm", take);
if (document.body.dataset.alarm) become(document.body.dataset.alarm, Number(document.body.dataset.leftMs));
