// Trees as ai.onnx.ml 5 TreeEnsemble nodes, in double.
//
// A leaf of TreeEnsemble holds one weight for one target. Where the rows that leaves add up have one number each (a
// regressor, a forest grown until its leaves are pure), leaves carry them; otherwise every leaf carries its own number,
// one target per tree, and the rows are gathered from a table.
// Many trees are cut into several nodes: what ONNX Runtime takes to load a node grows faster than the node (measured on
// a forest of 1.3 million nodes: 1.4 s and 470 MB at the peak as one node, 0.35 s and 190 MB as twenty).

import type { Value } from "../../../onnx/index.ts";
import { doubles } from "../../../tensor/index.ts";
import type { Tensor } from "../../../tensor/index.ts";
import type { Conversion } from "../../conversion/conversion.ts";
import { LEAF, type FlatTree } from "./flat-tree.ts";

const NODES_PER_ENSEMBLE = 65536;
/** Numbers in the table of one ensemble's leaf rows, while it is made. */
const NUMBERS_PER_TABLE = 2 ** 23;
const BRANCH_LEQ = 0;
const BRANCH_MEMBER = 6;
const SUM = 1;

/** Writes what leaf `node` of tree `tree` contributes into `row`, from `at` on. The row is zeroed before. */
export type LeafRow = (tree: number, node: number, row: Float64Array, at: number) => void;

/** X as scikit-learn's trees see it: rounded to float32. [N, F] double. */
export function roundToFloat32(c: Conversion, X: Value): Value {
  return c.o.cast(c.o.cast(X, "float"), "double");
}

/** [N, width]: the sum over the trees, in their order, of the rows of the leaves that a sample reaches. */
export function sumLeafRows(c: Conversion, X: Value, trees: readonly FlatTree[], width: number, row: LeafRow): Value {
  const parts = chunks(trees, width).map(([from, to]) => {
    const part = trees.slice(from, to);
    const leaves = leafCount(part);
    const table = new Float64Array(leaves * width);
    let at = 0;
    forEachLeaf(part, (tree, node) => {
      row(from + tree, node, table, at);
      at += width;
    });
    const targets = singleTargets(table, leaves, width);
    if (targets) {
      return ensemble(c, X, part, width, targets, Float64Array.from({ length: leaves }, (_, i) => table[i * width + targets[i]!]!));
    }
    const numbers = c.o.cast(leafNumbers(c, X, part, leaves), "int64"); // [N, trees]
    return c.o.sum(c.o.gather(c.o.doubles(table, [leaves, width]), numbers, 0), 1);
  });
  return parts.length === 1 ? parts[0]! : c.graph.op("Sum", parts);
}

/** [N, trees]: one number per tree. */
export function leafColumns(c: Conversion, X: Value, trees: readonly FlatTree[], value: (tree: number, node: number) => number): Value {
  return c.o.concat(chunks(trees, 1).map(([from, to]) => {
    const part = trees.slice(from, to);
    const leaves = leafCount(part);
    const targets = new Int32Array(leaves);
    const weights = new Float64Array(leaves);
    let i = 0;
    forEachLeaf(part, (tree, node) => {
      targets[i] = tree;
      weights[i++] = value(from + tree, node);
    });
    return ensemble(c, X, part, part.length, targets, weights);
  }));
}

/** [N, trees] double: the number of the leaf within this group of trees, as forEachLeaf counts. */
function leafNumbers(c: Conversion, X: Value, trees: readonly FlatTree[], leaves: number): Value {
  const targets = new Int32Array(leaves);
  const weights = new Float64Array(leaves);
  let i = 0;
  forEachLeaf(trees, (tree) => {
    targets[i] = tree;
    weights[i] = i++;
  });
  return ensemble(c, X, trees, trees.length, targets, weights);
}

/** Groups of whole trees, as [from, to). */
function chunks(trees: readonly FlatTree[], width: number): [number, number][] {
  const most = Math.min(NODES_PER_ENSEMBLE, NUMBERS_PER_TABLE / width);
  const groups: [number, number][] = [];
  let from = 0;
  let nodes = 0;
  trees.forEach((tree, i) => {
    if (i > from && nodes + tree.nodeCount > most) {
      groups.push([from, i]);
      from = i;
      nodes = 0;
    }
    nodes += tree.nodeCount;
  });
  groups.push([from, trees.length]);
  return groups;
}

function forEachLeaf(trees: readonly FlatTree[], visit: (tree: number, node: number) => void): void {
  for (let t = 0; t < trees.length; t++) {
    const { nodeCount, left, reached } = trees[t]!;
    for (let i = 0; i < nodeCount; i++) if (reached[i] !== 0 && left[i] === LEAF) visit(t, i);
  }
}
function leafCount(trees: readonly FlatTree[]): number {
  let n = 0;
  forEachLeaf(trees, () => n++);
  return n;
}

/** For rows with at most one number that is not zero: where it is. */
function singleTargets(table: Float64Array, rows: number, width: number): Int32Array | undefined {
  const targets = new Int32Array(rows);
  if (width === 1) return targets;
  for (let i = 0; i < rows; i++) {
    let found = -1;
    for (let k = 0; k < width; k++) {
      if (table[i * width + k] === 0) continue;
      if (found >= 0) return undefined;
      found = k;
    }
    targets[i] = Math.max(found, 0);
  }
  return targets;
}

function ensemble(c: Conversion, X: Value, trees: readonly FlatTree[], targets: number, leafTargets: Int32Array, leafWeights: Float64Array): Value {
  // A tree of one leaf gets a node whose both sides are that leaf, given twice.
  let nodes = 0;
  for (const { nodeCount, left, reached } of trees) {
    if (left[0] === LEAF) nodes++;
    else for (let i = 0; i < nodeCount; i++) if (reached[i] !== 0 && left[i] !== LEAF) nodes++;
  }
  const roots = new Int32Array(trees.length);
  const feature = new Int32Array(nodes);
  const splits = new Float64Array(nodes);
  const modes = new Uint8Array(nodes);
  const trueIds = new Int32Array(nodes);
  const falseIds = new Int32Array(nodes);
  const trueLeaf = new Int32Array(nodes);
  const falseLeaf = new Int32Array(nodes);
  const missing = new Int32Array(nodes);
  const members: number[] = [];
  let anyMissing = false;
  let node = 0;
  let leaf = 0;
  // ONNX Runtime up to 1.23 takes a root for a leaf when the numbers of its two sides are equal, though one is that of a
  // node and the other that of a leaf, and takes the wrong leaf for a tree of one: such leaves are given again behind all others.
  const again: number[] = [];
  trees.forEach((tree, t) => {
    roots[t] = node;
    if (tree.left[0] === LEAF) {
      trueIds[node] = leaf;
      falseIds[node] = leafWeights.length + again.push(leaf++) - 1;
      trueLeaf[node] = falseLeaf[node] = 1;
      node++;
      return;
    }
    // The place of each node among the interior nodes or among the leaves, whichever it is.
    const place = new Int32Array(tree.nodeCount);
    let interior = node;
    for (let i = 0; i < tree.nodeCount; i++) {
      if (tree.reached[i] !== 0) place[i] = tree.left[i] === LEAF ? leaf++ : interior++;
    }
    for (let i = 0; i < tree.nodeCount; i++) {
      if (tree.reached[i] === 0 || tree.left[i] === LEAF) continue;
      const l = tree.left[i]!;
      const r = tree.right[i]!;
      feature[node] = tree.feature[i]!;
      splits[node] = tree.threshold[i]!;
      trueIds[node] = place[l]!;
      falseIds[node] = place[r]!;
      trueLeaf[node] = tree.left[l] === LEAF ? 1 : 0;
      falseLeaf[node] = tree.left[r] === LEAF ? 1 : 0;
      if (i === 0 && trueIds[node] === falseIds[node]) {
        const side = trueLeaf[node] === 1 ? trueIds : falseIds;
        side[node] = leafWeights.length + again.push(side[node]!) - 1;
      }
      if (tree.missingLeft && tree.missingLeft[i] !== 0) {
        missing[node] = 1;
        anyMissing = true;
      }
      const set = tree.members?.get(i);
      modes[node] = set ? BRANCH_MEMBER : BRANCH_LEQ;
      if (set) members.push(...set, NaN);
      node++;
    }
  });
  const modesTensor: Tensor = { type: "uint8", shape: [nodes], data: modes };
  return c.graph.op("TreeEnsemble", [X], {
    aggregate_function: SUM,
    n_targets: targets,
    tree_roots: roots,
    nodes_featureids: feature,
    nodes_splits: doubles(splits),
    nodes_modes: modesTensor,
    nodes_truenodeids: trueIds,
    nodes_falsenodeids: falseIds,
    nodes_trueleafs: trueLeaf,
    nodes_falseleafs: falseLeaf,
    nodes_missing_value_tracks_true: anyMissing ? missing : undefined,
    membership_values: members.length > 0 ? doubles(members) : undefined,
    leaf_targetids: again.length === 0 ? leafTargets : Int32Array.from([...leafTargets, ...again.map((i) => leafTargets[i]!)]),
    leaf_weights: doubles(again.length === 0 ? leafWeights : Float64Array.from([...leafWeights, ...again.map((i) => leafWeights[i]!)])),
  });
}
