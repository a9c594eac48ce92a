import { MISSING_STRING, type Output } from "@slipway/core/package";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Encoder, type EngineData, type Prediction } from "../../runtime/index.ts";
import { columnsModel } from "../../runtime/testing.ts";
import { ByteSink } from "../output/byte-sink.ts";
import { CsvWriter } from "../output/rows-writer.ts";
import { layOut } from "../rows/columns.ts";
import { CsvRows } from "../rows/csv-rows.ts";
import type { GoodRows } from "../rows/row-block.ts";

const { signature } = columnsModel();
const { plan } = new Encoder(signature);
const names = ["id", "age", "plan", "member", "note"];

const output = (name: string, type: Output["type"], columns?: readonly string[]): Output => ({ name, graphName: name, type, kind: "value", rowShape: columns === undefined ? [] : [columns.length], ...(columns === undefined ? {} : { columns }) }) as Output;

/** What a model could give for so many rows. */
function predictionOf(rows: number, doubles: readonly number[], whole: readonly bigint[], labels: readonly string[], refused: ReadonlySet<number>): Prediction {
  const outputs: [Output, number, EngineData][] = [
    [output("score", "double", ["a", "b"]), 2, Float64Array.from({ length: 2 * rows }, (_, i) => doubles[i % doubles.length]!)],
    [output("small", "float"), 1, Float32Array.from({ length: rows }, (_, i) => doubles[(i * 7) % doubles.length]!)],
    [output("whole", "int64"), 1, BigInt64Array.from({ length: rows }, (_, i) => whole[i % whole.length]!)],
    [output("label", "string"), 1, Array.from({ length: rows }, (_, i) => labels[i % labels.length]!)],
  ];
  return { rows, computeMs: 0, outputs: outputs.map(([o, width, data]) => ({ output: o, width, data })), refused: new Map([...refused].filter((r) => r < rows).map((r) => [r, "no"])) };
}

function written(rows: readonly GoodRows[], prediction: (rows: number) => Prediction, sink: ByteSink, scanned: boolean): string {
  const writer = new CsvWriter({ kept: ["id", "plan"], idPrefix: "abc", version: "1.0,0", delimiter: "," });
  writer.begin(12);
  sink.clear();
  for (const part of rows) {
    const { scanned: _, ...without } = part;
    writer.write(sink, scanned ? part : without, prediction(part.batch.rows));
  }
  return sink.written().toString();
}

describe("rows written in WebAssembly", () => {
  it("are those that are written cell by cell", () => {
    const label = fc.oneof(fc.constantFrom("yes", "", MISSING_STRING, 'say "no"', "a,b", "é"), fc.string({ maxLength: 100 }));
    fc.assert(fc.property(
      fc.array(fc.constantFrom("7", "", "x y", '"a,b"', "é"), { minLength: 1, maxLength: 40 }), fc.array(fc.oneof(fc.double(), fc.constantFrom(0, 1, NaN, 0.5)), { minLength: 1, maxLength: 30 }),
      fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { minLength: 1, maxLength: 9 }), fc.array(label, { minLength: 1, maxLength: 5 }), fc.uniqueArray(fc.nat({ max: 40 })), fc.boolean(),
      (ids, doubles, whole, labels, refused, broken) => {
        const rows = new CsvRows(plan, layOut(names, plan, ["id", "plan"], "it"), 0x2c);
        const csv = ids.map((id, i) => `${id},${i + 18},${i % 2 === 0 ? "pro" : "basic"},1,note${broken && i % 3 === 1 ? ",more" : ""}\n`).join("");
        const parts = [...(rows.read(Buffer.from(csv)).parts as Iterable<GoodRows>)];
        const prediction = (count: number): Prediction => predictionOf(count, doubles, whole, labels, new Set(refused));
        if (!broken) expect(parts.map((part) => part.scanned !== undefined)).toEqual([true]);
        expect(written(parts, prediction, rows.text.sink, true)).toBe(written(parts, prediction, new ByteSink(), false));
      }), { numRuns: 100 });
  });

  it("are the same where there are more labels than it keeps, and more bytes than there was room for", () => {
    const rows = new CsvRows(plan, layOut(names, plan, "all", "it"), 0x2c);
    const csv = Array.from({ length: 1000 }, (_, i) => `${"i".repeat(3000)},${i},pro,0,n\n`).join("");
    const parts = [...(rows.read(Buffer.from(csv)).parts as Iterable<GoodRows>)];
    const many = Array.from({ length: 600 }, (_, i) => `label ${i}`);
    for (const labels of [["one"], many]) {
      const prediction = (count: number): Prediction => predictionOf(count, [0.1], [5n], labels, new Set());
      const whole = written(parts, prediction, rows.text.sink, true);
      expect(whole.length).toBeGreaterThan(3_000_000);
      expect(whole).toBe(written(parts, prediction, new ByteSink(), false));
    }
  });
});
