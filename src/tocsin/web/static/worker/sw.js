// The service worker: shows an alarm that came by Web Push, says that it came, and opens where it leads; and shows the
// offline page where the desk can't be reached. KEPT and SHELL stand before this text: what it keeps, and under which name.
self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(caches.open(KEPT).then((kept) => kept.addAll(SHELL.map((path) => new Request(path, { cache: "reload" })))).catch(() => null));
});
self.addEventListener("activate", (event) => event.waitUntil(dropOld().then(() => self.clients.claim())));

async function dropOld() {
  for (const name of await caches.keys()) if (name !== KEPT) await caches.delete(name);
}

// Nothing that the desk answers is ever kept: only where it does not answer is there a word from here.
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { pathname, search } = new URL(request.url);
  if (request.method !== "GET") return;
  if (request.mode === "navigate") event.respondWith(fetch(request).catch(() => offline()));
  else if (SHELL.includes(pathname + search)) event.respondWith(fetch(request).catch(() => kept(request)));
});

const kept = async (path) => (await caches.match(path)) ?? Response.error();
const offline = () => kept(self.navigator.language.startsWith("zh") ? "/offline/zh_CN" : "/offline/en");

self.addEventListener("push", (event) => {
  const told = event.data ? event.data.json() : {};
  const shown = self.registration.showNotification(told.title || "Tocsin", {
    body: told.body || "",
    tag: told.tag || "tocsin",
    renotify: true,
    requireInteraction: true,
    icon: "/icons/192.png",
    data: { url: here(told.url) },
  });
  // Shown first; whether the desk can be told is another matter.
  event.waitUntil(shown.then(() => (told.seen ? fetch(here(told.seen), { method: "POST", redirect: "manual" }).catch(() => null) : null)));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data.url));
});

// Only addresses of this desk are opened, whatever a message says.
function here(address) {
  const url = new URL(address || "/alarm", self.location.origin);
  return url.origin === self.location.origin ? url.href : self.location.origin + "/alarm";
}

async function open(url) {
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const page = pages.find((one) => one.url === url) || pages.find((one) => "navigate" in one);
  if (!page) return self.clients.openWindow(url);
  const there = page.url === url ? page : await page.navigate(url).catch(() => null);
  return there ? there.focus() : self.clients.openWindow(url);
}
