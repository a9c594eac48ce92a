// The KD tree and the ball tree of a fitted neighbour search (sklearn/neighbors/_binary_tree.pxi.tp), for one purpose: the
// order in which a query goes through the leaves, which decides what its bounded heap keeps of rows at equal distance.
// _query_single_depthfirst goes to the child with the smaller lower bound first, the left one where both are equal. It leaves
// out nodes beyond the farthest row kept, of which the heap would take nothing. (Only the bound of a ball can by its rounding be
// above the distance of a row inside; where another row's distance lies in that last digit, scikit-learn may miss the nearer.)
// The pickled state is (data, idx_array, node_data, node_bounds, leaf_size, n_levels, n_nodes, ...) in all versions. The
// nodes are a full binary tree, children of i at 2i + 1 and 2i + 2, so that all leaves are on the last level.

import type { Value } from "../../../onnx/index.ts";
import { arrayFloat64, arrayInt64, NumpyArray, PyObject, PyTuple, structuredColumn } from "../../../pickle/index.ts";
import { int64s } from "../../../tensor/index.ts";
import type { Conversion, Emitter } from "../../conversion/conversion.ts";
import type { Estimator } from "../../conversion/estimator.ts";
import { metricNumber, neighborDistances, power } from "./distances.ts";

export interface SearchTree {
  /** idx_array: the training rows leaf by leaf. */
  readonly order: Int32Array;
  /** Where each leaf begins in `order`, and at last its length. */
  readonly starts: readonly number[];
  readonly levels: number;
  readonly features: number;
  /** Of every node [nodes, F]: its lower and upper corner (KD tree), or its centre (ball tree). */
  readonly bounds: readonly Float64Array[];
  readonly radius: Float64Array;
}

/** `_tree`, checked against the training rows [rows, features]; undefined for brute force. */
export function readSearchTree(est: Estimator, c: Conversion, rows: number, features: number): SearchTree | undefined {
  const tree = est.raw("_tree");
  if (tree === null || tree === undefined) return undefined;
  const bad = (what: string): Error => c.malformed(est, `_tree: ${what}`);
  const state = tree instanceof PyObject && tree.state instanceof PyTuple ? tree.state.items : [];
  const [, indices, nodeData, nodeBounds] = state;
  if (!(indices instanceof NumpyArray && nodeData instanceof NumpyArray && nodeBounds instanceof NumpyArray)) throw bad("its state is not that of a tree");
  if (!"iu".includes(indices.dtype.kind) || indices.shape.length !== 1 || indices.shape[0] !== rows) throw bad(`idx_array is not for ${rows} rows`);
  const order = new Int32Array(rows);
  const seen = new Uint8Array(rows);
  arrayInt64(indices).forEach((v, i) => {
    const row = Number(v);
    if (row < 0 || row >= rows || seen[row] === 1) throw bad("idx_array does not name every row once");
    seen[row] = 1;
    order[i] = row;
  });
  const nodes = nodeData.shape.length === 1 ? nodeData.shape[0]! : 0;
  const levels = Math.log2(nodes + 1);
  if (nodes < 1 || !Number.isInteger(levels)) throw bad(`${nodes} nodes are not a full binary tree`);
  const [sides, ...size] = nodeBounds.shape;
  if (nodeBounds.dtype.kind !== "f" || size.length !== 2 || size[0] !== nodes || size[1] !== features || (sides !== 1 && sides !== 2)) throw bad("node_bounds is not for its nodes");
  const leaves = (nodes + 1) / 2;
  const ends = Array.from(structuredColumn(nodeData, "idx_end").data.subarray(nodes - leaves), Number);
  const begins = Array.from(structuredColumn(nodeData, "idx_start").data.subarray(nodes - leaves), Number);
  if (begins.some((v, i) => v !== (i === 0 ? 0 : ends[i - 1]) || !(v <= ends[i]!)) || ends.at(-1) !== rows) throw bad("its leaves do not follow each other");
  // Every node is halved, so that leaves are of one size or two; what is laid out for them is then no larger than the data.
  const first = ends[0]! - begins[0]!;
  if (ends.some((v, i) => Math.abs(v - begins[i]! - first) > 1)) throw bad("its leaves are of unequal size");
  const all = arrayFloat64(nodeBounds);
  return {
    order, starts: [...begins, rows], levels, features, radius: Float64Array.from(structuredColumn(nodeData, "radius").data as Float64Array),
    bounds: Array.from({ length: sides }, (_, i) => all.subarray(i * nodes * features, (i + 1) * nodes * features)),
  };
}

/** Places in `order` as each query [N, F] comes to them, int64 [N, W]; -1 fills up leaves that are shorter than others. */
export function visitingOrder(est: Estimator, c: Emitter, x: Value, tree: SearchTree): Value {
  const { o } = c;
  const leaves = tree.starts.length - 1;
  const longest = tree.starts.slice(1).reduce((most, end, i) => Math.max(most, end - tree.starts[i]!), 0);
  const laid = new BigInt64Array(leaves * longest).fill(-1n);
  for (let i = 0; i < leaves; i++) for (let p = tree.starts[i]!; p < tree.starts[i + 1]!; p++) laid[i * longest + p - tree.starts[i]!] = BigInt(p);
  const blocks = c.graph.constant(int64s(laid, [leaves, longest]));
  if (leaves === 1) return c.graph.op("Expand", [blocks, o.concat([c.graph.op("Shape", [x], { start: 0, end: 1 }), o.int64s([longest])], 0)]);
  const bounds = lowerBounds(est, c, x, tree);
  // How many leaves come before those below each node of a level, counted in the leaves of one such node.
  let rank = o.mul(o.cast(o.columns(bounds, [0]), "int64"), 0);
  for (let level = 1; level < tree.levels; level++) {
    // Without the root, children sit at 2i and 2i + 1.
    const first = 2 ** level - 2;
    const left = o.slice(bounds, first, 2 * first + 2, 1, 2);
    const right = o.slice(bounds, first + 1, 2 * first + 2, 1, 2);
    const turned = o.cast(o.greater(left, right), "int64");
    const doubled = o.mul(rank, 2);
    const both = o.concat([o.unsqueeze(o.add(doubled, turned), 2), o.unsqueeze(o.sub(o.add(doubled, 1), turned), 2)], 2);
    rank = o.reshape(both, [-1, 2 ** level]);
  }
  const [, visited] = c.graph.ops("TopK", [rank, o.int64s([leaves])], { axis: 1, largest: 0, sorted: 1 }, 2);
  return o.reshape(o.gather(blocks, visited!, 0), [-1, leaves * longest]);
}

/** min_rdist of all nodes but the root [N, nodes - 1], up to what keeps their order and their being equal. */
function lowerBounds(est: Estimator, c: Emitter, x: Value, tree: SearchTree): Value {
  const { o } = c;
  const { features: F } = tree;
  const nodes = tree.radius.length - 1;
  const [lower, upper] = tree.bounds.map((b) => b.subarray(F));
  if (upper === undefined) {
    const centres = neighborDistances(est, c, x, { rows: nodes, cols: F, data: lower! });
    const gaps = o.maximum(o.sub(centres.toDistance(centres.reduced), o.doubles(tree.radius.subarray(1), [1, nodes])), 0);
    return est.raw("effective_metric_") === "minkowski" ? power(c, gaps, powerOf(est), nodes) : gaps;
  }
  const p = powerOf(est);
  const raise = (gap: Value): Value => (p === 2 ? o.mul(gap, gap) : p === 1 || p === Infinity ? gap : power(c, gap, p, nodes));
  const gapTo = (point: Value, low: Value, high: Value): Value => raise(o.maximum(o.maximum(o.sub(low, point), o.sub(point, high)), 0));
  const side = (data: Float64Array, j: number): Value => o.doubles(Float64Array.from({ length: nodes }, (_, i) => data[i * F + j]!), [1, nodes]);
  let total: Value | undefined;
  for (let j = 0; j < F; j++) {
    const gap = gapTo(o.columns(x, [j]), side(lower!, j), side(upper, j));
    total = total === undefined ? gap : p === Infinity ? o.maximum(total, gap) : o.add(total, gap);
  }
  return total!;
}

/** dist_metric.p of the metrics that a KD tree takes. */
function powerOf(est: Estimator): number {
  switch (est.rawOf("effective_metric_", "metric")) {
    case "manhattan": case "cityblock": case "l1": return 1;
    case "chebyshev": case "infinity": return Infinity;
    case "minkowski": return metricNumber(est, "p") ?? est.number("p", 2);
    default: return 2;
  }
}
