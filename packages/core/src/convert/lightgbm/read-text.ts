// LightGBM's text format (versions v2 to v4): `key=value` lines of a header, one block of lines for each tree, the
// parameters, and in the last line the categories of the data frame it was fitted on.
// Source: src/io/tree.cpp, src/boosting/gbdt_model_text.cpp, python-package/lightgbm/basic.py.

import type { Faults } from "../boosted/faults.ts";
import { readPandasCategories } from "./pandas-categories.ts";
import type { LightgbmModel, LinearLeaves, RawTree } from "./model.ts";
import { CATEGORICAL } from "./model.ts";

const NEWLINE = 10;
const LONGEST_LINE = 2 ** 28;

/** @throws malformed-model */
export function readLightgbmText(file: Uint8Array, faults: Faults): LightgbmModel {
  const lines = new Lines(file, faults);
  const header = new Map<string, string>();
  const trees: RawTree[] = [];
  let categorical: number[] = [];
  let pandas: string | undefined;
  let line = lines.next();
  for (; line !== undefined && !line.startsWith("Tree=") && line !== "end of trees"; line = lines.next()) {
    const at = line.indexOf("=");
    header.set(at < 0 ? line : line.slice(0, at), at < 0 ? "" : line.slice(at + 1));
  }
  while (line?.startsWith("Tree=") === true) {
    const block = new Map<string, string>();
    for (line = lines.next(); line !== undefined && !line.startsWith("Tree=") && line !== "end of trees"; line = lines.next()) {
      const at = line.indexOf("=");
      if (at > 0) block.set(line.slice(0, at), line.slice(at + 1));
    }
    trees.push(readTree(block, trees.length, faults));
  }
  if (line === undefined) throw faults.malformed("the file ends before the end of its trees");
  let open = false;
  for (; line !== undefined; line = lines.next()) {
    if (line === "parameters:") open = true;
    if (line === "end of parameters") open = false;
    if (line.startsWith("pandas_categorical:")) pandas = line.slice("pandas_categorical:".length);
    const list = /^\[categorical_feature: ([\d,]+)\]$/.exec(line)?.[1];
    if (list !== undefined) categorical = list.split(",").filter((t) => t !== "").map(Number);
  }
  if (open) throw faults.malformed("the file ends inside its parameters");
  const features = integer(header, "max_feature_idx", faults) + 1;
  const names = words(header.get("feature_names") ?? "");
  const infos = words(header.get("feature_infos") ?? "");
  if (features < 1 || (names.length > 0 && names.length !== features) || (infos.length > 0 && infos.length !== features)) {
    throw faults.malformed(`it says that it has ${features} features, ${names.length} names and ${infos.length} descriptions of them`);
  }
  return {
    objective: words(header.get("objective") ?? ""),
    features, names, infos, categorical, trees,
    treesPerIteration: integer(header, header.has("num_tree_per_iteration") ? "num_tree_per_iteration" : "num_class", faults),
    average: header.has("average_output"),
    pandasCategories: readPandasCategories(pandas, faults),
  };
}

/** Decoded one by one: a file can be longer than a string can. */
class Lines {
  readonly #file: Uint8Array;
  readonly #faults: Faults;
  readonly #utf8 = new TextDecoder("utf-8", { fatal: true });
  #at = 0;
  constructor(file: Uint8Array, faults: Faults) {
    this.#file = file;
    this.#faults = faults;
  }
  /** The next line that is not empty; undefined at the end. */
  next(): string | undefined {
    while (this.#at < this.#file.length) {
      let end = this.#file.indexOf(NEWLINE, this.#at);
      if (end < 0) end = this.#file.length;
      if (end - this.#at > LONGEST_LINE) throw this.#faults.malformed(`a line has ${end - this.#at} bytes`);
      const line = this.#decode(this.#file.subarray(this.#at, end)).trim();
      this.#at = end + 1;
      if (line !== "") return line;
    }
    return undefined;
  }
  #decode(bytes: Uint8Array): string {
    try {
      return this.#utf8.decode(bytes);
    } catch {
      throw this.#faults.malformed("the file is not UTF-8 text");
    }
  }
}

function words(text: string): string[] {
  return text.split(" ").filter((w) => w !== "");
}
function integer(fields: ReadonlyMap<string, string>, key: string, faults: Faults): number {
  const text = fields.get(key);
  if (text === undefined || !/^\s*-?\d{1,10}\s*$/.test(text)) throw faults.malformed(text === undefined ? `it has no ${key}` : `${key} is ${JSON.stringify(text.slice(0, 40))}`);
  return Number(text);
}

function readTree(block: ReadonlyMap<string, string>, number: number, faults: Faults): RawTree {
  const leaves = integer(block, "num_leaves", faults);
  const sets = block.has("num_cat") ? integer(block, "num_cat", faults) : 0;
  if (leaves < 1 || sets < 0) throw faults.malformed(`tree ${number} has ${leaves} leaves`);
  const splits = leaves - 1;
  const doubles = (key: string, count: number): Float64Array => readDoubles(block.get(key) ?? "", count, `${key} of tree ${number}`, faults);
  const ints = (key: string, count: number): Int32Array => {
    const out = new Int32Array(count);
    const numbers = doubles(key, count);
    for (let i = 0; i < count; i++) out[i] = numbers[i] === (numbers[i]! | 0) ? numbers[i]! : -0x7fffffff;
    return out;
  };
  const leaf = doubles("leaf_value", leaves);
  const threshold = doubles("threshold", splits);
  // Very old files say nothing: numbers only, no missing values.
  const decision = block.has("decision_type") ? Uint8Array.from(ints("decision_type", splits)) : new Uint8Array(splits);
  return {
    leaf, threshold, decision,
    left: ints("left_child", splits), right: ints("right_child", splits), feature: ints("split_feature", splits),
    sets: readSets(block, sets, decision, threshold, number, faults),
    linear: block.has("is_linear") && integer(block, "is_linear", faults) !== 0 ? readLinear(block, leaves, number, faults) : undefined,
    ...(block.has("split_gain") ? { gains: doubles("split_gain", splits) } : {}),
  };
}

function readSets(block: ReadonlyMap<string, string>, count: number, decision: Uint8Array, threshold: Float64Array, tree: number, faults: Faults): Map<number, readonly number[]> {
  const sets = new Map<number, readonly number[]>();
  if (count === 0) {
    if (decision.some((d) => (d & CATEGORICAL) !== 0)) throw faults.malformed(`tree ${tree} asks for categories and has none`);
    return sets;
  }
  const boundaries = readDoubles(block.get("cat_boundaries") ?? "", count + 1, `cat_boundaries of tree ${tree}`, faults);
  const total = boundaries[count]!;
  if (boundaries.some((b, k) => !(b >= (k === 0 ? 0 : boundaries[k - 1]!)))) throw faults.malformed(`the sets of tree ${tree} overlap`);
  const text = block.get("cat_threshold") ?? "";
  if (!Number.isSafeInteger(total) || total < 0 || total > text.length) throw faults.malformed(`the sets of tree ${tree} lie outside of their list`);
  const bits = readDoubles(text, total, `cat_threshold of tree ${tree}`, faults);
  const made = new Map<number, number[]>();
  for (let i = 0; i < decision.length; i++) {
    if ((decision[i]! & CATEGORICAL) === 0) continue;
    const which = threshold[i]!;
    const [from, to] = [boundaries[which], boundaries[which + 1]];
    if (!(which >= 0 && which < count) || from === undefined || to === undefined || !Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 0 || to < from || to > total) throw faults.malformed(`node ${i} of tree ${tree} names a set of categories that is not there`);
    let set = made.get(which);
    if (set) {
      sets.set(i, set);
      continue;
    }
    set = [];
    made.set(which, set);
    for (let w = from; w < to; w++) {
      for (let word = bits[w]! >>> 0; word !== 0; word = (word & (word - 1)) >>> 0) set.push((w - from) * 32 + 31 - Math.clz32(word & -word));
    }
    sets.set(i, set);
  }
  return sets;
}

function readLinear(block: ReadonlyMap<string, string>, leaves: number, tree: number, faults: Faults): LinearLeaves {
  const counts = Int32Array.from(readDoubles(block.get("num_features") ?? "", leaves, `num_features of tree ${tree}`, faults));
  let total = 0;
  for (const n of counts) total += n < 0 ? NaN : n;
  const features = block.get("leaf_features") ?? "";
  if (!(total <= features.length)) throw faults.malformed(`the linear leaves of tree ${tree} have ${total} features`);
  return {
    constant: readDoubles(block.get("leaf_const") ?? "", leaves, `leaf_const of tree ${tree}`, faults),
    counts,
    features: Int32Array.from(readDoubles(features, total, `leaf_features of tree ${tree}`, faults)),
    coefficients: readDoubles(block.get("leaf_coeff") ?? "", total, `leaf_coeff of tree ${tree}`, faults),
  };
}

/** Numbers between spaces: exactly `count` of them. */
function readDoubles(text: string, count: number, what: string, faults: Faults): Float64Array {
  // Two characters a number at least.
  if (count > (text.length + 1) / 2) throw faults.malformed(`${what} does not have ${count} numbers`);
  const out = new Float64Array(count);
  let at = 0;
  for (let i = 0; i < count; i++) {
    while (text.charCodeAt(at) === 32) at++;
    let end = text.indexOf(" ", at);
    if (end < 0) end = text.length;
    const word = text.slice(at, end);
    const value = Number(word);
    out[i] = word !== "" && !Number.isNaN(value) ? value : special(word, what, faults);
    at = end;
  }
  if (text.slice(at).trim() !== "") throw faults.malformed(`${what} has more than ${count} numbers`);
  return out;
}
function special(word: string, what: string, faults: Faults): number {
  const m = /^([+-]?)(inf(?:inity)?|nan)$/i.exec(word);
  if (!m) throw faults.malformed(`${what} holds ${JSON.stringify(word.slice(0, 40))} in place of a number`);
  return m[2]!.toLowerCase() === "nan" ? NaN : m[1] === "-" ? -Infinity : Infinity;
}
