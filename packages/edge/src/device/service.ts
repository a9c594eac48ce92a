// The device's own HTTP service: POST /predict with JSON as the server takes it, GET /health/live, /health/ready, /status.

import { SlipwayError } from "@slipway/core/base";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Device } from "./device.ts";

const MAX_BODY = 16 << 20;
const STATUS: Readonly<Partial<Record<SlipwayError["kind"], number>>> = { limit: 413, unsupported: 415, internal: 500, unavailable: 503 };

export function startService(device: Device, { host, port }: { readonly host: string; readonly port: number }): Promise<Server> {
  const server = createServer((request, response) => {
    answer(device, request).then(
      ([status, value]) => write(response, status, value),
      (error: unknown) => {
        const coded = error instanceof SlipwayError ? error : new SlipwayError("runtime-failed", "internal", "the device could not answer");
        write(response, STATUS[coded.kind] ?? 400, { error: coded.toJSON() });
      },
    );
  });
  server.requestTimeout = 30_000;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve(server));
  });
}

async function answer(device: Device, request: IncomingMessage): Promise<[status: number, value: unknown]> {
  const path = new URL(request.url ?? "/", "http://device").pathname;
  const known = path === "/predict" ? "POST" : ["/status", "/health/live", "/health/ready"].includes(path) ? "GET" : undefined;
  if (known === undefined) return [404, { error: { code: "route-unknown", message: `there is no ${path.slice(0, 100)}` } }];
  if (request.method !== known) return [405, { error: { code: "method-not-allowed", message: `${path} takes ${known}` } }];
  if (path === "/predict") return [200, await device.predict(await readJson(request))];
  return [200, path === "/status" ? device.status() : { status: "ok" }];
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Uint8Array>) {
    size += part.length;
    if (size > MAX_BODY) throw new SlipwayError("body-too-large", "limit", `the body has more than ${MAX_BODY} bytes`);
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString("utf8")) as unknown;
  } catch (cause) {
    throw new SlipwayError("request-json", "invalid", `the body is not JSON: ${(cause as Error).message}`, { cause });
  }
}

function write(response: ServerResponse, status: number, value: unknown): void {
  if (response.writableEnded) return;
  response.writeHead(status, { "content-type": "application/json", connection: status === 413 ? "close" : "keep-alive" }).end(JSON.stringify(value));
}
