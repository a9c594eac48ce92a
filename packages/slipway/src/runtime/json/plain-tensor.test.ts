import fc from "fast-check";
import type { Signature } from "@slipway/core/package";
import { Encoder, readInput, type Batch } from "@slipway/core/predict";
import { describe, expect, it } from "vitest";
import { parseJson } from "./parse-json.ts";
import { matrixModel } from "../testing.ts";
import { PlainTensor } from "./plain-tensor.ts";

const bytes = (text: string): Buffer => Buffer.from(text);
function signatureOf(type: "float" | "double", ...dims: readonly number[]): Signature {
  return { ...matrixModel().signature, layout: "tensors", columns: [], tensors: [{ name: "x", type, shape: ["N", ...dims] }], tensorRows: "independent" };
}
/** As every other request is read. */
function otherwise(text: string, signature: Signature): Batch | undefined {
  try {
    return new Encoder(signature).encode(readInput(parseJson(text), signature)).batch;
  } catch {
    return undefined;
  }
}
const SHAPES: readonly (readonly number[])[] = [[3], [2, 3], [2, 1], [1, 2, 2], [1]];

describe("plain tensors in JSON", () => {
  it("are read into the engine's numbers", () => {
    const signature = signatureOf("float", 2, 3);
    expect(PlainTensor.of(signature)!.read(bytes(" [ [[1,-2.5, 3e2],\n[0.1,1234567890.12345678,-0]] ,[[1,2,3],[4,5,6]]]\r\n"))).toEqual({
      rows: 2, numbers: new Float64Array(0), strings: [],
      tensors: [{ type: "float32", dims: [2, 2, 3], data: new Float32Array([1, -2.5, 300, 0.1, 1234567890.12345678, -0, 1, 2, 3, 4, 5, 6]) }],
    });
  });
  it("are read however many rows there are and however long the text is", () => {
    const signature = signatureOf("double", 2);
    const plain = PlainTensor.of(signature)!;
    for (const rows of [1, 2, 3, 1000, 70_000]) {
      const text = JSON.stringify(Array.from({ length: rows }, (_, i) => [i, i / 3]));
      expect(plain.read(bytes(text))).toEqual(otherwise(text, signature));
      expect(plain.read(bytes(text))).toBeDefined();
    }
    // What a longer text left behind is not read.
    expect(plain.read(bytes("[[1,2]"))).toBeUndefined();
    expect(plain.read(bytes("[[1,2"))).toBeUndefined();
  });
  it.each([signatureOf("double"), signatureOf("double", -1), { ...signatureOf("float", 2), tensorRows: "none" } as Signature, { ...signatureOf("float", 2), tensors: [{ name: "x", type: "int64", shape: ["N", 2] }] } as Signature])("are not looked for in a model of other inputs", (signature) => {
    expect(PlainTensor.of(signature)).toBeUndefined();
  });
  it.each(["", "[", "[]", "{}", "1", "null", "[1,2,3]", "[[1,2]]", "[[1,2,3,4]]", "[[1,2,3]", "[[1,2,3]]x", "[[1,2,3],]", "[[1,2,03]]", "[[1,2,-03]]", "[[1,2,.5]]", "[[1,2,5.]]", "[[1,2,5.e1]]", "[[1,2,1e]]", "[[1,2,+1]]", "[[1,2,-]]", "[[1,2,NaN]]", "[[1,2,null]]", '[[1,2,"3"]]', "[[1,2,[3]]]", "[[1,2,1e999]]", "[[1,2,1e39]]", "[[1 2,3]]", "[[[1,2,3]]]"])("leave %s to the reader that explains", (text) => {
    expect(PlainTensor.of(signatureOf("float", 3))!.read(bytes(text))).toBeUndefined();
  });
  it("are what other readers make of them, or are left to these", () => {
    const number = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => JSON.stringify(n)), fc.integer().map(String), fc.float({ noNaN: true, noDefaultInfinity: true }).map((v) => String(Number(v.toPrecision(7)))), fc.constantFrom("0", "1"),
      fc.tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 18n }), fc.stringMatching(/^\d{1,20}$/)).map(([minus, whole, places]) => `${minus ? "-" : ""}${whole}.${places}`),
      fc.constantFrom("-0", "0.0", "-0.000", "1E5", "1e-7", "123456789012345", "1234567890123456", "0.00000000000001", "0.000000000000001", "0.123456789012345678", "9007199254740993", "1e-320", "1.7976931348623157e308", "3.4028235e38", "null", "01", "00.5"));
    const space = fc.constantFrom("", "", " ", "\n", "\t ", "\r\n");
    const damages = fc.option(fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), put: fc.constantFrom("", ",", "]", "[", '"', "1", " ", "-", ".", "e", "x") }), { freq: 4 });
    let read = 0;
    fc.assert(fc.property(fc.nat({ max: SHAPES.length - 1 }), fc.boolean(), fc.array(fc.array(number, { minLength: 6, maxLength: 6 }), { minLength: 1, maxLength: 6 }), space, damages, (which, single, rows, pad, damage) => {
      const dims = SHAPES[which]!;
      const signature = signatureOf(single ? "float" : "double", ...dims);
      const nested = (values: readonly string[], depth: number): string => {
        if (depth === dims.length) return values[0]!;
        const each = values.length / dims[depth]!;
        return `[${pad}${Array.from({ length: dims[depth]! }, (_, i) => nested(values.slice(i * each, (i + 1) * each), depth + 1)).join(`${pad},${pad}`)}${pad}]`;
      };
      const width = dims.reduce((n, d) => n * d, 1);
      let json = `[${pad}${rows.map((row) => nested(row.slice(0, width), 0)).join(`,${pad}`)}${pad}]`;
      if (damage !== null) {
        const at = Math.floor(damage.at * json.length);
        json = json.slice(0, at) + damage.put + json.slice(at + (damage.put === "" ? 1 : 0));
      }
      const found = PlainTensor.of(signature)!.read(bytes(json));
      if (found === undefined) return;
      read++;
      const expected = otherwise(json, signature);
      expect(found).toEqual(expected);
      const [mine, theirs] = [found, expected!].map(({ tensors }) => tensors![0]!.data as Float64Array);
      expect(mine!.every((v, i) => Object.is(v, theirs![i]))).toBe(true);
    }), { numRuns: 4000 });
    expect(read).toBeGreaterThan(500);
  });
});
