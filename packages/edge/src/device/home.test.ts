// What waits for home: bounded, counted, sent once the line is back, in the order in which it was made.

import { appendFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeSlip } from "@slipway/core/package";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Device } from "./device.ts";
import { nodeDisk } from "./disk.ts";
import { Outbox } from "./outbox.ts";
import { configFor, linearPackage, Publisher, ROW } from "./testing.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "slipway-home-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** All that can be delivered, as entries. */
async function drain(outbox: Outbox): Promise<{ n: number }[]> {
  const got: { n: number }[] = [];
  while (await outbox.deliver((_, body) => {
    got.push(...Buffer.from(body).toString("utf8").trimEnd().split("\n").map((line) => JSON.parse(line) as { n: number }));
    return Promise.resolve();
  }));
  return got;
}

describe("the queue", () => {
  it("keeps the newest within its bounds and counts what went", async () => {
    const outbox = new Outbox(nodeDisk, folder, { entries: 160, bytes: 2 ** 20 });
    for (let n = 0; n < 500; n++) await outbox.add({ n });
    expect(outbox.held).toBeLessThanOrEqual(160);
    expect(outbox.held + outbox.dropped).toBe(500);
    expect(readdirSync(folder).length).toBeLessThanOrEqual(17);
    const held = outbox.held;
    expect((await drain(outbox)).map((e) => e.n)).toEqual(Array.from({ length: held }, (_, i) => 500 - held + i));
    expect([outbox.held, readdirSync(folder)]).toEqual([0, []]);
  });
  it("is bounded in bytes, too, and drops what is larger than a part of it", async () => {
    const outbox = new Outbox(nodeDisk, folder, { entries: 1000, bytes: 16_000 });
    for (let n = 0; n < 200; n++) await outbox.add({ n, text: "x".repeat(200) });
    await outbox.add({ n: 200, text: "x".repeat(2000) });
    expect(outbox.held + outbox.dropped).toBe(201);
    expect(outbox.held * 220).toBeLessThan(16_000);
  });
  it("outlasts a start, but for a line that the power tore", async () => {
    const outbox = new Outbox(nodeDisk, folder, { entries: 1000, bytes: 2 ** 20 });
    for (let n = 0; n < 5; n++) await outbox.add({ n });
    appendFileSync(join(folder, readdirSync(folder)[0]!), '{"n": 5, "te');
    const again = new Outbox(nodeDisk, folder, { entries: 1000, bytes: 2 ** 20 });
    await again.load();
    expect(again.held).toBe(5);
    await again.add({ n: 6 });
    expect((await drain(again)).map((e) => e.n)).toEqual([0, 1, 2, 3, 4, 6]);
  });
  it("keeps what did not arrive", async () => {
    const outbox = new Outbox(nodeDisk, folder, { entries: 1000, bytes: 2 ** 20 });
    await outbox.add({ n: 1 });
    await expect(outbox.deliver(() => Promise.reject(new Error("no line")))).rejects.toThrow("no line");
    await outbox.add({ n: 2 });
    expect((await drain(outbox)).map((e) => e.n)).toEqual([1, 2]);
  });
});

describe("a device without a connection", () => {
  it("answers, counts, and sends counters and predictions when the line is back", async () => {
    const source = await linearPackage("1.0.0", [1, 1, 1]);
    const publisher = await Publisher.open();
    writeFileSync(join(folder, "factory.slip"), writeSlip(source));
    let line = false;
    const arrived: { path: string; key: string; body: string }[] = [];
    const fetchHome: typeof fetch = (input, init) => {
      if (!line) return Promise.reject(new Error("no route to host"));
      const headers = new Headers(init!.headers);
      arrived.push({ path: (input as URL).pathname, key: headers.get("idempotency-key")!, body: Buffer.from(init!.body as Uint8Array).toString("utf8") });
      return Promise.resolve(new Response(null, { status: 204 }));
    };
    const options = { disk: nodeDisk, config: await configFor(publisher, source, { home: "https://home.test/in", queue: { entries: 32, bytes: 2 ** 20 } }), folder, stateFolder: join(folder, "state"), log: () => undefined, fetch: fetchHome };
    const device = await Device.start(options);
    for (let i = 0; i < 50; i++) await device.predict(ROW);
    await expect(device.predict([{ x0: 1 }])).rejects.toMatchObject({ code: "request-invalid" });
    await device.sendHome();
    expect(arrived).toEqual([]);
    await device.close();

    line = true;
    const second = await Device.start(options);
    await second.predict(ROW);
    await second.sendHome();
    expect(arrived.map((a) => a.path).slice(0, 3)).toEqual(["/in/counters", "/in/counters", "/in/predictions"]);
    const counts = arrived.filter((a) => a.path === "/in/counters").map((a) => JSON.parse(a.body) as { counts: { rows: number; refused: number; dropped: number } });
    const sent = arrived.filter((a) => a.path === "/in/predictions").flatMap((a) => a.body.trimEnd().split("\n").map((l) => JSON.parse(l) as { id: string; predictions: unknown[] }));
    expect(counts[0]!.counts).toMatchObject({ rows: 50, refused: 1 });
    expect(counts[1]!.counts).toMatchObject({ rows: 1, refused: 0 });
    // Nothing is lost without being counted.
    expect(sent.length + counts[0]!.counts.dropped + counts[1]!.counts.dropped).toBe(51);
    expect(new Set(sent.map((s) => s.id)).size).toBe(sent.length);
    expect(sent.at(-1)!.predictions).toEqual([{ value: 6 }]);
    expect(new Set(arrived.map((a) => a.key)).size).toBe(arrived.length);
    expect((second.status() as { queue: object }).queue).toMatchObject({ held: 0 });
  });
});
