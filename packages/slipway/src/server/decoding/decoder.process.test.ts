import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { decodeImage, decodeTable, stopDecoder } from "./decoder.ts";
import type { ImagePlan } from "@slipway/core/predict";

const { tables, jpegs } = JSON.parse(readFileSync(new URL("./fixtures/binary.json", import.meta.url), "utf8")) as { tables: Record<string, ["parquet" | "arrow", string]>; jpegs: Record<string, string> };
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "base64"));
const soon = (): number => performance.now() + 60_000;
const plan: ImagePlan = { height: 8, width: 8, channels: 3, channelsFirst: false, whole: true, resize: "stretch", filter: "bilinear", bgr: false, fill: 0, scale: 1, mean: [0, 0, 0], std: [1, 1, 1] };
afterAll(stopDecoder);

describe("the thread that decodes", () => {
  it("decodes side by side what is asked at once", async () => {
    const asked = Object.values(tables).map(([kind, text]) => decodeTable(kind, bytes(text), soon()));
    const image = decodeImage(bytes(jpegs["plain"]!), plan, soon());
    expect((await Promise.all(asked)).map((t) => t.rows)).toEqual(asked.map(() => 3));
    expect((await image).data.length).toBe(192);
  });
  // What a reader does with counts that are lies is cut off by the clock.
  it("gives a coded error for every damaged table", async () => {
    const originals = Object.values(tables).map(([kind, text]) => [kind, bytes(text)] as const);
    await fc.assert(fc.asyncProperty(fc.nat(originals.length - 1), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }), fc.boolean(), async (which, changes, cut) => {
      const [kind, original] = originals[which]!;
      const data = new Uint8Array(original);
      for (const [at, value] of changes) data[at % data.length] = value;
      const error = await decodeTable(kind, cut ? data.slice(0, changes[0]![0] % data.length) : data, performance.now() + 1000).then(() => undefined, (e: unknown) => e);
      if (error !== undefined) expect((error as { code?: string }).code, String(error)).toMatch(/^(table-damaged|body-too-large|request-timeout)$/);
    }), { numRuns: 200 });
  });
  it("ends work that is out of time, and decodes on", async () => {
    await expect(decodeTable("parquet", bytes(tables["parquet none"]![1]), performance.now() - 1)).rejects.toMatchObject({ code: "request-timeout" });
    const [a, b] = await Promise.allSettled([decodeTable("arrow", new Uint8Array(2 ** 20), performance.now() + 0.01), decodeTable("parquet", bytes(tables["parquet none"]![1]), soon())]);
    expect(a).toMatchObject({ status: "rejected", reason: { code: expect.stringMatching(/request-timeout|table-damaged/) } });
    expect(b).toMatchObject({ status: "fulfilled", value: { rows: 3 } });
  });
  it("refuses when too many wait", async () => {
    const all = await Promise.allSettled(Array.from({ length: 80 }, () => decodeTable("parquet", bytes(tables["parquet none"]![1]), soon())));
    const refused = all.filter((r) => r.status === "rejected").map((r) => (r.reason as { code: string }).code);
    expect(new Set(refused)).toEqual(new Set(["decoder-busy"]));
    expect(all.length - refused.length).toBeGreaterThanOrEqual(64);
  });
});
