// Whoever is signed in has the offline page and can install the desk; where browsers refuse a worker, /push says why.
if (document.querySelector("[data-live]") && isSecureContext) navigator.serviceWorker?.register("/sw.js", { scope: "/" }).catch(() => null);
