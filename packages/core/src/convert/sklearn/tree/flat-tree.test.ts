import { describe, expect, it } from "vitest";
import { codeOf } from "../../../base/testing.ts";
import { NumpyArray, NumpyDType, PyDict, PyGlobal, PyObject, PyTuple, type PyValue } from "../../../pickle/index.ts";
import { Conversion } from "../../conversion/conversion.ts";
import { Estimator } from "../../conversion/estimator.ts";
import { readTree } from "./flat-tree.ts";

type Row = readonly [left: number, right: number, feature: number, threshold: number];

const int = new NumpyDType("i", 8);
const double = new NumpyDType("f", 8);
const fields = [
  { name: "left_child", dtype: int, offset: 0 }, { name: "right_child", dtype: int, offset: 8 }, { name: "feature", dtype: int, offset: 16 },
  { name: "threshold", dtype: double, offset: 24 }, { name: "n_node_samples", dtype: int, offset: 32 },
];

/** An estimator whose tree_ has these nodes, as a file would describe it. */
function estimator(rows: readonly Row[], options: { values?: readonly number[]; features?: bigint; state?: PyValue } = {}): Estimator {
  const view = new DataView(new ArrayBuffer(rows.length * 40));
  rows.forEach(([left, right, feature, threshold], i) => {
    view.setBigInt64(i * 40, BigInt(left), true);
    view.setBigInt64(i * 40 + 8, BigInt(right), true);
    view.setBigInt64(i * 40 + 16, BigInt(feature), true);
    view.setFloat64(i * 40 + 24, threshold, true);
    view.setBigInt64(i * 40 + 32, 1n, true);
  });
  const shape = options.values ?? [rows.length, 1, 1];
  const nodes = new NumpyArray(new NumpyDType("V", 40, true, { fields }), [rows.length], false, new Uint8Array(view.buffer));
  const values = new NumpyArray(double, shape, false, new Uint8Array(8 * shape.reduce((a, b) => a * b, 1)));
  const state = new PyDict();
  state.set("nodes", nodes);
  state.set("values", values);
  const tree = new PyObject(new PyGlobal("sklearn.tree._tree", "Tree"), "reduce", new PyTuple([options.features ?? 2n, null, 1n]));
  tree.state = options.state ?? state;
  const attributes = new PyDict();
  attributes.set("tree_", tree);
  const object = new PyObject(new PyGlobal("sklearn.tree._classes", "DecisionTreeRegressor"), "newobj", new PyTuple([]));
  object.state = attributes;
  return new Estimator(object, "model");
}

const read = (rows: readonly Row[], options?: Parameters<typeof estimator>[1]): ReturnType<typeof readTree> =>
  readTree(estimator(rows, options), new Conversion(new Map()), 2);

const leaf: Row = [-1, -1, -2, -2];
const stump: Row[] = [[1, 2, 0, 0.5], leaf, leaf];

describe("readTree", () => {
  it("reads a tree into flat arrays", () => {
    const tree = read([[1, 4, 1, 0.5], [2, 3, 0, -1], leaf, leaf, leaf]);
    expect([...tree.left]).toEqual([1, 2, -1, -1, -1]);
    expect([...tree.right]).toEqual([4, 3, -1, -1, -1]);
    expect(Array.from(tree.threshold.slice(0, 2))).toEqual([0.5, -1]);
    expect([...tree.reached]).toEqual([1, 1, 1, 1, 1]);
  });
  it("takes a tree of one leaf, and infinite thresholds", () => {
    expect(read([leaf]).nodeCount).toBe(1);
    expect(read([[1, 2, 0, Infinity], leaf, leaf]).nodeCount).toBe(3);
  });
  it("leaves out nodes that cannot be reached", () => {
    expect([...read([...stump, [0, 0, 99, NaN]]).reached]).toEqual([1, 1, 1, 0]);
  });
  it.each<[string, Row[]]>([
    ["a cycle", [[1, 2, 0, 0.5], leaf, [0, 1, 0, 0.5]]],
    ["a node that is its own child", [[0, 1, 0, 0.5], leaf, leaf]],
    ["a child of two nodes", [[1, 2, 0, 0.5], [2, 3, 0, 0.5], leaf, leaf]],
    ["twice the same child", [[1, 1, 0, 0.5], leaf, leaf]],
    ["a child beyond the end", [[1, 3, 0, 0.5], leaf, leaf]],
    ["a child beyond 32 bits", [[1, 2 ** 32 + 2, 0, 0.5], leaf, leaf]],
    ["a negative child", [[-5, 2, 0, 0.5], leaf, leaf]],
    ["a feature out of range", [[1, 2, 2, 0.5], leaf, leaf]],
    ["a negative feature", [[1, 2, -1, 0.5], leaf, leaf]],
    ["no threshold", [[1, 2, 0, NaN], leaf, leaf]],
    ["no nodes", []],
  ])("refuses %s", (_, rows) => {
    expect(codeOf(() => read(rows))).toBe("malformed-model");
  });
  it("refuses values that do not fit the nodes", () => {
    expect(codeOf(() => read(stump, { values: [2, 1, 1] }))).toBe("malformed-model");
    expect(codeOf(() => read(stump, { values: [3, 2, 1] }))).toBe("malformed-model");
    expect(codeOf(() => read(stump, { values: [3, 1] }))).toBe("malformed-model");
    expect(codeOf(() => read(stump, { features: -1n }))).toBe("malformed-model");
    expect(codeOf(() => read(stump, { features: 200n }))).toBe("malformed-model");
    expect(codeOf(() => read(stump, { state: "nothing" }))).toBe("malformed-model");
  });
  it("refuses a tree so deep that ONNX Runtime would crash on it", () => {
    const rows: Row[] = [];
    for (let i = 0; i < 2001; i++) rows.push([2 * i + 1, 2 * i + 2, 0, i], leaf);
    rows.push(leaf);
    expect(codeOf(() => read(rows))).toBe("unsupported-option");
  });
});
