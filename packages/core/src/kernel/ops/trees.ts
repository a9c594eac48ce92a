// Tree ensembles as steps: summed up by target, or by rows of a table that the leaves name (see rewrite.ts).

import { leafOf } from "../trees/walk.ts";
import { readForest, type Forest } from "../trees/forest.ts";
import { planColumns } from "../trees/columns.ts";
import type { BlockWalker } from "../trees/block-walker.ts";
import { obliviousWalker } from "../trees/oblivious.ts";
import { selects, selectorWalker } from "../trees/selector.ts";
import { ForestWalker } from "../trees/walker.ts";
import { NotForMe, type Numbers, type Step, type Store, type Value } from "../value.ts";
import type { Arena } from "../wasm/arena.ts";
import type { NodeView } from "../node-view.ts";

/** Numbers of one row's result. */
const MOST_TARGETS = 2 ** 16;

/** The one target of each tree, where its leaves agree on it. */
export function treeTargets(forest: Forest): Int32Array | undefined {
  const targets = new Int32Array(forest.roots.length).fill(-1);
  const stack: number[] = [];
  for (let t = 0; t < targets.length; t++) {
    stack.push(forest.roots[t]!);
    while (stack.length > 0) {
      const node = stack.pop()!;
      if (node >= 0) stack.push(forest.yes[node]!, forest.no[node]!);
      else if (targets[t] === -1) targets[t] = forest.leafTarget[~node]!;
      else if (targets[t] !== forest.leafTarget[~node]) return undefined;
    }
  }
  return targets;
}

/** What trees read; it need not be filled, where they read what it is made of. */
function matrixOf(v: NodeView): Value {
  const X = v.sources(0);
  if ((X.store.kind !== "double" && X.store.kind !== "float") || X.shape.length !== 2 || (X.shape[0] !== 1 && !X.store.constant) || X.extents) throw new NotForMe("trees over something that is no matrix");
  return X;
}

/** Where a column goes into the trees as it was given, their thresholds are where answers change. */
function noteBoundaries(v: NodeView, X: Value, forest: Forest): void {
  const { origin } = X;
  if (!origin) return;
  forest.feature.forEach((f, i) => {
    const set = forest.sets.get(i);
    if (set) for (const member of set) v.build.boundary(origin[f]!, member);
    else v.build.boundary(origin[f]!, forest.threshold[i]!);
  });
}

function walkerOf(...given: ConstructorParameters<typeof ForestWalker>): BlockWalker {
  const [arena, forest] = given;
  const oblivious = obliviousWalker(...given);
  if (oblivious) return oblivious;
  const walker = new ForestWalker(...given);
  return selects(forest) ? selectorWalker(walker, arena.eager, ...given) : walker;
}

/** Sums of leaf weights by target: [N, targets]. `start` is what they begin with: float [N, 1] of float sums. */
function sumStep(arena: Arena | undefined, v: NodeView, forest: Forest, matrix: Value, out: Store, start: Store | undefined): Step {
  const X = matrix.store;
  const features = matrix.shape[1]!;
  const { targets, leafWeight, leafTarget } = forest;
  if (targets > MOST_TARGETS) throw new NotForMe(`trees with ${targets} targets`);
  const byTree = treeTargets(forest);
  const columns = byTree && planColumns(forest, matrix);
  if (arena && byTree && columns && !X.constant) {
    const walker = walkerOf(arena, forest, columns, out.kind === "float" ? "f32" : "f64", targets, (t) => byTree[t]!);
    return (n) => {
      const o = out.numbers;
      walker.run(n, start?.numbers, (results, first, count) => {
        const length = count * targets;
        if (length > 16) o.set(length === results.length ? results : results.subarray(0, length), first * targets);
        else for (let i = 0; i < length; i++) o[first * targets + i] = results[i]!;
      });
    };
  }
  v.build.write(matrix);
  const trees = forest.roots.length;
  return (n) => {
    const [o, x, base] = [out.numbers, X.numbers, start?.numbers];
    for (let r = 0; r < n; r++) {
      for (let k = 0; k < targets; k++) o[r * targets + k] = base ? base[r * targets + k]! : 0;
      for (let t = 0; t < trees; t++) {
        const leaf = leafOf(forest, t, x, r * features);
        o[r * targets + leafTarget[leaf]!]! += leafWeight[leaf]!;
      }
    }
  };
}

/** Sums of the rows of a table [leaves, width] at the places that are the leaves' weights. */
function rowSumStep(arena: Arena | undefined, v: NodeView, forest: Forest, matrix: Value, table: Numbers, width: number, out: Store): Step {
  const trees = forest.roots.length;
  const X = matrix.store;
  const features = matrix.shape[1]!;
  const places = Int32Array.from(forest.leafWeight, (w) => w * width);
  const columns = planColumns(forest, matrix);
  if (arena && columns && !X.constant && trees <= MOST_TARGETS) {
    const walker = walkerOf(arena, forest, columns, "leaf", trees, (t) => t);
    return (n) => {
      const o = out.numbers;
      o.fill(0, 0, n * width);
      walker.run(n, undefined, (leaves, first, count) => {
        for (let r = 0, i = 0; r < count; r++) {
          const to = (first + r) * width;
          for (let t = 0; t < trees; t++) for (let k = 0, from = places[leaves[i++]!]!; k < width; k++) o[to + k]! += table[from++]!;
        }
      });
    };
  }
  v.build.write(matrix);
  return (n) => {
    const o = out.numbers;
    o.fill(0, 0, n * width);
    for (let r = 0; r < n; r++) {
      for (let t = 0; t < trees; t++) {
        const from = places[leafOf(forest, t, X.numbers, r * features)]!;
        for (let k = 0; k < width; k++) o[r * width + k]! += table[from + k]!;
      }
    }
  };
}

export function treeEnsemble(arena: Arena | undefined, v: NodeView): readonly Value[] {
  const X = matrixOf(v);
  const features = X.shape[1]!;
  const forest = readForest(v, features);
  noteBoundaries(v, X, forest);
  const { kind } = X.store;
  if (kind === "float" && ["nodes_splits", "leaf_weights"].some((name) => v.tensor(name)?.type !== "float")) throw new NotForMe("trees of several types");
  return [v.build.result(kind, [X.shape[0]!, forest.targets], [X], (out) => sumStep(arena, v, forest, X, out, undefined))];
}

/** [X, start]: the forests' weights added to `start` in float, tree after tree. */
export function floatForest(arena: Arena | undefined, v: NodeView, forest: Forest): readonly Value[] {
  const [X, start] = [matrixOf(v), v.input(1)];
  if (start.store.kind !== "float" || start.store.width !== 1 || start.store.constant !== X.store.constant) throw new NotForMe("sums that begin otherwise");
  if (forest.feature.some((f) => f >= X.shape[1]!)) throw new NotForMe("trees that point beyond their lists");
  noteBoundaries(v, X, forest);
  return [v.build.result("float", [X.shape[0]!, 1], [X, start], (out) => sumStep(arena, v, forest, X, out, start.store))];
}

/** [X, table]. */
export function leafRows(arena: Arena | undefined, v: NodeView, forest: Forest): readonly Value[] {
  const [X, table] = [matrixOf(v), v.input(1)];
  const { kind } = table.store;
  const [rows, width] = table.shape as [number, number];
  if ((kind !== "double" && kind !== "float") || table.shape.length !== 2 || !table.store.constant) throw new NotForMe("rows of leaves of another kind");
  if (!forest.leafWeight.every((w) => Number.isInteger(w) && w >= 0 && w < rows) || forest.feature.some((f) => f >= X.shape[1]!)) throw new NotForMe("trees that point beyond their lists");
  noteBoundaries(v, X, forest);
  return [v.build.result(kind, [X.shape[0]!, width], [X, table], (out) => rowSumStep(arena, v, forest, X, table.store.numbers, width, out))];
}
