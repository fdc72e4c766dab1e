// data-photo: a photo of a ticket's code, where a page gets no live camera; it is read here, and sent nowhere.
import { codeOf, reader } from "./codes.js";

for (const box of document.querySelectorAll("[data-photo]")) {
  const [field, said] = [box.querySelector("input"), box.querySelector("p")];
  const say = (why) => ([said.textContent, said.hidden] = [box.dataset[why], false]);
  box.hidden = false;
  field.addEventListener("change", async () => {
    if (!field.files.length) return;
    say("reading");
    const picture = await createImageBitmap(field.files[0]).catch(() => null);
    const found = picture ? await (await reader()).detect(picture).catch(() => []) : [];
    const code = found.map((one) => codeOf(one.rawValue)).find(Boolean);
    field.value = "";
    if (!code) return say("none");
    const form = box.closest("form");
    form.elements.code.value = code;
    form.requestSubmit();
  });
}
