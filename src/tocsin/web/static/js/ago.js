// time[data-ago]: goes on saying how long ago it was. The desk's clock counts, not this machine's: the page was drawn at data-now.
const EVERY_MS = 20_000;
const WEEK_SECONDS = 604_800;
const UNITS = [["day", 86_400], ["hour", 3_600], ["minute", 60]];
const aheadMs = Date.now() - Number(document.body.dataset.now);
let words = null; // made when first needed: it costs a phone a tenth of a second

function tell(one) {
  const seconds = (Date.now() - aheadMs - Date.parse(one.dateTime)) / 1000;
  const found = UNITS.find(([, length]) => seconds >= length);
  if (!found || seconds >= WEEK_SECONDS) return;
  words ??= new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "always" });
  one.textContent = words.format(-Math.floor(seconds / found[1]), found[0]);
}

const tellAll = () => document.querySelectorAll("time[data-ago]").forEach(tell);
if (document.body.dataset.now) {
  setInterval(tellAll, EVERY_MS);
  document.addEventListener("visibilitychange", () => document.hidden || tellAll());
}
