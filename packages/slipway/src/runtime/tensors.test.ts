import { describe, expect, it } from "vitest";
import { SlipwayError } from "@slipway/core/base";
import type { Signature, TensorInput, TensorRows } from "@slipway/core/package";
import { encodeTensors, readInput } from "@slipway/core/predict";
import { readCsv } from "./csv.ts";

function signature(tensors: readonly TensorInput[], tensorRows: TensorRows = "together"): Signature {
  return { layout: "tensors", tensors, tensorRows, columns: [], extraColumns: "refused", outputs: [] };
}
const X: TensorInput = { name: "x", type: "float", shape: ["N", 2] };
const encode = (body: unknown, s: Signature): { dims: readonly number[]; data: unknown }[] =>
  encodeTensors(readInput(body, s), s).tensors!.map(({ dims, data }) => ({ dims, data: Array.from(data as ArrayLike<unknown>) }));
function message(body: unknown, s: Signature): string {
  try {
    encode(body, s);
  } catch (error) {
    if (error instanceof SlipwayError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "";
}

describe("a request of tensors", () => {
  it("is taken in every form that says the same", () => {
    const s = signature([X]);
    const same = [{ dims: [2, 2], data: [1, 2, 3, 4] }];
    for (const body of [
      { inputs: { x: [[1, 2], [3, 4]] } }, { inputs: [{ name: "x", shape: [2, 2], datatype: "FP32", data: [1, 2, 3, 4] }] }, { inputs: [{ name: "x", data: [[1, 2], [3, 4]] }] },
      [[1, 2], [3, 4]], [{ x: [1, 2] }, { x: [3, 4] }], { records: [{ x: [1, 2] }, { x: [3, 4] }] }, { rows: [[1, 2], [3, 4]] }, { x: [[1, 2], [3, 4]] },
    ]) expect([JSON.stringify(body), encode(body, s)]).toEqual([JSON.stringify(body), same]);
  });
  it("takes one row without the list around it", () => {
    expect(encode([1, 2], signature([X]))).toEqual([{ dims: [1, 2], data: [1, 2] }]);
    expect(encode({ x: [1, 2] }, signature([X]))).toEqual([{ dims: [1, 2], data: [1, 2] }]);
  });
  it("has any number of dimensions where the model takes any, the same for all such inputs", () => {
    const s = signature([{ ...X, shape: ["N", -1], anyRank: true }]);
    for (const [value, dims] of [[[1, 2], [2]], [[[1, 2]], [1, 2]], [[[[1, 2]], [[3, 4]]], [2, 1, 2]]] as const) expect(encode({ inputs: { x: value } }, s)[0]!.dims).toEqual(dims);
    expect(encode([{ x: [[1, 2]] }], s)[0]!.dims).toEqual([1, 1, 2]);
    expect(message({ inputs: { x: [[[[[[1]]]]]] } }, s)).toMatch(/expected shape \[N, \.\.\.\], found \[1, 1, 1, 1, 1, 1\]/);
    expect(message({ inputs: { x: 1 } }, s)).toMatch(/expected shape|rows were sent/);
    expect(message({ inputs: { x: [[1, 2]], y: [1] } }, signature([{ ...X, anyRank: true }, { ...X, name: "y", anyRank: true }]))).toMatch(/"y" has 1 dimensions, an input before it has 2/);
  });
  it("keeps every element type exact", () => {
    const of = (type: TensorInput["type"], values: unknown): unknown => encode({ inputs: { x: values } }, signature([{ name: "x", type, shape: ["N"] }]))[0]!.data;
    expect(of("int64", [1, "9007199254740993", -5, true])).toEqual([1n, 9007199254740993n, -5n, 1n]);
    expect(of("uint64", ["18446744073709551615"])).toEqual([18446744073709551615n]);
    expect(of("uint8", [0, 255])).toEqual([0, 255]);
    expect(of("bool", [true, false, 1])).toEqual([1, 0, 1]);
    expect(of("float", [null, "NaN", "Infinity", "-Infinity", 0.5])).toEqual([NaN, NaN, Infinity, -Infinity, 0.5]);
    expect(of("float16", [1, -2])).toEqual([0x3c00, 0xc000]);
    expect(of("string", ["a", ""])).toEqual(["a", ""]);
  });
  it("says what does not fit", () => {
    const s = signature([X, { name: "n", type: "int8", shape: ["N"] }]);
    const good = { x: [[1, 2]], n: [1] };
    for (const [change, expected] of [
      [{ x: [[1, 2, 3]] }, /input "x": expected shape \[N, 2\], found \[1, 3\]/], [{ x: [[1, 2], [3]] }, /lists differ in length/], [{ x: [[1, [2]]] }, /lists differ in length or depth/],
      [{ x: [[1, "two"]] }, /value 1 is text "two"; expected a number/], [{ x: [[1, 1e39]] }, /a number that its floats can hold/], [{ n: [128] }, /whole number from -128 to 127/], [{ n: [0.5] }, /whole number/],
      [{ n: [1, 2] }, /2 for the size N|2 rows/], [{ y: [1] }, /no input "y"/], [{ x: [[1, { a: 1 }]] }, /expected a number/],
    ] as const) expect(message({ inputs: { ...good, ...change } }, s)).toMatch(expected);
    expect(message({ inputs: { x: [[1, 2]] } }, s)).toMatch(/input "n" is missing/);
    expect(message([[1, 2]], s)).toMatch(/request-shape/);
    expect(message({ inputs: [{ name: "x", shape: [5, 5], data: [1] }] }, s)).toMatch(/does not hold 1 values/);
    expect(message("text", s)).toMatch(/request-shape/);
    expect(message([], s)).toMatch(/request-shape/);
    expect(message([{ x: [1, 2], n: 1 }, { x: [1, 2] }], s)).toMatch(/row 2: input "n" is missing/);
    expect(message({ inputs: { x: JSON.parse("[".repeat(70) + "]".repeat(70)) as unknown, n: [1] } }, s)).toMatch(/too large|expected shape/);
  });
  it("takes tables where inputs have one value a row", () => {
    const s = signature([{ name: "age", type: "float", shape: ["N", 1] }, { name: "city", type: "string", shape: ["N", 1] }]);
    const same = [{ dims: [2, 1], data: [31, NaN] }, { dims: [2, 1], data: ["Bern", ""] }];
    expect(encode([{ age: 31, city: "Bern" }, { age: null, city: "" }], s)).toEqual(same);
    expect(encode({ columns: { age: [31, null], city: ["Bern", ""] } }, s)).toEqual(same);
    const csv = (text: string, of: Signature): unknown => encodeTensors(readCsv(text, of), of).tensors!.map(({ dims, data }) => ({ dims, data: Array.from(data as ArrayLike<unknown>) }));
    expect(csv('city,age\nBern,31\n"",\n', s)).toEqual(same);
    expect(() => csv("town,age\nBern,31\n", s)).toThrow(/does not name the input "city"/);
    for (const text of ["1,2\n3,4\n", "a,b\n1,2\n3,4\n"]) expect(csv(text, signature([X]))).toEqual([{ dims: [2, 2], data: [1, 2, 3, 4] }]);
    expect(() => csv("a,b\n1,x\n", signature([X]))).toThrow(/value 1 is text "x"/);
    expect(() => csv("a\n1\n", signature([{ name: "x", type: "float", shape: ["N", 2, 2] }]))).toThrow(/no table: x \[N, 2, 2\]/);
  });
  it("takes one set of tensors where there are no rows", () => {
    const s = signature([{ name: "a", type: "float", shape: ["m", "k"] }, { name: "b", type: "float", shape: ["k", -1] }, { name: "c", type: "float", shape: [] }], "none");
    expect(encode({ a: [[1, 2]], b: [[1], [2]], c: 5 }, s)).toEqual([{ dims: [1, 2], data: [1, 2] }, { dims: [2, 1], data: [1, 2] }, { dims: [], data: [5] }]);
    expect(message({ a: [[1, 2]], b: [[1]], c: 5 }, s)).toMatch(/for the size k/);
    expect(message([{ a: [[1]], b: [[1]], c: 5 }, { a: [[1]], b: [[1]], c: 5 }], s)).toMatch(/one set of tensors a request/);
  });
});
