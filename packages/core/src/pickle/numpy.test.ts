// Arrays and sparse matrices as typed arrays.

import { describe, expect, it } from "vitest";
import { codeOf } from "../base/testing.ts";
import {
  arrayFloat64, arrayInt64, arrayStrings, arrayValues, NumpyArray, NumpyDType, NumpyScalar, PyTuple, SparseMatrix, sparseToDense, structuredColumn, type NumpyKind,
} from "./index.ts";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const array = (kind: NumpyKind, size: number, shape: number[], data: Uint8Array, options: { big?: boolean; fortran?: boolean } = {}): NumpyArray =>
  new NumpyArray(new NumpyDType(kind, size, !options.big), shape, options.fortran ?? false, data);
const doubles = (shape: number[], values: number[], fortran = false): NumpyArray => array("f", 8, shape, new Uint8Array(Float64Array.from(values).buffer), { fortran });
const ints = (values: number[]): NumpyArray => array("i", 4, [values.length], new Uint8Array(Int32Array.from(values).buffer));
const objects = (...values: ConstructorParameters<typeof NumpyArray>[4] & object): NumpyArray => new NumpyArray(new NumpyDType("O", 8), [values.length], false, bytes(), values);


describe("arrays", () => {
  it("gives doubles row-major, whatever the order in the file", () => {
    expect([...arrayFloat64(doubles([2, 3], [1, 2, 3, 4, 5, 6]))]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...arrayFloat64(doubles([2, 3], [1, 4, 2, 5, 3, 6], true))]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...arrayFloat64(doubles([2, 2, 2], [1, 5, 3, 7, 2, 6, 4, 8], true))]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect([...arrayFloat64(doubles([], [7]))]).toEqual([7]);
  });
  it("gives copies, so that nobody changes what another reads", () => {
    const a = doubles([2], [1, 2]);
    arrayFloat64(a)[0] = 9;
    expect(arrayFloat64(a)[0]).toBe(1);
  });
  it("reads both byte orders, booleans, half floats and numbers kept as objects", () => {
    expect([...arrayFloat64(array("i", 2, [2], bytes(1, 0, 255, 254), { big: true }))]).toEqual([256, -2]);
    expect([...arrayFloat64(array("b", 1, [3], bytes(0, 1, 7)))]).toEqual([0, 1, 1]);
    expect([...arrayFloat64(array("f", 2, [3], bytes(0, 0x3c, 0, 0xfc, 1, 0)))]).toEqual([1, -Infinity, 2 ** -24]);
    expect([...arrayFloat64(objects(1n, 2.5, true, new NumpyScalar(new NumpyDType("f", 8), 4)))]).toEqual([1, 2.5, 1, 4]);
  });
  it("keeps 64-bit integers exact and refuses those that do not fit", () => {
    const big = new Uint8Array(BigInt64Array.of(2n ** 63n - 1n, -(2n ** 63n)).buffer);
    expect([...arrayInt64(array("i", 8, [2], big))]).toEqual([2n ** 63n - 1n, -(2n ** 63n)]);
    expect(codeOf(() => arrayInt64(array("u", 8, [2], big)))).toBe("pickle-array-type");
    expect(codeOf(() => arrayInt64(doubles([1], [1])))).toBe("pickle-array-type");
    expect(codeOf(() => arrayInt64(objects(2n ** 63n)))).toBe("pickle-array-type");
  });
  it("reads strings, and refuses mixtures and impossible characters", () => {
    expect(arrayStrings(array("U", 8, [2], bytes(97, 0, 0, 0, 0, 0, 0, 0, 0, 0xf6, 1, 0, 98, 0, 0, 0)))).toEqual(["a", "\u{1f600}b"]);
    expect(arrayStrings(array("S", 3, [2], bytes(97, 0, 98, 99, 0, 0)))).toEqual(["a\0b", "c"]);
    expect(arrayStrings(objects("x", "y"))).toEqual(["x", "y"]);
    expect(codeOf(() => arrayStrings(objects("x", null)))).toBe("pickle-array-type");
    expect(codeOf(() => arrayStrings(array("U", 4, [1], bytes(0, 0, 0, 255))))).toBe("pickle-bad-array");
  });
  it("reads columns of records without making records", () => {
    const dtype = new NumpyDType("V", 14, true, { fields: [
      { name: "n", dtype: new NumpyDType("i", 4), offset: 0 }, { name: "x", dtype: new NumpyDType("f", 8, false), offset: 4 },
      { name: "w", dtype: new NumpyDType("V", 2, true, { subarray: { base: new NumpyDType("u", 1), shape: [2] } }), offset: 12 },
    ] });
    const a = new NumpyArray(dtype, [2], false, bytes(1, 0, 0, 0, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 9, 8, 2, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 7, 6));
    expect(structuredColumn(a, "n").data).toEqual(Int32Array.of(1, 2));
    expect(structuredColumn(a, "x").data).toEqual(Float64Array.of(1, 2));
    expect(structuredColumn(a, "w")).toMatchObject({ width: 2, data: Uint8Array.of(9, 8, 7, 6) });
    expect(codeOf(() => structuredColumn(a, "z"))).toBe("pickle-array-type");
    expect(arrayValues(a)[1]).toEqual(new PyTuple([2n, 2, new PyTuple([7n, 6n])]));
  });
  it("refuses an array whose content changed after it was checked", () => {
    expect(codeOf(() => arrayFloat64(array("f", 8, [3], bytes(1, 2, 3))))).toBe("pickle-bad-array");
  });
});

describe("sparse matrices", () => {
  const csr = (indices: number[], indptr: number[], shape: [number, number] = [2, 3]): SparseMatrix =>
    new SparseMatrix("csr", shape, { data: doubles([3], [1, 2, 3]), indices: ints(indices), indptr: ints(indptr) });
  it("makes them dense, adding entries that occur twice", () => {
    expect([...sparseToDense(csr([0, 2, 1], [0, 2, 3]))]).toEqual([1, 0, 2, 0, 3, 0]);
    expect([...sparseToDense(csr([0, 0, 1], [0, 2, 3]))]).toEqual([3, 0, 0, 0, 3, 0]);
    expect([...sparseToDense(new SparseMatrix("dia", [2, 3], { data: doubles([2, 3], [1, 2, 3, 4, 5, 6]), offsets: ints([0, 1]) }))]).toEqual([1, 5, 0, 0, 2, 6]);
  });
  it("refuses indices outside, pointers that fall, missing parts and what is too large to be dense", () => {
    expect(codeOf(() => sparseToDense(csr([0, 3, 1], [0, 2, 3])))).toBe("pickle-bad-array");
    expect(codeOf(() => sparseToDense(csr([0, -1, 1], [0, 2, 3])))).toBe("pickle-bad-array");
    expect(codeOf(() => sparseToDense(csr([0, 1, 1], [0, 4, 3])))).toBe("pickle-bad-array");
    expect(codeOf(() => sparseToDense(csr([0, 1, 1], [0, 3])))).toBe("pickle-bad-array");
    expect(codeOf(() => sparseToDense(csr([0, 1, 1], [0, 2, 9])))).toBe("pickle-bad-array");
    expect(codeOf(() => sparseToDense(new SparseMatrix("csr", [1, 1], {})))).toBe("pickle-bad-array");
    expect(codeOf(() => sparseToDense(csr([0, 1, 1], [0, 2, 3], [2 ** 20, 2 ** 20])))).toBe("pickle-limit");
  });
});
