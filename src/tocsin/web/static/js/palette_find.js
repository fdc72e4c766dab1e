// What the command palette (palette.js) holds, and what a few letters find of it.
// The letters in their order, as web/palette.py has it; a run of them at a word's beginning comes first.
function rank(text, words) {
  const whole = words.toLowerCase();
  const found = whole.indexOf(text);
  if (found >= 0) return found === 0 || whole[found - 1] === " " ? 3 : 2;
  let place = -1;
  return [...text.replaceAll(" ", "")].every((letter) => (place = whole.indexOf(letter, place + 1)) >= 0) ? 1 : 0;
}

// Returns the palette's links, without the keys that nothing on this page obeys; nothing where the desk does not answer.
export async function read() {
  const answer = await fetch("/go?part=1").catch(() => null);
  if (!answer?.ok || answer.redirected) return location.assign("/go");
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const obeyed = (code) => !code || document.querySelector(`main [data-key="${code}"]`);
  return [...page.querySelectorAll("a")].filter((link) => obeyed(link.dataset.press));
}

// Returns what fits, the best first; what has three digits is an order's number or a phone's end before all.
export function find(entries, text, look) {
  const ranked = entries.map((link) => [rank(text.toLowerCase(), link.dataset.words), link]).filter(([score]) => score);
  const found = ranked.sort(([one], [other]) => other - one).map(([, link]) => link);
  if (!text) return found;
  const orders = Object.assign(document.createElement("a"), { href: `/orders?q=${encodeURIComponent(text)}` });
  orders.append(look.replace("{text}", () => text));
  found.splice(/\d{3}/.test(text) ? 0 : found.length, 0, orders);
  return found;
}
