import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LONGEST_QUOTED, recordEnd, splitRecords } from "./split.ts";

async function split(text: string | Buffer, cuts: readonly number[], blockBytes: number, delimiter: number | undefined): Promise<string[]> {
  const bytes = Buffer.from(text as string);
  const at = [0, ...cuts.filter((c) => c > 0 && c < bytes.length).toSorted((a, b) => a - b), bytes.length];
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let i = 1; i < at.length; i++) if (at[i]! > at[i - 1]!) yield bytes.subarray(at[i - 1], at[i]);
  }
  const blocks: string[] = [];
  for await (const block of splitRecords(pieces(), { blockBytes, delimiter })) blocks.push(block.toString("latin1"));
  return blocks;
}

describe("blocks of records", () => {
  it("are whole records, and the same however the bytes came", async () => {
    const field = fc.oneof(fc.constantFrom("", "a", "1.5", '"x,y"', '"line\nend"', '"say ""hi"""', '""'), fc.stringMatching(/^[a-z0-9 ]{0,12}$/));
    const record = fc.array(field, { minLength: 1, maxLength: 5 }).map((f) => f.join(","));
    await fc.assert(fc.asyncProperty(fc.array(record, { maxLength: 30 }), fc.constantFrom("\n", "\r\n"), fc.boolean(), fc.integer({ min: 1, max: 80 }), fc.array(fc.nat({ max: 400 }), { maxLength: 6 }), async (records, end, last, blockBytes, cuts) => {
      const text = records.join(end) + (last && records.length > 0 ? end : "");
      const blocks = await split(text, cuts, blockBytes, 0x2c);
      expect(blocks.join("")).toBe(text);
      expect(await split(text, [], blockBytes, 0x2c)).toEqual(blocks);
      const ends = new Set<number>([0, text.length]);
      for (let at = 0; at >= 0 && at < text.length; ) {
        at = recordEnd(Buffer.from(text, "latin1"), at, 0x2c);
        if (at > 0) ends.add(at);
      }
      let at = 0;
      for (const block of blocks) expect(ends.has((at += block.length))).toBe(true);
    }), { numRuns: 400 });
  });
  it("end with the line of a quote that nobody closes", async () => {
    const open = `1,"never closed\n${"2,fine\n".repeat(LONGEST_QUOTED / 7 + 1000)}`;
    const blocks = await split(open, [], 4096, 0x2c);
    expect(blocks.join("")).toBe(open);
    expect(blocks[0]!.length).toBeLessThan(LONGEST_QUOTED + 8192);
    expect(blocks.length).toBeGreaterThan(1);
  });
  it("are lines where there are no quotes to look at", async () => {
    expect(await split('{"a":"\\""}\n{"b":1}\n{', [3], 12, undefined)).toEqual(['{"a":"\\""}\n', '{"b":1}\n{']);
  });
});
