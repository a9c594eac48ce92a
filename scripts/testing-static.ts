// For tests: a folder's files over HTTP on loopback, as any web server gives them.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

const TYPES: Readonly<Record<string, string>> = { html: "text/html; charset=utf-8", js: "text/javascript", mjs: "text/javascript", css: "text/css", svg: "image/svg+xml", json: "application/json", webmanifest: "application/manifest+json", wasm: "application/wasm" };

export interface StaticServer {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** `files` may change while it serves. */
export async function serveFiles(files: ReadonlyMap<string, Uint8Array>): Promise<StaticServer> {
  const server: Server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url!, "http://x").pathname.slice(1)) || "index.html";
    const bytes = files.get(path);
    if (bytes === undefined) return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": TYPES[path.split(".").at(-1)!] ?? "application/octet-stream", "cache-control": "no-cache" }).end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    }),
  };
}
