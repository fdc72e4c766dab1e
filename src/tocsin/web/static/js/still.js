// What comes or goes above the content takes nothing from under a hand: the window is scrolled by as much, or the room stays.
const main = document.getElementById("main");
const news = document.querySelector(".news");

export function still(change) {
  if (!main || !news) return change();
  const before = main.getBoundingClientRect().top;
  change();
  scrollBy({ top: main.getBoundingClientRect().top - before, behavior: "instant" });
  const lacks = before - main.getBoundingClientRect().top;
  if (lacks > 0) news.style.minHeight = `${news.offsetHeight + lacks}px`;
}
