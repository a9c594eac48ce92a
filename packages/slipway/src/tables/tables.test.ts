// Rows of every kind of file come in order and in parts, and damaged files are coded errors. The binary files were written
// by pyarrow: 2,500 rows, Parquet in row groups of 1,000, Arrow in record batches of 900 (file, LZ4) and 700 (stream).

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { readRows, rowsOfText, type RowBatch } from "./index.ts";
import { textRows } from "./text-rows.ts";

const fixture = (name: string): string => new URL(`./fixtures/${name}`, import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "slipway-tables-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const put = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
async function all(rows: AsyncIterable<RowBatch>): Promise<{ rows: Record<string, unknown>[]; batches: number; texts: boolean }> {
  const found: Record<string, unknown>[] = [];
  let batches = 0;
  let texts = false;
  for await (const batch of rows) {
    batches++;
    ({ texts } = batch);
    found.push(...batch.rows);
  }
  return { rows: found, batches, texts };
}
const expected = Array.from({ length: 2500 }, (_, i) => ({ id: i, x: i % 7 === 0 ? null : i / 4, town: ["Oslo", "Paris", "Köln"][i % 3], yes: i % 2 === 0 }));

describe("rows of a file", () => {
  it("come from Parquet and Arrow, group by group", async () => {
    for (const [name, count] of [["rows.parquet", 2500], ["rows.arrow", 2500], ["rows.arrows", 1500]] as const) {
      const found = await all(readRows(fixture(name)));
      expect(found.rows, name).toEqual(expected.slice(0, count));
      expect([found.batches >= 3, found.texts]).toEqual([true, false]);
    }
  });
  it("come from CSV, JSON lines and JSON lists, packed or not, with thousands of rows in parts", async () => {
    const csv = ["id,town", ...expected.map((r) => `${r.id},${r.town}`)].join("\n");
    const want = expected.map((r) => ({ id: String(r.id), town: r.town }));
    for (const file of [put("a.csv", `\ufeff${csv}`), put("a.csv.gz", gzipSync(csv)), put("b.csv", csv.replaceAll(",", ";").replaceAll("\n", "\r\n"))]) expect(await all(readRows(file))).toMatchObject({ rows: want, texts: true });
    for (const text of [expected.map((r) => JSON.stringify(r)).join("\n"), JSON.stringify(expected), JSON.stringify(expected, null, 2), JSON.stringify({ records: expected })]) {
      expect(await all(readRows(put("a.json", text)))).toMatchObject({ rows: expected, texts: false });
    }
    expect((await all(readRows(put("many.csv", csv)))).batches).toBeGreaterThanOrEqual(1);
  });
  it("are the same wherever the text is cut", async () => {
    const records = [{ a: 'x"]}', b: [1, { c: "\\" }] }, { a: "é,\n", b: {} }, { a: null, b: NaN }];
    const text = `[${records.map((r) => JSON.stringify(r)).join(" ,\n")}]`.replace('"b":null}]', '"b":NaN}]');
    const lines = text.slice(1, -1).replaceAll(" ,\n", "\n");
    await fc.assert(fc.asyncProperty(fc.constantFrom(text, lines), fc.array(fc.nat(60), { maxLength: 8 }), async (whole, cuts) => {
      const places = [0, ...cuts.map((c) => c % whole.length).sort((a, b) => a - b), whole.length];
      const pieces = places.slice(1).map((end, i) => whole.slice(places[i], end));
      expect((await all(textRows(pieces, "x.json"))).rows).toEqual(records);
    }), { numRuns: 200 });
  });
  it("are refused with a code where there are none, or the file is not what it seems", async () => {
    for (const [text, code] of [['[{"a":1}', "table-json"], ['[{"a":1} {"a":2}]', ""], ["[1, 2]", "table-json"], ['{"a":1}}', "table-json"], ['[{"a":1}] x', "table-json"], ["[[1],[2]]", "table-json"], ['{"a', "table-json"]] as const) {
      const found = all(rowsOfText(text, "x.json"));
      if (code === "") await expect(found).resolves.toBeDefined();
      else await expect(found, text).rejects.toMatchObject({ code });
    }
    await expect(all(readRows(join(folder, "none.csv")))).rejects.toMatchObject({ code: "table-not-found" });
    await expect(all(readRows(folder))).rejects.toMatchObject({ code: "table-not-found" });
    await expect(all(readRows(put("latin1.csv", Buffer.from("a,b\n1,\xe9", "latin1"))))).rejects.toMatchObject({ code: "table-not-text" });
    await expect(all(readRows(put("bomb.csv.gz", gzipSync(Buffer.alloc(2 ** 26, 97)))))).rejects.toMatchObject({ code: expect.stringMatching(/table-limit|request-csv|request-limit/) });
    expect((await all(rowsOfText("", "x.csv"))).rows).toEqual([]);
  });
  it("of damaged binary files are coded errors", async () => {
    for (const name of ["rows.parquet", "rows.arrow", "rows.arrows"]) {
      const original = readFileSync(fixture(name));
      await fc.assert(fc.asyncProperty(fc.nat(original.length - 1), fc.nat(255), fc.boolean(), async (at, value, cut) => {
        const changed = new Uint8Array(cut ? original.subarray(0, at + 1) : original);
        changed[at] = value;
        await all(readRows(put(`changed-${name}`, changed))).catch((error: { code?: unknown }) => expect(String(error.code), String(error)).toMatch(/^(table-|body-too-large|request-)/));
      }), { numRuns: 40 });
    }
  }, 60_000);
});
