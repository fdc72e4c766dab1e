// data-once: a form that is being sent can't be sent again; a page that is gone back to has new keys, and sends again.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.querySelector("[data-once]")) return;
  // Later, so that the button that was pressed is sent, and another script may still say no.
  setTimeout(() => {
    if (event.defaultPrevented) return;
    for (const button of document.querySelectorAll("button:not(:disabled)")) {
      if (button.form === form && button.type === "submit") {
        button.disabled = true;
        button.dataset.sent = "";
      }
    }
  });
});

// Makes a form count once; without HTTPS there is no randomUUID.
export const newKey = () => [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

addEventListener("pageshow", (event) => {
  for (const button of document.querySelectorAll("button[data-sent]")) {
    button.disabled = false;
    delete button.dataset.sent;
  }
  if (!event.persisted) return;
  for (const field of document.querySelectorAll("input[data-once]")) {
    field.value = newKey();
  }
});
