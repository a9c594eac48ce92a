// CatBoost's trees: [N, dimension] double, the sum over the trees of the leaf that a row reaches, scaled and moved.
//
// Oblivious trees ask the same split on every level, so a leaf's number is the answers written as bits. They are written
// out as usual trees, which the engine walks fastest (a thousand trees of depth 6: 0.1 ms a row against 0.6 ms); where
// that would take too many nodes, all trees of one depth are one comparison of gathered columns, one product with the
// powers of two and one look-up in the leaves.

import type { Value } from "../../onnx/index.ts";
import { doubles, floats, int64s } from "../../tensor/index.ts";
import type { Faults } from "../boosted/faults.ts";
import type { Conversion } from "../conversion/conversion.ts";
import type { Estimator } from "../conversion/estimator.ts";
import { sumLeafRows } from "../sklearn/tree/emit-trees.ts";
import { checkTree, LEAF, type FlatTree } from "../sklearn/tree/flat-tree.ts";
import type { CatboostModel, FreeTrees, ObliviousTrees } from "./model.ts";
import type { Splits } from "./splits.ts";

/** CatBoost's own limit is 16. */
const DEEPEST = 24;
/** Leaves of oblivious trees that are written out. */
const MOST_WRITTEN = 1 << 18;
/** Comparisons of one node, for each row. */
const MOST_COMPARISONS = 1 << 14;

export function rawValues(est: Estimator, c: Conversion, model: CatboostModel, splits: Splits, faults: Faults): Value {
  const { dimension, scale, bias, trees } = model;
  if (!(Number.isInteger(dimension) && dimension >= 1)) throw faults.malformed(`a leaf holds ${dimension} numbers`);
  if (bias.length !== 1 && bias.length !== dimension) throw faults.malformed(`there are ${bias.length} biases for ${dimension} numbers`);
  const sum = trees.kind === "free" ? freeSum(est, c, model, trees, splits, faults)
    : model.leafValues.length <= MOST_WRITTEN * dimension ? writtenSum(c, model, trees, splits, faults) : obliviousSum(c, model, trees, splits, faults);
  const scaled = scale === 1 ? sum : c.o.mul(sum, doubles([scale], []));
  return bias.every((b) => b === 0) ? scaled : c.o.add(scaled, doubles(bias, [1, bias.length]));
}

function checkOblivious(model: CatboostModel, trees: ObliviousTrees, splits: Splits, faults: Faults): void {
  let levels = 0;
  let leaves = 0;
  for (const size of trees.sizes) {
    if (!(size >= 0 && size <= DEEPEST)) throw faults.malformed(`a tree has ${size} levels`);
    levels += size;
    leaves += 2 ** size;
  }
  if (levels !== trees.splits.length) throw faults.malformed(`the trees have ${levels} levels, the file ${trees.splits.length}`);
  if (leaves * model.dimension !== model.leafValues.length) throw faults.malformed(`the trees have ${leaves} leaves of ${model.dimension}, the file ${model.leafValues.length} numbers`);
  for (const s of trees.splits) if (!(s >= 0 && s < splits.column.length)) throw faults.malformed(`a tree asks for split ${s} of ${splits.column.length}`);
}

/** As trees of which node i has the children 2i + 1 and 2i + 2: the first split is the root's, and the leaf's lowest bit. */
function writtenSum(c: Conversion, model: CatboostModel, trees: ObliviousTrees, splits: Splits, faults: Faults): Value {
  checkOblivious(model, trees, splits, faults);
  const { dimension, leafValues } = model;
  const shapes = new Map<number, Pick<FlatTree, "left" | "right" | "reached" | "missingLeft">>();
  const starts: number[] = [];
  let first = 0;
  let leaf = 0;
  const flat = Array.from(trees.sizes, (size): FlatTree => {
    const nodeCount = 2 ** (size + 1) - 1;
    const inner = 2 ** size - 1;
    let shape = shapes.get(size);
    if (!shape) {
      shape = {
        left: Int32Array.from({ length: nodeCount }, (_, i) => (i < inner ? 2 * i + 1 : LEAF)), right: Int32Array.from({ length: nodeCount }, (_, i) => (i < inner ? 2 * i + 2 : LEAF)),
        reached: new Uint8Array(nodeCount).fill(1), missingLeft: new Uint8Array(nodeCount).fill(1),
      };
      shapes.set(size, shape);
    }
    const feature = new Int32Array(nodeCount);
    const threshold = new Float64Array(nodeCount);
    for (let level = 0; level < size; level++) {
      const s = trees.splits[first + level]!;
      const from = 2 ** level - 1;
      feature.fill(splits.column[s]!, from, from + 2 ** level);
      threshold.fill(splits.threshold[s]!, from, from + 2 ** level);
    }
    starts.push(leaf);
    first += size;
    leaf += 2 ** size;
    return { nodeCount, ...shape, feature, threshold };
  });
  return sumLeafRows(c, c.o.cast(splits.values, "double"), flat, dimension, (t, node, row, at) => {
    const size = trees.sizes[t]!;
    let number = 0;
    for (let k = size - 1, i = node + 1; k >= 0; k--, i >>= 1) number |= (i & 1) << k;
    const from = (starts[t]! + number) * dimension;
    for (let k = 0; k < dimension; k++) row[at + k] = leafValues[from + k]!;
  });
}

function obliviousSum(c: Conversion, model: CatboostModel, trees: ObliviousTrees, splits: Splits, faults: Faults): Value {
  const { o } = c;
  const { dimension, leafValues } = model;
  type Tree = { readonly first: number; readonly leaf: number };
  const groups = new Map<number, Tree[]>();
  const all: [number, Tree[]][] = [];
  let first = 0;
  let leaf = 0;
  for (const size of trees.sizes) {
    let group = groups.get(size);
    if (!group || group.length * size >= MOST_COMPARISONS) groups.set(size, (group = []));
    if (group.length === 0) all.push([size, group]);
    group.push({ first, leaf });
    first += size;
    leaf += 2 ** size;
  }
  checkOblivious(model, trees, splits, faults);
  if (trees.splits.length > 1000) c.rowCells = Math.max(c.rowCells, trees.splits.length);
  let constant = new Float64Array(dimension);
  const sums: Value[] = [];
  for (const [size, group] of all) {
    if (size === 0) {
      constant = group.reduce((total, t) => total.map((v, k) => v + leafValues[t.leaf * dimension + k]!), constant);
      continue;
    }
    const levels = Int32Array.from({ length: group.length * size }, (_, i) => trees.splits[group[Math.floor(i / size)]!.first + (i % size)]!);
    const asked = o.gather(splits.values, int64s(Array.from(levels, (s) => splits.column[s]!)), 1);
    const answers = o.cast(o.greater(asked, floats(Float32Array.from(levels, (s) => splits.threshold[s]!), [1, levels.length])), "float");
    const powers = floats(Float32Array.from({ length: size }, (_, k) => 2 ** k), [size, 1]);
    const numbers = o.cast(o.reshape(o.matmul(o.reshape(answers, [-1, size]), powers), [-1, group.length]), "int64");
    // The group's leaves, one tree after the other.
    const leaves = 2 ** size;
    const table = new Float64Array(group.length * leaves * dimension);
    group.forEach((t, i) => table.set(leafValues.subarray(t.leaf * dimension, (t.leaf + leaves) * dimension), i * leaves * dimension));
    const rows = o.add(numbers, int64s(group.map((_, i) => i * leaves), [1, group.length]));
    sums.push(dimension === 1
      ? o.sum(o.gather(c.graph.constant(doubles(table)), rows, 0), 1, true)
      : o.sum(o.gather(c.graph.constant(doubles(table, [group.length * leaves, dimension])), rows, 0), 1));
  }
  if (sums.length === 0) {
    // [N, 1] of zeros, whatever the input holds.
    const zero = o.cast(o.cast(c.o.columns(splits.values, [0]), "bool"), "double");
    return o.add(o.mul(zero, 0), doubles(constant, [1, dimension]));
  }
  const total = sums.length === 1 ? sums[0]! : c.graph.op("Sum", sums);
  return constant.every((v) => v === 0) ? total : o.add(total, doubles(constant, [1, dimension]));
}

/** Trees grown leaf by leaf or level by level. */
function freeSum(est: Estimator, c: Conversion, model: CatboostModel, { trees }: FreeTrees, splits: Splits, faults: Faults): Value {
  const { dimension, leafValues } = model;
  const width = splits.values.shape?.[1];
  const flat = trees.map((tree): FlatTree => {
    const nodeCount = tree.left.length;
    const feature = new Int32Array(nodeCount);
    const threshold = new Float64Array(nodeCount);
    for (let i = 0; i < nodeCount; i++) {
      if (tree.left[i] === LEAF) {
        if (!(tree.leaf[i]! >= 0 && tree.leaf[i]! + dimension <= leafValues.length)) throw faults.malformed(`a leaf's numbers begin at ${tree.leaf[i]!} of ${leafValues.length}`);
        continue;
      }
      const s = tree.split[i]!;
      if (!(s >= 0 && s < splits.column.length)) throw faults.malformed(`a tree asks for split ${s} of ${splits.column.length}`);
      feature[i] = splits.column[s]!;
      threshold[i] = splits.threshold[s]!;
    }
    // What is not above the border goes left, and a missing value is above nothing.
    const checked = { nodeCount, left: tree.left, right: tree.right, feature, threshold, missingLeft: new Uint8Array(nodeCount).fill(1) };
    return { ...checked, reached: checkTree(checked, typeof width === "number" ? width : Infinity, est, c) };
  });
  if (flat.length === 0) throw faults.malformed("there are no trees");
  return sumLeafRows(c, c.o.cast(splits.values, "double"), flat, dimension, (t, node, row, at) => {
    const from = trees[t]!.leaf[node]!;
    for (let k = 0; k < dimension; k++) row[at + k] = leafValues[from + k]!;
  });
}
