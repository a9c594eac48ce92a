// Trees that ask the same question on every level (CatBoost's): a leaf's number is the answers written as bits. Each column
// becomes one byte a row, the number of the model's thresholds that lie below it, so that sixteen rows are compared at once.

import type { Numbers } from "../value.ts";
import type { Arena } from "../wasm/arena.ts";
import { FunctionWriter, writeModule } from "../wasm/assembler.ts";
import type { Columns } from "./columns.ts";
import type { Forest } from "./forest.ts";
import { BLOCK, type BlockWalker, type Results, type TakeResults } from "./block-walker.ts";
import { LEAF_USES, type LeafUse } from "./walk-module.ts";

const MOST_LEVELS = 8;
/** Bytes tell so many thresholds apart. */
const MOST_THRESHOLDS = 255;
/** A tree: the address of its levels, their number, the address of its leaves, where its numbers are added. A level: where its column lies, its threshold's place, its bit. */
const TREE_BYTES = 16;
const LEVEL_BYTES = 8;
/** A column: the address of its thresholds, and half their number in bytes. */
const COLUMN_BYTES = 8;
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
export function obliviousShapes(forest: Forest, columns: Columns): readonly Shape[] | undefined {
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

/** codes(x, stride, groups of 8 rows, columns, count of columns, out): bytes, column by column of BLOCK rows. */
function codes(): FunctionWriter {
  const f = new FunctionWriter("codes", ["i32", "i32", "i32", "i32", "i32", "i32"]);
  const [x, stride, groups, column, count, out] = [0, 1, 2, 3, 4, 5];
  const [row, group, to, half, table, at] = f.locals("i32", 6) as [number, number, number, number, number, number];
  const places = f.locals("i32", 8);
  const values = f.locals("f64", 8);
  f.loop(() => {
    f.get(x).set(row).get(out).set(to).get(groups).set(group).get(column).access("i32.load").set(table);
    f.loop(() => {
      f.get(row).set(at);
      for (const value of values) f.get(at).access("f64.load").set(value).get(at, stride).op("i32.add").set(at);
      f.get(at).set(row);
      for (const place of places) f.get(table).set(place);
      f.get(column).access("i32.load", 4).set(half);
      f.loop(() => {
        // place += half unless x <= thresholds[half - 1 further on]
        places.forEach((place, i) => {
          f.get(place, half).get(values[i]!).get(place, half).op("i32.add").access("f64.load").op("f64.le").i32(1).op("i32.sub").op("i32.and", "i32.add").set(place);
        });
        f.get(half).i32(1).op("i32.shr_u").tee(half).i32(7).op("i32.gt_u");
      });
      places.forEach((place, i) => f.get(to).get(place, table).op("i32.sub").i32(3).op("i32.shr_u").i32(128).op("i32.sub").access("i32.store8", i));
      f.increase(to, 8);
      f.get(group).i32(1).op("i32.sub").tee(group);
    });
    f.increase(out, BLOCK).increase(x, 8).increase(column, COLUMN_BYTES);
    f.get(count).i32(1).op("i32.sub").tee(count);
  });
  return f;
}

/** trees(codes, trees, count of trees, scratch, results, stride of results, rows or groups of rows) for so many vectors of rows. */
function trees(how: LeafUse, vectors: number): FunctionWriter {
  const f = new FunctionWriter(`trees_${how}_${vectors}`, ["i32", "i32", "i32", "i32", "i32", "i32", "i32"]);
  const [code, tree, count, scratch, results, stride, rows] = [0, 1, 2, 3, 4, 5, 6];
  const [level, left, from, leaves, number, to, more] = f.locals("i32", 7) as [number, number, number, number, number, number, number];
  const numbers = f.locals("v128", vectors);
  const [threshold, bit] = f.locals("v128", 2) as [number, number];
  const size = how === "f64" ? 3 : 2;
  const unrolled = vectors === 1 ? 1 : 8;
  f.loop(() => {
    for (const n of numbers) f.i32(0).op("i8x16.splat").set(n);
    f.get(tree).access("i32.load").set(level).get(tree).access("i32.load", 4).set(left);
    f.loop(() => {
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
        const leaf = (): FunctionWriter => f.get(number).access("i32.load8_u", i).i32(size).op("i32.shl").get(leaves).op("i32.add");
        f.get(to);
        if (how === "f64") {
          f.get(to).access("f64.load");
          leaf().access("f64.load").op("f64.add").access("f64.store");
        } else if (how === "f32") {
          f.get(to).access("f32.load");
          leaf().access("f32.load").op("f32.add").access("f32.store");
        } else leaf().access("i32.load").access("i32.store");
        f.get(to, stride).op("i32.add").set(to);
      }
      f.increase(number, unrolled);
      f.get(more).i32(1).op("i32.sub").tee(more);
    });
    f.increase(tree, TREE_BYTES);
    f.get(count).i32(1).op("i32.sub").tee(count);
  });
  return f;
}

let compiled: WebAssembly.Module | undefined;
type Codes = (x: number, stride: number, groups: number, columns: number, count: number, out: number) => void;
type Trees = (codes: number, trees: number, count: number, scratch: number, results: number, stride: number, rows: number) => void;

/** Undefined where the trees are of another kind. */
export function obliviousWalker(arena: Arena, forest: Forest, columns: Columns, how: LeafUse, width: number, place: (tree: number) => number): BlockWalker | undefined {
  const shapes = obliviousShapes(forest, columns);
  if (!shapes) return undefined;
  const thresholds = Array.from({ length: columns.count }, () => new Set<number>());
  for (const { levels } of shapes) for (const { column, threshold } of levels) thresholds[column]!.add(threshold);
  if (thresholds.some((t) => t.size > MOST_THRESHOLDS)) return undefined;
  const sorted = thresholds.map((t) => Float64Array.from(t).sort());
  const bytes = how === "f64" ? 8 : 4;

  // Each column's table is filled up with infinity, which only NaN is not at most equal to, to a power of two less one.
  const lengths = sorted.map((t) => 2 ** Math.max(1, Math.ceil(Math.log2(t.length + 1))));
  const tableAt = sorted.map((_, i) => arena.take(lengths[i]! * 8));
  const columnAt = arena.take(columns.count * COLUMN_BYTES);
  const levelAt = shapes.map(({ levels }) => arena.take(levels.length * LEVEL_BYTES));
  const leafAt = shapes.map(({ leaves }) => arena.take(leaves.length * bytes));
  const treeAt = arena.take(shapes.length * TREE_BYTES);
  const x = arena.take(BLOCK * columns.count * 8);
  const code = arena.take(BLOCK * columns.count);
  const scratch = arena.take(BLOCK);
  const results = arena.take(BLOCK * width * bytes);

  const view = new DataView(arena.memory.buffer);
  sorted.forEach((t, c) => {
    // Place 0 is not asked: the first question is about half the table further on.
    const table = new Float64Array(lengths[c]!).fill(Infinity);
    table.set(t, 1);
    arena.doubles(tableAt[c]!, table.length).set(table);
    view.setInt32(columnAt + c * COLUMN_BYTES, tableAt[c]!, true);
    view.setInt32(columnAt + c * COLUMN_BYTES + 4, (lengths[c]! / 2) * 8, true);
  });
  shapes.forEach(({ levels, leaves }, t) => {
    levels.forEach(({ column, threshold }, l) => {
      const at = levelAt[t]! + l * LEVEL_BYTES;
      view.setInt32(at, column * BLOCK, true);
      view.setInt8(at + 4, sorted[column]!.indexOf(threshold) - 128);
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

  compiled ??= new WebAssembly.Module(writeModule([codes(), ...LEAF_USES.flatMap((use) => [trees(use, 1), trees(use, BLOCK / LANES)])]));
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory: arena.memory } });
  const [toCodes, few, many] = [exports["codes"] as Codes, exports[`trees_${how}_1`] as Trees, exports[`trees_${how}_${BLOCK / LANES}`] as Trees];
  const views = (): [Float64Array, Results] => [arena.doubles(x, BLOCK * columns.count), arena.results(how, results, BLOCK * width)];
  let [rowsView, out] = views();

  return {
    run(rows: Numbers, features: number, count: number, start: Numbers | undefined, take: TakeResults): void {
      // The memory has grown since: views on it are void.
      if (rowsView.length === 0) [rowsView, out] = views();
      for (let first = 0; first < count; first += BLOCK) {
        const n = Math.min(BLOCK, count - first);
        for (let r = 0; r < n; r++) columns.fill(rows, (first + r) * features, rowsView, r * columns.count);
        if (start === undefined) out.fill(0, 0, n * width);
        else for (let i = 0, j = first * width; i < n * width; i++) out[i] = start[j++]!;
        toCodes(x, columns.count * 8, Math.ceil(n / 8), columnAt, columns.count, code);
        if (n <= LANES) few(code, treeAt, shapes.length, scratch, results, width * bytes, n);
        else many(code, treeAt, shapes.length, scratch, results, width * bytes, Math.ceil(n / 8));
        take(out, first, n);
      }
    },
  };
}
