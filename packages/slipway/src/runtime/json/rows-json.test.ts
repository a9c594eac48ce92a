import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MISSING_STRING, type Output } from "@slipway/core/package";
import { type OutputData, toRows } from "@slipway/core/predict";
import { rowsJson } from "./rows-json.ts";

const ROWS = 5;
const name = fc.oneof(fc.string(), fc.constantFrom("label", "a\"b", "__proto__", "\u2028"));
const widths = fc.integer({ min: 1, max: 4 });
function outputs(): fc.Arbitrary<OutputData> {
  return widths.chain((width) => fc.oneof(
    fc.array(fc.double(), { minLength: ROWS * width, maxLength: ROWS * width }).map((v) => Float64Array.from(v)),
    fc.array(fc.float(), { minLength: ROWS * width, maxLength: ROWS * width }).map((v) => Float32Array.from(v)),
    fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { minLength: ROWS * width, maxLength: ROWS * width }).map((v) => BigInt64Array.from(v)),
    fc.array(fc.nat(255), { minLength: ROWS * width, maxLength: ROWS * width }).map((v) => Uint8Array.from(v)),
    fc.array(fc.oneof(fc.string(), fc.constant(MISSING_STRING)), { minLength: ROWS * width, maxLength: ROWS * width }),
  ).chain((data) => fc.record({ single: fc.boolean(), named: fc.boolean(), bool: fc.boolean(), outputName: name, columns: fc.uniqueArray(fc.string().map((s) => `c${s}`), { minLength: width, maxLength: width }) }).map(({ single, named, bool, outputName, columns }): OutputData => {
    const output: Output = { name: outputName, graphName: "g", kind: "probabilities", type: data instanceof Uint8Array ? (bool ? "bool" : "uint8") : "double", rowShape: single && width === 1 ? [] : [width], ...(named ? { columns } : {}) };
    return { output, width, data };
  })));
}

describe("rows as JSON", () => {
  it("are what JSON.stringify makes of them", () => {
    fc.assert(fc.property(fc.uniqueArray(outputs(), { minLength: 1, maxLength: 4, selector: (o) => o.output.name }), (all) => {
      const usable = all.filter((o) => o.output.name !== "__proto__" && !/^\d+$/.test(o.output.name));
      if (usable.length === 0) return;
      const prediction = { rows: ROWS, computeMs: 0, outputs: usable };
      expect(`[${rowsJson(prediction)}]`).toBe(JSON.stringify(toRows(prediction)));
      expect(`[${rowsJson(prediction, 1, 3)}]`).toBe(JSON.stringify(toRows(prediction, 1, 3)));
    }), { numRuns: 300 });
  });
  it("keep nested rows", () => {
    const output: Output = { name: "box", graphName: "g", kind: "value", type: "double", rowShape: [2, 2] };
    const prediction = { rows: 1, computeMs: 0, outputs: [{ output, width: 4, data: Float64Array.of(1, 2, 3, 4), dims: [2, 2] }] };
    expect(rowsJson(prediction)).toBe('{"box":[[1,2],[3,4]]}');
  });
});
