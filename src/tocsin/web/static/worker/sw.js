// The service worker: shows an alarm that came by Web Push, says that it came, and opens where it leads.
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => {
  const told = event.data ? event.data.json() : {};
  const shown = self.registration.showNotification(told.title || "Tocsin", {
    body: told.body || "",
    tag: told.tag || "tocsin",
    renotify: true,
    requireInteraction: true,
    icon: "/static/bell.svg",
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
