// Trees that ask the same question on every level (CatBoost's): a leaf's number is the answers written as bits. Each column
// becomes one byte a row, the number of the model's thresholds that lie below it, so that sixteen rows are compared at once.

import type { Arena } from "../wasm/arena.ts";
import { FunctionWriter, writeModule } from "../../wasm/index.ts";
import type { Columns } from "./columns.ts";
import type { Forest } from "./forest.ts";
import { addLeaf } from "./add-leaf.ts";
import { BLOCK, overCodedRows, type BlockWalker } from "./block-walker.ts";
import { planByteColumns } from "./byte-columns.ts";
import type { LeafUse } from "./walk-module.ts";

const MOST_LEVELS = 8;
/** A tree: the address of its levels, their number, the address of its leaves, where its numbers are added. A level: where its column lies, its threshold's place, its bit. */
const TREE_BYTES = 16;
const LEVEL_BYTES = 8;
const LANES = 16;

interface Level {
  readonly column: number;
  readonly threshold: number;
}
interface Shape {
  readonly levels: readonly Level[];
  /** By the bits of the answers; the root's is the lowest. */
  readonly leaves: Int32Array;
}

/** The trees as levels and leaves, where all of them are of this kind. */
function obliviousShapes(forest: Forest, columns: Columns): readonly Shape[] | undefined {
  const shapes: Shape[] = [];
  for (let t = 0; t < forest.roots.length; t++) {
    const depth = forest.depth[t]!;
    if (depth > MOST_LEVELS) return undefined;
    let nodes = [forest.roots[t]!];
    const levels: Level[] = [];
    for (let l = 0; l < depth; l++) {
      const [first] = nodes as [number];
      const column = columns.column[first]!;
      const threshold = columns.threshold[first]!;
      if (nodes.some((node) => node < 0 || columns.column[node] !== column || columns.threshold[node] !== threshold)) return undefined;
      levels.push({ column, threshold });
      nodes = [...nodes.map((node) => forest.yes[node]!), ...nodes.map((node) => forest.no[node]!)];
    }
    if (nodes.some((node) => node >= 0)) return undefined;
    shapes.push({ levels, leaves: Int32Array.from(nodes, (node) => ~node) });
  }
  return shapes;
}

/**
 * trees(codes, trees, count of trees, scratch, results, stride of results, rows or groups of rows) for so many vectors of
 * rows. `depth`: that of all trees, whose levels are then written out, or 0.
 */
function trees(how: LeafUse, vectors: number, depth: number): FunctionWriter {
  const f = new FunctionWriter(`trees_${how}_${vectors}`, ["i32", "i32", "i32", "i32", "i32", "i32", "i32"]);
  const [code, tree, count, scratch, results, stride, rows] = [0, 1, 2, 3, 4, 5, 6];
  const [level, left, from, leaves, number, to, more] = f.locals("i32", 7) as [number, number, number, number, number, number, number];
  const numbers = f.locals("v128", vectors);
  const [threshold, bit] = f.locals("v128", 2) as [number, number];
  const unrolled = vectors === 1 ? 1 : 8;
  const bits = f.locals("v128", depth);
  bits.forEach((local, l) => f.i32(1 << l).op("i8x16.splat").set(local));
  f.loop(() => {
    for (const n of numbers) f.i32(0).op("i8x16.splat").set(n);
    f.get(tree).access("i32.load").set(level);
    for (let l = 0; l < depth; l++) {
      const at = l * LEVEL_BYTES;
      f.get(code, level).access("i32.load", at).op("i32.add").set(from).get(level).access("v128.load8_splat", at + 4).set(threshold);
      numbers.forEach((n, i) => f.get(n, from).access("v128.load", i * LANES).get(threshold).op("i8x16.gt_s").get(bits[l]!).op("v128.and", "v128.or").set(n));
    }
    if (depth === 0) f.get(tree).access("i32.load", 4).set(left).loop(() => {
      f.get(code, level).access("i32.load").op("i32.add").set(from);
      f.get(level).access("v128.load8_splat", 4).set(threshold).get(level).access("v128.load8_splat", 5).set(bit);
      numbers.forEach((n, i) => f.get(n, from).access("v128.load", i * LANES).get(threshold).op("i8x16.gt_s").get(bit).op("v128.and", "v128.or").set(n));
      f.increase(level, LEVEL_BYTES);
      f.get(left).i32(1).op("i32.sub").tee(left);
    });
    numbers.forEach((n, i) => f.get(scratch, n).access("v128.store", i * LANES));
    f.get(tree).access("i32.load", 8).set(leaves).get(results, tree).access("i32.load", 12).op("i32.add").set(to);
    f.get(scratch).set(number).get(rows).set(more);
    f.loop(() => {
      for (let i = 0; i < unrolled; i++) {
        addLeaf(f, how, i, { number, leaves, to, stride });
      }
      f.increase(number, unrolled);
      f.get(more).i32(1).op("i32.sub").tee(more);
    });
    f.increase(tree, TREE_BYTES);
    f.get(count).i32(1).op("i32.sub").tee(count);
  });
  return f;
}

/** By use and depth. */
const compiled = new Map<string, WebAssembly.Module>();
type Trees = (codes: number, trees: number, count: number, scratch: number, results: number, stride: number, rows: number) => void;

/** Undefined where the trees are of another kind. */
export function obliviousWalker(arena: Arena, forest: Forest, columns: Columns, how: LeafUse, width: number, place: (tree: number) => number): BlockWalker | undefined {
  const shapes = obliviousShapes(forest, columns);
  if (!shapes) return undefined;
  const coded = planByteColumns(arena, columns);
  if (!coded) return undefined;
  const bytes = how === "f64" ? 8 : 4;

  const levelAt = shapes.map(({ levels }) => arena.take(levels.length * LEVEL_BYTES));
  const leafAt = shapes.map(({ leaves }) => arena.take(leaves.length * bytes));
  const treeAt = arena.take(shapes.length * TREE_BYTES);
  const scratch = arena.take(BLOCK);
  const results = arena.take(BLOCK * width * bytes);

  const view = new DataView(arena.memory.buffer);
  shapes.forEach(({ levels, leaves }, t) => {
    levels.forEach(({ column, threshold }, l) => {
      const at = levelAt[t]! + l * LEVEL_BYTES;
      view.setInt32(at, column * BLOCK, true);
      view.setInt8(at + 4, coded.codeOf(column, threshold));
      view.setUint8(at + 5, 1 << l);
    });
    leaves.forEach((leaf, i) => {
      const at = leafAt[t]! + i * bytes;
      if (how === "leaf") view.setInt32(at, leaf, true);
      else if (how === "f32") view.setFloat32(at, forest.leafWeight[leaf]!, true);
      else view.setFloat64(at, forest.leafWeight[leaf]!, true);
    });
    const at = treeAt + t * TREE_BYTES;
    [levelAt[t]!, levels.length, leafAt[t]!, place(t) * bytes].forEach((v, i) => view.setInt32(at + 4 * i, v, true));
  });

  const depths = new Set(shapes.map(({ levels }) => levels.length));
  const depth = depths.size === 1 ? shapes[0]!.levels.length : 0;
  const key = `${how}${depth}`;
  const module = compiled.get(key) ?? new WebAssembly.Module(writeModule([trees(how, 1, depth), trees(how, BLOCK / LANES, depth)]));
  compiled.set(key, module);
  const { exports } = new WebAssembly.Instance(module, { env: { memory: arena.memory } });
  const [few, many] = [exports[`trees_${how}_1`] as Trees, exports[`trees_${how}_${BLOCK / LANES}`] as Trees];
  return overCodedRows(arena, coded, how, results, width, (n) => {
    if (n <= LANES) few(coded.at, treeAt, shapes.length, scratch, results, width * bytes, n);
    else many(coded.at, treeAt, shapes.length, scratch, results, width * bytes, Math.ceil(n / 8));
  });
}
