// A small web server for the examples' pages: files of one folder, a few routes, and lines that are pushed to open pages.
// Loopback only; pages take nothing from elsewhere.

import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, join } from "node:path";

const TYPES: Readonly<Record<string, string>> = { html: "text/html; charset=utf-8", js: "text/javascript", css: "text/css", json: "application/json", svg: "image/svg+xml", slip: "application/octet-stream" };
const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; base-uri 'none'; frame-ancestors 'none'";
const MOST_BYTES = 100_000;

/** What a route answers is sent as JSON. */
export type Route = (body: unknown, request: IncomingMessage) => unknown;

/** Refuses with a status and a message for the person who asks. */
export class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface Page {
  readonly url: string;
  /** Sends an event to every open page that listens on /events. */
  push(event: unknown): void;
}

/** `routes` are named by method and path: "POST /ask". */
export async function servePage(folder: string, port: number, routes: Readonly<Record<string, Route>>): Promise<Page> {
  const listeners = new Set<ServerResponse>();
  const server = createServer((request, response) => void answer(request, response).catch((e: unknown) => {
    const status = e instanceof Refusal ? e.status : 500;
    if (status === 500) console.error(e);
    send(response, status, { error: e instanceof Refusal ? e.message : "this did not work; the terminal says why" });
  }));

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Another site's page may not ask through a name that it has pointed here.
    if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(request.headers.host ?? "")) throw new Refusal(403, "only this machine may ask");
    const { pathname } = new URL(request.url!, "http://localhost");
    const route = routes[`${request.method} ${pathname}`];
    if (route !== undefined) return send(response, 200, await route(request.method === "POST" ? await readBody(request) : undefined, request));
    if (pathname === "/events") {
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" }).write(":\n\n");
      listeners.add(response);
      response.on("close", () => listeners.delete(response));
      return;
    }
    if (pathname === "/favicon.ico") return void response.writeHead(204).end();
    const name = pathname === "/" ? "index.html" : basename(pathname);
    const type = TYPES[name.split(".").at(-1)!];
    const places = type === undefined || request.method !== "GET" ? [] : [join(folder, name), join(import.meta.dirname, "page", name)];
    for (const place of places) {
      const bytes = await readFile(place).catch(() => undefined);
      if (bytes !== undefined) return void response.writeHead(200, { "content-type": type, "content-security-policy": POLICY, "cache-control": "no-cache" }).end(bytes);
    }
    throw new Refusal(404, "there is nothing here");
  }

  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  const stop = (): void => void (server.close(() => process.exit(0)), server.closeAllConnections());
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    push: (event) => listeners.forEach((l) => l.write(`data: ${JSON.stringify(event)}\n\n`)),
  };
}

function send(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" }).end(JSON.stringify(value ?? {}));
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  if (!request.headers["content-type"]?.startsWith("application/json")) throw new Refusal(415, "send JSON");
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    parts.push(part);
    if ((size += part.length) > MOST_BYTES) throw new Refusal(413, `send at most ${MOST_BYTES} bytes`);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString("utf8"));
  } catch {
    throw new Refusal(400, "this is not JSON");
  }
}
