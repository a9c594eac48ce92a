// Keeps what the page has loaded, and gives it where there is no connection.

const KEPT = "digits-1";

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(KEPT).then((cache) => cache.addAll(["./", "style.css", "draw.css", "page.js", "dots.js", "slipway-edge.js", "ask.js", "messages.js", "open-model.js", "worker.js", "digits.slip"])).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const kept = () => caches.match(event.request, { ignoreSearch: true }).then((found) => found ?? Response.error());
  event.respondWith(fetch(event.request).catch(kept));
});
