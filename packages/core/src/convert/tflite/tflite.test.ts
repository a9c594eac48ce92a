import fc from "fast-check";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { refusalOf } from "../../base/testing.ts";
import { inverseRoot, multiplyOne, quantizeMultiplier } from "./fixed-point.ts";
import { importTflite } from "./import-tflite.ts";

const file = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`../../../../../corpus/cases/${name}/model.tflite`, import.meta.url)));


describe("TensorFlow Lite", () => {
  it("writes factors as TensorFlow's QuantizeMultiplier does", () => {
    expect(quantizeMultiplier(0.5)).toEqual({ mantissa: 2 ** 30, shift: 0 });
    expect(quantizeMultiplier(1)).toEqual({ mantissa: 2 ** 30, shift: 1 });
    expect(quantizeMultiplier(0.75)).toEqual({ mantissa: 1610612736, shift: 0 });
    expect(quantizeMultiplier(1e-12)).toEqual({ mantissa: 0, shift: 0 });
    expect(quantizeMultiplier(0.0123)).toEqual({ mantissa: Math.round(0.0123 * 2 ** 37), shift: -6 });
  });
  it("finds inverse roots in fixed point within what five steps give", () => {
    for (let x = 2; x < 256; x++) expect(multiplyOne(2 ** 20, inverseRoot(x)) * Math.sqrt(x) / 2 ** 20).toBeCloseTo(1, 3);
    expect(inverseRoot(1)).toEqual({ mantissa: 2 ** 31 - 1, shift: 0 });
  });
  it("says where runtimes differ, and that a state is not kept between calls", () => {
    expect(importTflite(file("tflite-int8-transformer")).compiled.warnings).toEqual([expect.stringMatching(/BATCH_MATMUL is computed as LiteRT does/)]);
    expect(importTflite(file("tflite-float-lstm")).compiled.warnings).toEqual([expect.stringMatching(/each call starts with a state of zeros/)]);
    expect(importTflite(file("tflite-dynamic")).compiled.warnings).toEqual([expect.stringMatching(/rounded to 256 steps/)]);
    expect(importTflite(file("tflite-int8-layer-norm")).compiled.warnings).toEqual([]);
  });
  it("takes rows where the file leaves their number open", () => {
    expect(importTflite(file("tflite-int8-mlp")).compiled.signature).toMatchObject({ layout: "tensors", tensorRows: "independent", tensors: [{ type: "int8" }], outputs: [{ type: "int8", rowShape: [2] }] });
  });
  for (const name of ["tflite-int8-mlp", "tflite-float-image", "tflite-int8-image", "tflite-float-sequence"]) {
    it(`${name}: whatever is changed is taken or refused with a code`, () => {
      const good = file(name);
      fc.assert(fc.property(fc.array(fc.tuple(fc.nat(good.length - 1), fc.constantFrom(0, 1, 2, 4, 16, 127, 128, 255)), { minLength: 1, maxLength: 12 }), (changes) => {
        const bytes = good.slice();
        for (const [at, value] of changes) bytes[at] = value;
        refusalOf(() => importTflite(bytes));
      }), { numRuns: 150 });
    });
    it(`${name}: fails with a code wherever it is cut off`, () => {
      const good = file(name);
      for (let length = 8; length < good.length - 64; length += 331) expect(refusalOf(() => importTflite(good.subarray(0, length)))).toBeDefined();
    });
  }
});
