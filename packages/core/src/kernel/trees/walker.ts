// A forest laid out for the walks in WebAssembly, and the block of rows that is brought there.

import type { Numbers } from "../value.ts";
import type { Arena } from "../wasm/arena.ts";
import type { Columns } from "./columns.ts";
import { BLOCK, type BlockWalker, type Results, type TakeResults } from "./block-walker.ts";
import type { Forest } from "./forest.ts";
import { NODE_BYTES, ROWS_ABREAST, TREE_BYTES, TREES_ABREAST, walksOver, type LeafUse, type Walks } from "./walk-module.ts";

/** Fewer rows go one by one. */
const FEW = 4;

/**
 * `width`: numbers of a row's result. `place`: which of them a tree adds to.
 */
export class ForestWalker implements BlockWalker {
  readonly #arena: Arena;
  readonly #columns: Columns;
  readonly #walks: Walks;
  readonly #width: number;
  readonly #bytes: number;
  readonly #how: LeafUse;
  readonly #trees: number;
  readonly #at: { readonly x: number; readonly trees: number; readonly payload: number; readonly results: number };
  readonly #ones: Uint8Array;
  #x: Float64Array;
  #results: Results;

  constructor(arena: Arena, forest: Forest, columns: Columns, how: LeafUse, width: number, place: (tree: number) => number) {
    this.#arena = arena;
    this.#columns = columns;
    this.#ones = new Uint8Array(columns.count).fill(1);
    this.#how = how;
    this.#width = width;
    this.#bytes = how === "f64" ? 8 : 4;
    this.#trees = forest.roots.length;
    const groups = Math.ceil(this.#trees / TREES_ABREAST) * TREES_ABREAST;
    // One node more, a leaf, for trees that fill up a group.
    const total = 1 + this.#trees + 2 * forest.yes.length;
    const nodes = arena.take(total * NODE_BYTES);
    const payload = arena.take(total * this.#bytes);
    const trees = arena.take(groups * TREE_BYTES);
    const x = arena.take(BLOCK * columns.count * 8);
    // As much again behind them: there trees that fill up a group add, at a place that moves with the row.
    const results = arena.take(2 * BLOCK * width * this.#bytes);
    // Addresses of nodes become those of their payload by a shift.
    this.#at = { x, trees, payload: payload - (nodes >>> (how === "f64" ? 1 : 2)), results };
    this.#layOut(forest, columns, nodes, payload, trees, groups, place);
    this.#walks = walksOver(arena.memory, how);
    [this.#x, this.#results] = this.#views();
  }

  #layOut(forest: Forest, columns: Columns, nodes: number, payload: number, trees: number, groups: number, place: (tree: number) => number): void {
    const view = new DataView(this.#arena.memory.buffer);
    let next = 0;
    const leaf = (slot: number, value: number): void => {
      const at = nodes + slot * NODE_BYTES;
      view.setFloat64(at, NaN, true);
      view.setInt32(at + 8, 0, true);
      view.setInt32(at + 12, at, true);
      if (this.#how === "f64") view.setFloat64(payload + slot * 8, value, true);
      else if (this.#how === "f32") view.setFloat32(payload + slot * 4, value, true);
      else view.setInt32(payload + slot * 4, value, true);
    };
    const put = (slot: number, node: number): void => {
      if (node < 0) return leaf(slot, this.#how === "leaf" ? ~node : forest.leafWeight[~node]!);
      const at = nodes + slot * NODE_BYTES;
      view.setFloat64(at, columns.threshold[node]!, true);
      view.setInt32(at + 8, columns.column[node]! * 8, true);
      view.setInt32(at + 12, nodes + next * NODE_BYTES, true);
      queue.push([next, forest.no[node]!], [next + 1, forest.yes[node]!]);
      next += 2;
    };
    let queue: [number, number][] = [];
    leaf(next++, 0);
    for (let t = 0; t < this.#trees; t++) {
      const root = next++;
      queue = [];
      put(root, forest.roots[t]!);
      for (let i = 0; i < queue.length; i++) put(...queue[i]!);
      view.setInt32(trees + t * TREE_BYTES, nodes + root * NODE_BYTES, true);
      view.setInt32(trees + t * TREE_BYTES + 4, forest.depth[t]!, true);
      view.setInt32(trees + t * TREE_BYTES + 8, place(t) * this.#bytes, true);
    }
    for (let t = 0; t < groups; t++) {
      const at = trees + t * TREE_BYTES;
      if (t >= this.#trees) {
        view.setInt32(at, nodes, true);
        view.setInt32(at + 8, BLOCK * this.#width * this.#bytes, true);
      }
      if (t % TREES_ABREAST === 0) view.setInt32(at + 12, forest.depth.subarray(t, t + TREES_ABREAST).reduce((a, b) => Math.max(a, b), 0), true);
    }
  }

  #views(): [Float64Array, Results] {
    const { x, results } = this.#at;
    const length = BLOCK * this.#width + 1;
    const a = this.#arena;
    return [a.doubles(x, BLOCK * this.#columns.count), a.results(this.#how, results, length)];
  }

  run(count: number, start: Numbers | undefined, take: TakeResults): void {
    // The memory has grown since: views on it are void.
    if (this.#x.length === 0) [this.#x, this.#results] = this.#views();
    const { x, trees, payload, results } = this.#at;
    const columns = this.#columns;
    const width = this.#width;
    const out = this.#results;
    const stride = columns.count * 8;
    for (let first = 0; first < count; first += BLOCK) {
      const n = Math.min(BLOCK, count - first);
      columns.fill(first, n, this.#x, columns.count);
      if (columns.flags.length > 0) {
        for (let r = 0; r < n; r++) this.#x.fill(0, r * columns.count + columns.numbers, (r + 1) * columns.count);
        for (const group of columns.flags) group.set(first, n, this.#x, columns.count, 1, this.#ones);
      }
      if (this.#how !== "leaf") {
        if (start === undefined) out.fill(0, 0, n * width);
        else for (let i = 0, j = first * width; i < n * width; i++) out[i] = start[j++]!;
      }
      const grouped = n - (n % ROWS_ABREAST < FEW ? n % ROWS_ABREAST : 0);
      if (grouped > 0) this.#walks.rows(x, stride, Math.ceil(grouped / ROWS_ABREAST), trees, this.#trees, results, payload, width * this.#bytes);
      for (let r = grouped; r < n; r++) this.#walks.one(x + r * stride, Math.ceil(this.#trees / TREES_ABREAST), trees, results + r * width * this.#bytes, payload);
      take(out, first, n);
    }
  }
}
