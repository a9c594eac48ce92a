// Keeps what the page has loaded, and gives it where there is no connection.

const KEPT = "digits-1";

/** The page's own files, and what edge.json lists: the module and the package. */
async function keep() {
  const { files } = await (await fetch("edge.json")).json();
  await (await caches.open(KEPT)).addAll(["./", "style.css", "draw.css", "dots.js", ...Object.keys(files)]);
}

self.addEventListener("install", (event) => {
  event.waitUntil(keep().then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const kept = () => caches.match(event.request, { ignoreSearch: true }).then((found) => found ?? Response.error());
  event.respondWith(fetch(event.request).catch(kept));
});
