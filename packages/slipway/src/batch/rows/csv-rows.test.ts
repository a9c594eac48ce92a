import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Encoder, readCsv } from "../../runtime/index.ts";
import { columnsModel, matrixModel, textModel } from "../../runtime/testing.ts";
import { csvField } from "../output/csv-field.ts";
import { ByteSink } from "../output/byte-sink.ts";
import { layOut } from "./columns.ts";
import { CsvRows } from "./csv-rows.ts";
import type { GoodRows } from "./row-block.ts";

const MODELS = [columnsModel(), matrixModel(), textModel()].map((m) => m.signature);

describe("rows of CSV, read from their bytes", () => {
  it("are what the reader of whole texts makes of each", () => {
    const value = fc.oneof(fc.double().map(String), fc.integer().map(String), fc.constantFrom("", "pro", "basic", "1", "0", "true", "NA", "nan", " 7 ", "inf", "1e5", "-0", "007", "5.", ".5", "1,2", "é", 'say "hi"', "12345678901234567890", "0.1234567890123456"), fc.string({ maxLength: 8 }).map((s) => s.replace(/[\r\n]/g, " ")));
    fc.assert(fc.property(fc.nat({ max: 2 }), fc.array(fc.array(fc.record({ value, quoted: fc.boolean() }), { minLength: 6, maxLength: 6 }), { minLength: 1, maxLength: 40 }), fc.constantFrom(",", ";", "\t"), fc.constantFrom("\n", "\r\n"), fc.boolean(), (which, rows, delimiter, end, last) => {
      const signature = MODELS[which]!;
      const encoder = new Encoder(signature);
      const names = signature.layout === "text" ? ["anything"] : [...signature.columns.map((c) => c.name), "id"];
      const fields = rows.map((row) => names.map((_, i) => {
        const { value: v, quoted } = row[i]!;
        return quoted || /["\r\n,;\t]/.test(v) ? `"${v.replaceAll('"', '""')}"` : v;
      }));
      const written = fields.map((f) => f.join(delimiter));
      // Those that the model knows; the others are nothing to it here.
      const known = names.flatMap((n, i) => (signature.layout === "text" || encoder.plan.names.has(n) ? [i] : []));
      const layout = layOut(names, encoder.plan, "unused", "it");
      const block = new CsvRows(encoder.plan, layout, delimiter.charCodeAt(0)).read(Buffer.from(written.join(end) + (last ? end : "")));
      const kept = [...block.parts as Iterable<GoodRows>].flatMap((part) => Array.from(part.rowOf, (row, i) => ({ row, numbers: [...part.batch.numbers.subarray(i * encoder.plan.numbers, (i + 1) * encoder.plan.numbers)], strings: part.batch.strings.slice(i * encoder.plan.strings, (i + 1) * encoder.plan.strings), part, i })));
      let number = 0;
      for (const [r, line] of written.entries()) {
        // An empty line is no record.
        if (line === "") continue;
        let expected;
        try {
          expected = encoder.encode(readCsv(`${known.map((i) => csvField(names[i]!)).join(delimiter)}\n${known.map((i) => fields[r]![i]!).join(delimiter)}\n`, signature, { delimiter }), "rows");
        } catch {
          expected = undefined;
        }
        const found = kept.find((k) => k.row === number);
        if (expected === undefined || expected.rowErrors.size > 0) {
          expect(found).toBeUndefined();
          expect(block.bad.some((b) => b.row === number)).toBe(true);
        } else {
          expect(found?.numbers).toEqual([...expected.batch.numbers]);
          expect(found?.strings).toEqual(expected.batch.strings);
          if (layout.kept.length > 0) {
            const sink = new ByteSink();
            found!.part.keptCsv(sink, found!.i, 0);
            expect(sink.written().toString()).toBe(fields[r]![layout.kept[0]!]!);
          }
        }
        number++;
      }
      expect(block.rows).toBe(number);
    }), { numRuns: 150 });
  });

  it("names what is wrong with a row, and goes on with the next", () => {
    const encoder = new Encoder(MODELS[0]!);
    const layout = layOut(["id", "age", "plan", "member", "note"], encoder.plan, "unused", "it");
    const lines = ["1,30,pro,1,a", "2,old,pro,1,a", "3,30,gold,1,a", "4,30,pro", '5,30,pro,1,"never closed', "6,30,pro,1,a,b", '7,30,pro,1,5" pipe', Buffer.from([0x38, 0x2c, 0x33, 0x30, 0x2c, 0x70, 0x72, 0x6f, 0x2c, 0x31, 0x2c, 0xff]), '9,30,"pro" x,1,a', "10,31,basic,0,"];
    const block = new CsvRows(encoder.plan, layout, 0x2c).read(Buffer.concat(lines.flatMap((l) => [Buffer.from(l as string), Buffer.from("\n")])));
    expect([...block.parts as Iterable<GoodRows>].flatMap((p) => [...p.rowOf])).toEqual([0, 9]);
    expect(block.rows).toBe(10);
    expect(block.bad.map((b) => [b.row, b.column, b.reason])).toEqual([
      [1, "age", expect.stringContaining("expected a number")], [2, "plan", expect.stringContaining("one of")], [3, null, "3 fields, where the first line has 5"],
      [4, null, expect.stringContaining("quoted field is not closed")], [5, null, "6 fields, where the first line has 5"], [6, null, expect.stringContaining("quote")], [7, null, "bytes that are not UTF-8"], [8, null, expect.stringContaining("closing quote")],
    ]);
    expect(block.bad[1]!.text).toBe("3,30,gold,1,a");
  });
  it("refuses input without the model's columns, by their names", () => {
    const { plan } = new Encoder(MODELS[0]!);
    expect(() => layOut(["agee", "plan", "member"], plan, "unused", "it")).toThrow(/"age" \(it has "agee": was that meant\?\)/);
    expect(() => layOut(["x", "y"], plan, "unused", "it")).toThrow(/columns of the model/);
    expect(() => layOut(["age", "plan", "member", "id"], plan, ["idd"], "it")).toThrow(/did you mean "id"/);
    expect(layOut(["age", "plan", "member"], plan, "unused", "it").absent.map((s) => s.name)).toEqual(["note"]);
  });
});
