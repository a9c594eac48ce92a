import { describe, expect, it } from "vitest";
import { Problems, type Slot } from "../../runtime/index.ts";
import { CheckedTexts } from "./checked-texts.ts";
import type { TableColumn } from "./table-store.ts";

const slot = { name: "city", kind: "string", place: 0, expected: "a or b", column: { name: "city", type: "string", missing: "allowed" }, known: new Set(["a", "b", "a text beyond twelve"]) } as unknown as Slot;

/** As DuckDB has them: a length and twelve bytes, of longer texts the first four and an address. */
function columnOf(texts: readonly (string | null)[], address = 0): TableColumn {
  const keys = new Int32Array(texts.length * 4);
  texts.forEach((text, i) => {
    const bytes = Buffer.from(text ?? "left over");
    keys[i * 4] = bytes.length;
    const room = Buffer.from(keys.buffer, i * 16 + 4, 12);
    if (bytes.length <= 12) bytes.copy(room);
    else room.writeInt32LE(address, 8);
  });
  return { numbers: undefined, complete: !texts.includes(null), textKeys: keys, isValid: (row) => texts[row] !== null, value: (row) => texts[row], text: (row) => texts[row]! };
}

describe("CheckedTexts", () => {
  it("puts each text in its place, again and again, and tells of every row that has a wrong one", () => {
    const checked = new CheckedTexts(slot);
    for (let turn = 0; turn < 3; turn++) {
      const texts = ["a", "b", "c", "a", null, "a text beyond twelve", "c", "", "b"];
      const strings = new Array<string>(texts.length * 2).fill("-");
      const problems = new Problems();
      checked.place(columnOf(texts), texts.length, strings, 2, problems);
      expect(strings.filter((_, i) => i % 2 === 0).filter((_, i) => ![2, 4, 6, 7].includes(i))).toEqual(["a", "b", "a", "a text beyond twelve", "b"]);
      expect(strings.filter((_, i) => i % 2 === 1).every((s) => s === "-")).toBe(true);
      expect([...problems.rows.keys()]).toEqual([2, 6, 7]);
    }
  });
  it("tells texts apart that share a place, and long ones at one address", () => {
    const many = Array.from({ length: 5000 }, (_, i) => `${i % 1700}`);
    const any = { ...slot, known: undefined } as Slot;
    const checked = new CheckedTexts(any);
    for (const texts of [many, many.map((t) => `${t} of a long text`)]) {
      const strings = new Array<string>(texts.length);
      checked.place(columnOf(texts, 7), texts.length, strings, 1, new Problems());
      expect(strings).toEqual(texts);
    }
  });
});
