// The matrix that boosted trees are asked with: the features as they are, and beside them columns made from a feature for
// splits that ONNX's comparisons cannot express: membership of a set of categories, and "zero is missing".
//
// Sets of small categories are asked by BRANCH_MEMBER on a column that holds the category plus one (ONNX Runtime tests the
// members 1 to 64 of a double by a bit mask). Sets with larger ones get a column of their own each, 1 where the row goes
// right, looked up in a table: ONNX Runtime would make a chain of comparisons of them.

import type { Value } from "../../onnx/index.ts";
import type { Conversion } from "../conversion/conversion.ts";
import type { Faults } from "./faults.ts";

/** Category plus one has to be a bit of 64; one is left free. */
const LARGEST_MASKED = 62;
/** Entries of the tables of one feature. */
const LARGEST_TABLE = 2 ** 26;

/** In a table: the default way of the node. */
const DEFAULT = 2;

export interface CategoryRules {
  /** Where members of a set go. */
  readonly members: "left" | "right";
  /** What -0.5 is: below zero, and so no category (XGBoost), or category 0 (LightGBM casts it to int). */
  readonly fractionsBelowZero: "none" | "zero";
  /**
   * XGBoost 1.6: a category below zero, or beyond the 32 bits of the last word of a node's set, goes the node's default way.
   */
  readonly beyond?: "default";
  /** Whether NaN reaches the trees as such (its way is the node's), or is just another value that is in no set. */
  readonly missing: "passed" | "unknown";
}

interface SetColumn {
  readonly categories: readonly number[];
}

export class SplitColumns {
  readonly #features: number;
  readonly #rules: CategoryRules;
  readonly #faults: Faults;
  /** What stands in each further column. */
  readonly #further: { readonly feature: number; readonly kind: "code" | "zero" | "set"; readonly set?: SetColumn }[] = [];
  readonly #keys = new WeakMap<readonly number[], string>();
  #members = 0;
  readonly #places = new Map<string, number>();
  readonly #tableSizes = new Map<number, { rows: number; sets: number }>();

  constructor(features: number, rules: CategoryRules, faults: Faults) {
    this.#features = features;
    this.#rules = rules;
    this.#faults = faults;
  }
  /** Columns of the finished matrix, so far. */
  get width(): number {
    return this.#features + this.#further.length;
  }

  /** The column in which a feature's zero is NaN. */
  zeroAsMissing(feature: number): number {
    return this.#place(`z${feature}`, () => ({ feature, kind: "zero" }));
  }
  /**
   * How a node asks for a set: by members of a column (`members` go to the true branch), or by comparing a column with 0.5
   * (at most that goes left).
   */
  membership(feature: number, categories: readonly number[]): { readonly column: number; readonly members: readonly number[] | undefined } {
    let largest = -1;
    for (const category of categories) largest = Math.max(largest, category);
    if (this.#rules.beyond === "default") largest = wordEnd(categories) - 1;
    else if (largest <= LARGEST_MASKED && categories.length > 0) {
      return { column: this.#place(`c${feature}`, () => ({ feature, kind: "code" })), members: categories.map((v) => v + 1) };
    }
    const column = this.#place(`s${feature}:${this.#keyOf(categories)}`, () => {
      const size = this.#tableSizes.get(feature) ?? { rows: 0, sets: 0 };
      size.rows = Math.max(size.rows, largest + 2);
      size.sets++;
      this.#tableSizes.set(feature, size);
      if (size.rows * size.sets > LARGEST_TABLE) {
        throw this.#faults.refuse(`${size.sets} sets of categories up to ${size.rows - 2} of feature ${feature}`, "the table of them would be too large", "Encode the feature before the model (a target encoder, say).");
      }
      return { feature, kind: "set", set: { categories } };
    });
    return { column, members: undefined };
  }
  /** Nodes can share a set, which then is written out once. */
  #keyOf(categories: readonly number[]): string {
    const known = this.#keys.get(categories);
    if (known !== undefined) return known;
    this.#members += categories.length;
    if (this.#members > LARGEST_TABLE / 4) throw this.#faults.refuse(`sets of ${this.#members} categories`, "the tables of them would be too large", "Encode the feature before the model (a target encoder, say).");
    const key = categories.join();
    this.#keys.set(categories, key);
    return key;
  }
  #place(key: string, make: () => { feature: number; kind: "code" | "zero" | "set"; set?: SetColumn }): number {
    let at = this.#places.get(key);
    if (at === undefined) {
      at = this.width;
      this.#further.push(make());
      this.#places.set(key, at);
    }
    return at;
  }

  /** X [N, features] double -> [N, width]. `zero`: what counts as zero, inclusive. */
  build(c: Conversion, X: Value, zero = 0): Value {
    if (this.#further.length === 0) return X;
    const { o } = c;
    const parts: Value[] = [];
    const order = new Map<number, number>();
    let at = 0;
    const put = (indices: readonly number[], value: Value): void => {
      parts.push(value);
      for (const i of indices) order.set(i, at++);
    };
    const of = (kind: string): number[] => this.#further.flatMap((f, i) => (f.kind === kind ? [i] : []));
    const zeros = of("zero");
    if (zeros.length > 0) {
      const x = o.columns(X, zeros.map((i) => this.#further[i]!.feature));
      put(zeros, o.where(o.lessEqual(o.abs(x), zero), NaN, x));
    }
    const codes = of("code");
    if (codes.length > 0) {
      const x = o.columns(X, codes.map((i) => this.#further[i]!.feature));
      const below = this.#rules.fractionsBelowZero === "none" ? o.scalar(0) : o.cast(o.greater(x, -1), "double");
      put(codes, o.where(o.less(x, 0), below, o.add(c.graph.op("Floor", [x]), 1)));
    }
    const byFeature = new Map<number, number[]>();
    for (const i of of("set")) byFeature.set(this.#further[i]!.feature, [...(byFeature.get(this.#further[i]!.feature) ?? []), i]);
    for (const [feature, members] of byFeature) put(members, this.#lookUp(c, X, feature, members));
    const further = o.concat(parts);
    const ordered = this.#further.map((_, i) => order.get(i)!);
    return o.concat([X, ordered.every((v, i) => v === i) ? further : o.columns(further, ordered)]);
  }

  /** [N, sets of the feature]. */
  #lookUp(c: Conversion, X: Value, feature: number, members: readonly number[]): Value {
    const { o } = c;
    const right = this.#rules.members === "right" ? 1 : 0;
    const rows = this.#tableSizes.get(feature)!.rows;
    const table = new Uint8Array(rows * members.length).fill(1 - right);
    members.forEach((i, k) => {
      if (this.#rules.beyond === "default") {
        for (let row = wordEnd(this.#further[i]!.set!.categories); row < rows; row++) table[row * members.length + k] = DEFAULT;
      }
      for (const category of this.#further[i]!.set!.categories) table[category * members.length + k] = right;
    });
    const x = o.columns(X, [feature]);
    // The last row is that of whatever is no category; NaN is not less than anything.
    const least = this.#rules.fractionsBelowZero === "none" ? o.greaterEqual(x, 0) : o.greater(x, -1);
    const category = o.where(o.and(least, o.less(x, rows - 1)), c.graph.op("Floor", [o.maximum(o.where(o.isNaN(x), 0, x), 0)]), rows - 1);
    const looked = o.cast(o.gather(c.graph.constant({ type: "uint8", shape: [rows, members.length], data: table }), o.squeeze(o.cast(category, "int64"), 1), 0), "double");
    if (this.#rules.beyond === "default") return o.where(o.or(o.isNaN(x), o.equal(looked, DEFAULT)), NaN, looked);
    return this.#rules.missing === "passed" ? o.where(o.isNaN(x), NaN, looked) : looked;
  }
}

/** The end of the last 32-bit word that a set needs. */
function wordEnd(categories: readonly number[]): number {
  let largest = -1;
  for (const category of categories) largest = Math.max(largest, category);
  return (Math.floor(largest / 32) + 1) * 32;
}
