import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { NumpyArray, NumpyDType, PyTuple, readPickleFile, type PyDict, type PyObject, type PyValue } from "../../../pickle/index.ts";
import { compilePickled } from "../../compile.ts";
import { compileAndRun } from "../../testing.ts";

const cases = new URL("../../../../../../corpus/cases/", import.meta.url).pathname;
const bytesOf = (name: string): Uint8Array => readFileSync(join(cases, name, "model.pkl"));
const open = (name: string): { root: PyObject; attributes: PyDict } => {
  const root = readPickleFile(bytesOf(name)).value as PyObject;
  return { root, attributes: root.attributes! };
};
const ints = (values: readonly number[]): NumpyArray => new NumpyArray(new NumpyDType("i", 8), [values.length], false, new Uint8Array(BigInt64Array.from(values, BigInt).buffer));

/** The fixture's tree with one part of its state replaced. */
function withPart(name: string, place: number, part: (old: PyValue) => PyValue): PyObject {
  const { root, attributes } = open(name);
  const tree = attributes.get("_tree") as PyObject;
  const state = (tree.state as PyTuple).items;
  tree.state = new PyTuple(state.map((v, i) => (i === place ? part(v) : v)));
  return root;
}

describe("trees of a neighbour search", () => {
  const name = "k-neighbors-ties-kd-tree-sk19";
  it("are refused when their parts do not agree", () => {
    const rows = Array.from({ length: 200 }, (_, i) => i);
    for (const indices of [rows.slice(1), rows.map(() => 0), rows.map((i) => i + 1), rows.map((i) => -i)]) {
      expect(() => compilePickled(withPart(name, 1, () => ints(indices)))).toThrow(/_tree: idx_array/);
    }
    const cut = (v: PyValue): NumpyArray => {
      const a = v as NumpyArray;
      return new NumpyArray(a.dtype, [a.shape[0]! - 1], false, a.bytes.subarray(a.dtype.itemSize));
    };
    expect(() => compilePickled(withPart(name, 2, cut))).toThrow(/not a full binary tree/);
    const swapped = (v: PyValue): NumpyArray => {
      const a = v as NumpyArray;
      const bytes = a.bytes.slice().fill(0, a.bytes.length - a.dtype.itemSize);
      return new NumpyArray(a.dtype, a.shape, false, bytes);
    };
    expect(() => compilePickled(withPart(name, 2, swapped))).toThrow(/leaves/);
    expect(() => compilePickled(withPart(name, 3, () => ints([1])))).toThrow(/node_bounds/);
    expect(() => compilePickled(withPart(name, 1, () => null))).toThrow(/not that of a tree/);
  });
});

describe("brute force", () => {
  it("needs no warning of ties among few rows, whole numbers or not: NumPy's partition settles them here too", () => {
    const heap = open("k-neighbors-ties-brute-sk19");
    expect(compilePickled(heap.root).warnings).toEqual([]);
    const fitted = heap.attributes.get("_fit_X") as NumpyArray;
    const values = new Float64Array(fitted.bytes.slice().buffer);
    heap.attributes.set("_fit_X", new NumpyArray(new NumpyDType("i", 8), fitted.shape, false, new Uint8Array(BigInt64Array.from(values, (v) => BigInt(v)).buffer)));
    expect(compilePickled(heap.root).warnings).toEqual([]);
  });
});

describe("rows that scikit-learn raises for", () => {
  it("are refused by themselves: no neighbour within the radius, a category that was not in training", async () => {
    await expect(compileAndRun(bytesOf("radius-neighbors-no-outlier-label-sk11"), [[5.1, 3.5, 1.4, 0.2], [40, 40, 40, 40]])).rejects.toMatchObject({ code: "request-invalid", message: expect.stringMatching(/^row 2: .*no training row/) });
    await expect(compileAndRun(bytesOf("categorical-nb-encoded-sk11"), [[0, 1, 2, 0], [0, 1, 2, 7]])).rejects.toMatchObject({ code: "request-invalid", message: expect.stringMatching(/^row 2: .*not the index of a category/) });
  });
});
