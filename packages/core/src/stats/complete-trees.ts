// Small ensembles of complete binary trees, all as deep as each other: node i leads to 2i + 1, or to 2i + 2 where the row's value
// is above the node's threshold. A missing value is above nothing. What they give is the sum of the leaves that a row reaches.

import { NODE_BYTES, ROWS_ABREAST, walkingOver, type WalkTree } from "./complete-trees-kernel.ts";
import { hasVectors } from "../wasm/index.ts";

export interface CompleteTrees {
  readonly depth: number;
  /** Of the inner nodes, tree by tree: which of a row's values is looked at. */
  readonly features: readonly number[];
  readonly thresholds: readonly number[];
  readonly leaves: readonly number[];
}

/** Rows that are walked at once. */
const ROWS_AT_ONCE = 128;
const PAGE = 65_536;

/** Rows and trees where the kernel walks them. */
interface Walked {
  readonly width: number;
  readonly rows: Float64Array;
  readonly sums: Float64Array;
  readonly nodes: number;
  readonly leaves: number;
  readonly walk: WalkTree;
}

export class TreeWalker {
  readonly #depth: number;
  readonly #trees: number;
  readonly #features: Uint16Array;
  readonly #thresholds: Float64Array;
  readonly #leaves: Float64Array;
  readonly #kernel: boolean;
  #walked: Walked | undefined;

  /** @param kernel false: without WebAssembly */
  constructor({ depth, features, thresholds, leaves }: CompleteTrees, kernel: boolean = hasVectors()) {
    this.#depth = depth;
    this.#trees = leaves.length >> depth;
    this.#features = Uint16Array.from(features);
    this.#thresholds = Float64Array.from(thresholds);
    this.#leaves = Float64Array.from(leaves);
    this.#kernel = kernel && depth > 0 && this.#trees > 0;
  }

  /** @param rows row-major, `width` values each @param sums one a row: the sum of the leaves */
  walk(rows: Float64Array, width: number, count: number, sums: Float64Array): void {
    if (!this.#kernel) return this.#walkPlainly(rows, width, count, sums);
    if (this.#walked?.width !== width) this.#walked = this.#prepare(width);
    const walked = this.#walked;
    const nodeBytes = NODE_BYTES * ((1 << this.#depth) - 1);
    for (let from = 0; from < count; from += ROWS_AT_ONCE) {
      const some = Math.min(ROWS_AT_ONCE, count - from);
      walked.rows.set(rows.subarray(from * width, (from + some) * width));
      walked.sums.fill(0);
      const whole = Math.ceil(some / ROWS_ABREAST) * ROWS_ABREAST;
      for (let tree = 0; tree < this.#trees; tree++) walked.walk(walked.rows.byteOffset, walked.sums.byteOffset, whole, walked.nodes + tree * nodeBytes, walked.leaves + (tree << this.#depth) * 8);
      for (let row = 0; row < some; row++) sums[from + row] = walked.sums[row]!;
    }
  }
  #prepare(width: number): Walked {
    const count = this.#features.length;
    const nodes = 8 * ROWS_AT_ONCE * (width + 1);
    const leaves = nodes + NODE_BYTES * count;
    const memory = new WebAssembly.Memory({ initial: Math.ceil((leaves + 8 * this.#leaves.length) / PAGE) });
    const { buffer } = memory;
    const thresholds = new Float64Array(buffer, nodes, 2 * count);
    const places = new Int32Array(buffer, nodes, 4 * count);
    for (let i = 0; i < count; i++) {
      thresholds[2 * i] = this.#thresholds[i]!;
      places[4 * i + 2] = 8 * this.#features[i]!;
    }
    new Float64Array(buffer, leaves).set(this.#leaves);
    const sums = 8 * ROWS_AT_ONCE * width;
    return { width, rows: new Float64Array(buffer, 0, ROWS_AT_ONCE * width), sums: new Float64Array(buffer, sums, ROWS_AT_ONCE), nodes, leaves, walk: walkingOver(memory, width, this.#depth) };
  }

  #walkPlainly(rows: Float64Array, width: number, count: number, sums: Float64Array): void {
    const depth = this.#depth;
    const nodes = (1 << depth) - 1;
    const features = this.#features;
    const thresholds = this.#thresholds;
    const leaves = this.#leaves;
    sums.fill(0, 0, count);
    for (let tree = 0; tree < this.#trees; tree++) {
      const first = tree * nodes;
      const down = 1 - first;
      const leaf = (tree << depth) - nodes - first;
      for (let row = 0, a = 0; row < count; row++, a += width) {
        let i = first;
        for (let step = 0; step < depth; step++) i = (2 * i + down + +(rows[a + features[i]!]! > thresholds[i]!)) | 0;
        sums[row]! += leaves[leaf + i]!;
      }
    }
  }
}
