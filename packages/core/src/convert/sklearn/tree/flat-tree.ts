// A fitted sklearn.tree._tree.Tree as flat typed arrays: checked once, linearly, never an object per node.
//
// File layout (scikit-learn 1.0 to 1.9): Tree(n_features, n_classes, n_outputs) with a state of max_depth, node_count,
// `nodes` (structured: left_child, right_child, feature, threshold, impurity, n_node_samples, weighted_n_node_samples
// and, from 1.3, missing_go_to_left) and `values` [nodes, outputs, classes].
// Invariants of a FlatTree: a child's number is greater than its parent's (so there is no cycle), every node is reached
// at most once, features of interior nodes are in range, thresholds are not NaN.

import { NumpyArray, PyDict, PyObject, structuredColumn, type PyValue } from "../../../pickle/index.ts";
import type { Conversion } from "../../conversion/conversion.ts";
import { describe, toMatrix, toNumber, type Estimator } from "../../conversion/estimator.ts";

/** The children of a leaf. */
export const LEAF = -1;
/** ONNX Runtime 1.30 reads a tree recursively: 20,000 levels crash the process, 6,000 do in a worker thread. */
const DEEPEST = 2000;

export interface FlatTree {
  readonly nodeCount: number;
  /** LEAF for a leaf. */
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly feature: Int32Array;
  /** A value goes left if it is at most this. */
  readonly threshold: Float64Array;
  /** 1 where a missing value goes left; undefined where the version knows no missing values. */
  readonly missingLeft: Uint8Array | undefined;
  /** Nodes that ask for membership instead: the values that go left. */
  readonly members?: ReadonlyMap<number, readonly number[]>;
  /** 0 for nodes that cannot be reached. */
  readonly reached: Uint8Array;
}

/** A tree with what its leaves say. */
export interface ValuedTree extends FlatTree {
  readonly outputs: number;
  readonly width: number;
  /** [nodes, outputs, width]. */
  readonly values: Float64Array;
  /** Training samples in each node. */
  readonly samples: Int32Array;
}

/** `features`: how many columns the tree will be asked with. An index beyond them would read foreign memory. */
export function readTree(est: Estimator, c: Conversion, features: number): ValuedTree {
  const object = est.need("tree_");
  const known = object instanceof PyObject && object.classGlobal?.name === "Tree" && object.classGlobal.module.startsWith("sklearn.tree");
  if (!known) throw c.malformed(est, `tree_ should be a tree, found ${describe(object)}`);
  const state = object.state;
  if (!(state instanceof PyDict)) throw c.malformed(est, "the tree has no nodes");
  const [featureCount, , outputCount] = object.args.items;
  const own = count(featureCount, est, c, "n_features");
  if (own !== features) throw c.malformed(est, `a tree of ${own} features is asked with ${features}`);
  const outputs = count(outputCount, est, c, "n_outputs");

  const nodes = state.get("nodes");
  const values = state.get("values");
  if (!(nodes instanceof NumpyArray) || nodes.shape.length !== 1 || !nodes.dtype.fields) throw c.malformed(est, "the tree's nodes are not a table");
  if (!(values instanceof NumpyArray) || values.shape.length !== 3) throw c.malformed(est, "the tree's values are not a three-dimensional array");
  const nodeCount = nodes.shape[0]!;
  countNodes(nodes, est, c);
  const [valueRows, valueOutputs, width] = values.shape as [number, number, number];
  if (nodeCount === 0 || valueRows !== nodeCount || valueOutputs !== outputs || width < 1) {
    throw c.malformed(est, `the tree has ${nodeCount} nodes and ${outputs} outputs, its values the shape (${values.shape.join(", ")})`);
  }
  const fields = new Set(nodes.dtype.fields.map((f) => f.name));
  for (const name of ["left_child", "right_child", "feature", "threshold", "n_node_samples"]) {
    if (!fields.has(name)) throw c.malformed(est, `the tree's nodes have no field ${name}`);
  }
  const tree = {
    nodeCount,
    left: int32Column(nodes, "left_child"),
    right: int32Column(nodes, "right_child"),
    feature: int32Column(nodes, "feature"),
    threshold: float64Column(nodes, "threshold"),
    missingLeft: fields.has("missing_go_to_left") ? byteColumn(nodes, "missing_go_to_left") : undefined,
  };
  return {
    ...tree, outputs, width,
    reached: checkTree(tree, features, est, c),
    values: toMatrix(values, `${est.path}.tree_`).data,
    samples: int32Column(nodes, "n_node_samples"),
  };
}

/** Nodes of trees that a file may show more than once: a model that is part of two ensembles, not a few bytes a million times. */
const REPEATED_NODES = 5_000_000;
const seen = new WeakMap<Conversion, { places: Set<string>; repeated: number }>();

/** @throws malformed-model when the same bytes serve as tree after tree */
export function countNodes(nodes: NumpyArray, est: Estimator, c: Conversion): void {
  const known = seen.get(c) ?? { places: new Set(), repeated: 0 };
  seen.set(c, known);
  const place = `${nodes.bytes.byteOffset}:${nodes.bytes.length}`;
  if (known.places.has(place)) known.repeated += nodes.shape[0]! + 100;
  known.places.add(place);
  if (known.repeated > REPEATED_NODES) throw c.malformed(est, "the file uses the same tree over and over");
}

/** Checks the invariants of a FlatTree; returns which nodes are reached. */
export function checkTree(tree: Omit<FlatTree, "reached">, features: number, est: Estimator, c: Conversion): Uint8Array {
  const { nodeCount, left, right, feature, threshold } = tree;
  const reached = new Uint8Array(nodeCount);
  const depth = new Int32Array(nodeCount);
  reached[0] = 1;
  for (let i = 0; i < nodeCount; i++) {
    if (reached[i] === 0 || left[i] === LEAF) continue;
    const l = left[i]!;
    const r = right[i]!;
    if (l <= i || l >= nodeCount || r <= i || r >= nodeCount) throw c.malformed(est, `node ${i} of a tree has the children ${l} and ${r}, of ${nodeCount} nodes`);
    if (l === r || reached[l] !== 0 || reached[r] !== 0) throw c.malformed(est, `a node of a tree is the child of two nodes (children ${l} and ${r} of node ${i})`);
    if (feature[i]! < 0 || feature[i]! >= features) throw c.malformed(est, `node ${i} of a tree asks for feature ${feature[i]!} of ${features}`);
    if (Number.isNaN(threshold[i]!)) throw c.malformed(est, `node ${i} of a tree has no threshold`);
    reached[l] = reached[r] = 1;
    depth[l] = depth[r] = depth[i]! + 1;
    if (depth[l]! > DEEPEST) throw c.refuse(est, `a tree deeper than ${DEEPEST} levels`, "ONNX Runtime cannot read it", "Fit with max_depth, or more samples in a leaf.");
  }
  return reached;
}

function count(v: PyValue | undefined, est: Estimator, c: Conversion, name: string): number {
  const n = v === undefined ? NaN : toNumber(v, `${est.path}.tree_`);
  if (!Number.isSafeInteger(n) || n < 1) throw c.malformed(est, `the tree's ${name} is ${describe(v)}`);
  return n;
}

/** Numbers out of the range of an int32 become ones that no check lets through. */
export function int32Column(nodes: NumpyArray, field: string): Int32Array {
  const { data } = structuredColumn(nodes, field);
  const out = new Int32Array(data.length);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    // Little-endian halves: a BigInt for each of a million nodes would cost more than the rest of the reading.
    const halves = new Int32Array(data.buffer, data.byteOffset, data.length * 2);
    for (let i = 0; i < out.length; i++) {
      const low = halves[2 * i]!;
      out[i] = (halves[2 * i + 1] ?? 0) === (low < 0 ? -1 : 0) ? low : -0x7fffffff;
    }
    return out;
  }
  const plain = data as ArrayLike<number>;
  for (let i = 0; i < out.length; i++) {
    const v = plain[i]!;
    out[i] = v === (v | 0) ? v : -0x7fffffff;
  }
  return out;
}
export function float64Column(nodes: NumpyArray, field: string): Float64Array {
  const { data } = structuredColumn(nodes, field);
  return data instanceof Float64Array ? data : Float64Array.from(data as ArrayLike<number | bigint>, Number);
}
export function byteColumn(nodes: NumpyArray, field: string): Uint8Array {
  const { data } = structuredColumn(nodes, field);
  return data instanceof Uint8Array ? data : Uint8Array.from(data as ArrayLike<number | bigint>, (v) => (Number(v) === 0 ? 0 : 1));
}
