// form[data-keep="<the page it is on>"]: what was typed outlives a lost line and an ended session (decision 41).
// Before it is sent the desk is asked whether it answers; what was typed is noted in this tab until it has (keep_back.js).
export const KEPT = "tocsin-typed";
const PATIENCE_MS = 5000;
const NEVER = /^(csrf|form_key|editing|key)$/;
const words = JSON.parse(document.body.dataset.words || "{}");
let asked = false;
let answered = null;

const typed = (field) => {
  if (field.type === "password" || field.type === "file" || NEVER.test(field.name)) return false;
  if (field.type === "hidden") return /^(revision|line_count)$/.test(field.name);
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.type === "select-one") return ![...field.options].some((option) => option.selected && option.defaultSelected);
  return field.value !== field.defaultValue;
};

function note(form, button) {
  const fields = [...form.elements].filter((field) => field.name && field.type !== "submit" && typed(field));
  const texts = fields.map(({ name, type, value, checked }) => [name, /^(checkbox|radio)$/.test(type) ? checked : value, value]);
  const kept = { page: form.dataset.keep, by: document.body.dataset.operator, at: Date.now(), texts, button: button?.name ? [button.name, button.value] : null };
  sessionStorage.setItem(KEPT, JSON.stringify(kept));
}

// A line above the button, or at the form's head; a screen reader reads it out.
export function tell(form, text, more) {
  form.querySelector("[data-kept]")?.remove();
  const line = document.createElement("p");
  line.className = "finding W";
  line.dataset.kept = "";
  line.setAttribute("role", "alert");
  line.append(text, " ", ...(more ? [more] : []));
  (form.querySelector(".dock") ?? form).prepend(line);
  line.scrollIntoView({ block: "nearest" });
}

function lost(form, button) {
  const again = Object.assign(document.createElement("button"), { type: "button", className: "b s", textContent: words.retry });
  again.addEventListener("click", () => form.requestSubmit(button));
  tell(form, words.unsent, again);
  again.focus();
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-keep]") || answered === form) return;
  event.preventDefault();
  if (asked) return;
  asked = true;
  const button = event.submitter;
  note(form, button);
  button?.setAttribute("aria-busy", "true");
  const answer = await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) }).catch(() => null);
  asked = false;
  button?.removeAttribute("aria-busy");
  if (!answer) return lost(form, button);
  answered = form;
  form.requestSubmit(button);
  setTimeout(() => (answered = null));
}, true);
