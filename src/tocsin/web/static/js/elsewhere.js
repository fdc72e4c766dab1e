// form[data-elsewhere] draws the page anew, in another language or light: where it stood and what was typed come along.
const NOTED = "tocsin-elsewhere";
const LIFE_MS = 60_000;
const NEVER = /^(hidden|password|file|submit|button)$/;
const TICKED = /^(checkbox|radio)$/;
const by = document.body.dataset.operator || "";

const fields = () => [...document.querySelectorAll("main :is(input, textarea, select)[name]")].filter((field) => !NEVER.test(field.type));
const told = (field) => (TICKED.test(field.type) ? field.checked : field.value);
const drawn = (field) => {
  if (TICKED.test(field.type)) return field.defaultChecked;
  return field.options ? ([...field.options].find((option) => option.defaultSelected) ?? field.options[0])?.value : field.defaultValue;
};
const key = (field, all) => `${field.name} ${all.filter((one) => one.name === field.name).indexOf(field)}`;

document.addEventListener("submit", ({ target }) => {
  if (!target.matches("[data-elsewhere]")) return;
  const all = fields();
  const typed = all.filter((field) => told(field) !== drawn(field)).map((field) => [key(field, all), told(field)]);
  sessionStorage.setItem(NOTED, JSON.stringify({ by, at: Date.now(), path: location.pathname, y: scrollY, typed }));
});

const noted = JSON.parse(sessionStorage.getItem(NOTED) ?? "null");
sessionStorage.removeItem(NOTED);
if (noted && noted.by === by && noted.path === location.pathname && Date.now() - noted.at < LIFE_MS) {
  const all = fields();
  const values = new Map(noted.typed);
  for (const field of all.filter((one) => values.has(key(one, all)))) {
    field[TICKED.test(field.type) ? "checked" : "value"] = values.get(key(field, all));
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  scrollTo(0, noted.y);
}
