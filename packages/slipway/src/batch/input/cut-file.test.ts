import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { cutFile, RangeReader } from "./cut-file.ts";
import { splitRecords } from "./split.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-cut-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, "a.csv");

describe("a plain file", () => {
  it("is cut as its bytes would be, and its ranges are those bytes", async () => {
    const field = fc.constantFrom("", "a", "1.5", '"x,y"', '"line\nend"', '"open');
    const record = fc.array(field, { minLength: 1, maxLength: 4 }).map((f) => f.join(","));
    await fc.assert(fc.asyncProperty(fc.array(record, { maxLength: 25 }), fc.boolean(), fc.integer({ min: 1, max: 60 }), fc.nat({ max: 20 }), fc.constantFrom(0x2c, undefined), async (records, last, blockBytes, start, delimiter) => {
      const bytes = Buffer.from(records.join("\n") + (last && records.length > 0 ? "\n" : ""));
      writeFileSync(path, bytes);
      const rest = bytes.subarray(Math.min(start, bytes.length));
      const expected: string[] = [];
      for await (const block of splitRecords((async function* () { if (rest.length > 0) yield rest; })(), { blockBytes, delimiter })) expected.push(block.toString());
      const reader = new RangeReader();
      const found: string[] = [];
      for (const block of cutFile(path, start, { blockBytes, delimiter })) {
        found.push(block.bytes.toString());
        expect(reader.read({ path, from: block.from, to: block.from + block.bytes.length }).toString()).toBe(found.at(-1));
      }
      expect(found).toEqual(expected);
    }), { numRuns: 200 });
  });
  it("that became shorter is told", () => {
    writeFileSync(path, "abc");
    expect(() => new RangeReader().read({ path, from: 1, to: 5 })).toThrow(expect.objectContaining({ code: "batch-input-damaged" }));
  });
});
