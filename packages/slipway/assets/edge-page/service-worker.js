// Keeps one release of the folder for use without a connection. A new release is fetched beside the old one, each file
// against its hash; only when all of them are whole does it take the old one's place. A download that was cut short or
// changed leaves everything as it was. RELEASE and FILES stand before this text.

const NAME = `slipway-${registration.scope}-${RELEASE}`;
const OWN = `slipway-${registration.scope}-`;

addEventListener("install", (event) => {
  event.waitUntil(fill().catch(async (error) => {
    await caches.delete(NAME);
    throw error;
  }));
});

async function fill() {
  const cache = await caches.open(NAME);
  for (const [path, integrity] of Object.entries(FILES)) {
    const url = new URL(path, registration.scope).href;
    const answer = await fetch(url, { integrity, cache: "no-cache", credentials: "same-origin" });
    if (!answer.ok) throw new Error(`${path}: the server answered ${answer.status}`);
    await cache.put(url, answer);
  }
}

addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name.startsWith(OWN) && name !== NAME) await caches.delete(name);
    await clients.claim();
  })());
});

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  url.search = "";
  url.hash = "";
  if (request.method !== "GET" || !url.href.startsWith(registration.scope)) return;
  const path = decodeURIComponent(url.href.slice(registration.scope.length)) || "index.html";
  if (!Object.hasOwn(FILES, path)) return;
  event.respondWith((async () => (await (await caches.open(NAME)).match(new URL(path, registration.scope).href)) ?? fetch(request))());
});
