// The search box: the desk says what may follow, the browser's own list shows it and takes the keys.
for (const box of document.querySelectorAll("input[data-complete]")) {
  const list = document.getElementById(box.getAttribute("list"));
  let turn = 0;
  let timer = 0;
  const ask = async () => {
    const mine = ++turn;
    const answer = await fetch(`${box.dataset.complete}?q=${encodeURIComponent(box.value)}`, {
      headers: { accept: "application/json" },
    }).catch(() => null);
    if (!answer || !answer.ok || mine !== turn) return;
    const found = await answer.json();
    list.replaceChildren(...found.map(({ text, what }) => new Option(what, text)));
  };
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, 80);
  });
  box.addEventListener("focus", ask, { once: true });
}
