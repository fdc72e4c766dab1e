// data-copy: selects a field that is to be taken elsewhere, and copies it; the attribute is the word for "copied".
for (const place of document.querySelectorAll("[data-copy]")) {
  const field = place.querySelector("input");
  const button = place.querySelector("button");
  field.addEventListener("focus", () => field.select());
  if (!navigator.clipboard) continue; // without HTTPS: the text is selected, the keys copy it
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    await navigator.clipboard.writeText(field.value);
    button.querySelector("span").textContent = place.dataset.copy;
  });
}
