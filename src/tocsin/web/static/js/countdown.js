// data-countdown="<instant>": when it comes the page at data-countdown-to is shown (or this one anew), so that revealed text is gone.
for (const place of document.querySelectorAll("[data-countdown]")) {
  const left = Date.parse(place.dataset.countdown) - Date.now();
  const text = place.textContent;
  if (left <= 0 || left > 2 ** 31 - 1) continue;
  const to = place.dataset.countdownTo;
  setTimeout(() => (to ? location.replace(to) : location.reload()), left);
  setInterval(() => {
    const seconds = Math.max(0, Math.ceil((Date.parse(place.dataset.countdown) - Date.now()) / 1000));
    place.textContent = `${text} (${seconds} s)`;
  }, 1000);
}
