// What the passkey behaviours share: forms that talk JSON with the desk, and bytes as Base64url.
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));

function text(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

export const able = () => Boolean(window.PublicKeyCredential && navigator.credentials);

// Posts fields with the form's token; returns {ok, ...what the desk answered}.
export async function post(form, address, fields) {
  const body = new URLSearchParams({ csrf: form.elements.csrf.value, ...fields });
  try {
    const answer = await fetch(address, { method: "POST", body, keepalive: true });
    return { ok: answer.ok, ...(await answer.json()) };
  } catch {
    return { ok: false };
  }
}

export function decode(options) {
  const made = { ...options, challenge: bytes(options.challenge) };
  if (options.user) made.user = { ...options.user, id: bytes(options.user.id) };
  for (const list of ["allowCredentials", "excludeCredentials"]) {
    if (options[list]) made[list] = options[list].map((one) => ({ ...one, id: bytes(one.id) }));
  }
  return made;
}

export function encode(found) {
  const response = {};
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (found.response[part]) response[part] = text(found.response[part]);
  }
  return JSON.stringify({ id: found.id, rawId: text(found.rawId), type: found.type, response });
}

export function say(form, words) {
  const place = form.querySelector("[data-passkey-say]");
  place.textContent = words || "";
  place.hidden = !words;
}
