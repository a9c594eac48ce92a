// Real receivers on loopback: what is sent, what is kept of the answer, and what is never asked.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { destinations } from "./destinations.ts";
import { sendWebhook, type SendAnswer } from "./send.ts";

let server: Server;
let url = "";
const seen: { method: string; path: string; body: string; headers: IncomingMessage["headers"] }[] = [];
const answers: Record<string, (response: ServerResponse) => void> = {
  "/ok": (r) => r.writeHead(202).end("taken"),
  "/elsewhere": (r) => r.writeHead(302, { location: "/ok" }).end(),
  "/later": (r) => r.writeHead(429, { "retry-after": "7" }).end(),
  "/huge": (r) => {
    r.writeHead(200);
    const fill = (): void => {
      while (!r.destroyed && r.write("x".repeat(65_536)));
    };
    r.on("drain", fill);
    fill();
  },
  "/silent": () => undefined,
  "/gone": (r) => void r.destroy(),
  "/headers": (r) => r.writeHead(200, { "x-long": "y".repeat(40_000) }).end(),
};
beforeAll(async () => {
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece) => (body += String(piece)));
    request.on("end", () => {
      seen.push({ method: request.method!, path: request.url!, body, headers: request.headers });
      answers[request.url!]?.(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
const send = (path: string, allow = ["loopback"], timeoutMs = 5000): Promise<SendAnswer> =>
  sendWebhook({ url: path.startsWith("http") ? path : url + path, headers: { "webhook-id": "1" }, body: '{"a":"ä"}', timeoutMs, destinations: destinations(allow) });

describe("a call", () => {
  it("is a POST of JSON, and its answer is kept", async () => {
    expect(await send("/ok")).toEqual({ status: 202, excerpt: "taken", retryAfterMs: undefined });
    expect(seen.at(-1)).toMatchObject({ method: "POST", body: '{"a":"ä"}', headers: { "webhook-id": "1", "content-type": "application/json" } });
  });
  it("follows no redirect", async () => {
    seen.length = 0;
    expect((await send("/elsewhere")).status).toBe(302);
    expect(seen.map((s) => s.path)).toEqual(["/elsewhere"]);
  });
  it("hears when to come back", async () => expect((await send("/later")).retryAfterMs).toBe(7000));
  it("reads no more than the beginning of an answer without end", async () => expect((await send("/huge")).excerpt.length).toBe(1024));
  it("gives up on who is silent, and tells who broke off", async () => {
    await expect(send("/silent", ["loopback"], 200)).rejects.toMatchObject({ code: "webhook-timeout" });
    await expect(send("/gone")).rejects.toMatchObject({ code: "webhook-unreachable" });
    await expect(send("/headers")).rejects.toMatchObject({ code: "webhook-unreachable" });
    await expect(send("http://127.0.0.1:1/")).rejects.toMatchObject({ code: "webhook-unreachable" });
    await expect(send("https://no-such-host.invalid/")).rejects.toMatchObject({ code: "webhook-unreachable" });
  });
  it("never reaches this machine unless that is allowed, under whatever name", async () => {
    seen.length = 0;
    const { port } = new URL(url);
    for (const host of ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0.0.0.0"]) {
      await expect(send(`http://${host}:${port}/ok`, []), host).rejects.toMatchObject({ code: "webhook-address-refused" });
    }
    await expect(send(`http://8.8.8.8:${port}/ok`, [])).rejects.toMatchObject({ code: "webhook-address-refused", message: expect.stringContaining("without TLS") });
    expect(seen).toEqual([]);
  });
});
