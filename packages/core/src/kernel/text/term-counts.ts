// How often each term, a word or some words in a row, stands in a text: ONNX's TfIdfVectorizer in mode TF over the numbers
// of the words. The terms are a tree of words; its counts are sparse rows of floats.

import type { NodeView } from "../node-view.ts";
import { SparseRows, sparseValue } from "../sparse.ts";
import { checkSize, NotForMe, type Step, type Value } from "../value.ts";
import type { SpreadOptions } from "./find-spread.ts";
import { WordCutter, type TokenizerOptions } from "./tokenizer.ts";

export interface TermOptions {
  readonly tokens: TokenizerOptions;
  /** Words with numbers below zero are left out before terms are looked for. */
  readonly closeGaps: boolean;
  /** Characters inside of words: the text stands between two spaces, and each run of white space becomes the end of a word, a gap and the begin of one. */
  readonly spread?: SpreadOptions;
}

export function termCounts(v: NodeView, { tokens, closeGaps, spread }: TermOptions): readonly Value[] {
  const texts = v.input(0);
  if (texts.store.kind !== "string" || texts.store.width !== 1 || texts.store.constant) throw new NotForMe("texts of this form");
  const terms = readTerms(v);
  const cutter = new WordCutter(tokens);
  for (const word of tokens.words) if (v.build.words.length < 256) v.build.words.push(word);
  const rows = new SparseRows();
  const { width, least, most, columns, children, size } = terms;
  const counts = new Float64Array(width);
  const seen = new Uint8Array(width);
  const word = { ids: new Int32Array(256) };
  let touched = new Int32Array(256);
  const step: Step = (n) => {
    rows.reserve(n, 0);
    let entries = 0;
    for (let r = 0; r < n; r++) {
      rows.starts[r] = entries;
      const text = texts.store.strings[r]!;
      let length = cutter.cut(spread ? ` ${text} ` : text, word);
      if (spread) length = spreadRuns(word, length, spread);
      if (closeGaps) {
        let kept = 0;
        for (let i = 0; i < length; i++) if (word.ids[i]! >= 0) word.ids[kept++] = word.ids[i]!;
        length = kept;
      }
      let found = 0;
      const count = (column: number): void => {
        counts[column]!++;
        if (seen[column] !== 0) return;
        seen[column] = 1;
        if (found === touched.length) {
          const larger = new Int32Array(found * 2);
          larger.set(touched);
          touched = larger;
        }
        touched[found++] = column;
      };
      for (let i = 0; i < length; i++) {
        for (let k = 0, node = 0; k < most && i + k < length; k++) {
          const id = word.ids[i + k]!;
          if (id <= 0 || id >= size) break;
          // Below the root the children stand by their word's number.
          const next = node === 0 ? terms.first[id]! : (children.get(node * size + id) ?? -1);
          if (next < 0) break;
          node = next;
          if (k + 1 >= least && columns[node]! >= 0) count(columns[node]!);
        }
      }
      sort(touched, found);
      rows.reserve(n, entries + found);
      for (let i = 0; i < found; i++) {
        const column = touched[i]!;
        rows.places[entries] = column;
        rows.values[entries++] = counts[column]!;
        counts[column] = 0;
        seen[column] = 0;
      }
    }
    rows.starts[n] = entries;
  };
  v.build.steps.push(step);
  return [sparseValue("float", width, rows)];
}

/** The first so many numbers in rising order; a few are put in their places one by one, which is sooner done than asked for. */
function sort(numbers: Int32Array, count: number): void {
  if (count > FEW) {
    numbers.subarray(0, count).sort();
    return;
  }
  for (let i = 1; i < count; i++) {
    const number = numbers[i]!;
    let k = i - 1;
    for (; k >= 0 && numbers[k]! > number; k--) numbers[k + 1] = numbers[k]!;
    numbers[k + 1] = number;
  }
}
const FEW = 64;

/** Of the first run there is no word to end, of the last none to begin; a text has at least one. */
function spreadRuns(word: { ids: Int32Array }, length: number, { space, gap }: SpreadOptions): number {
  const chars = word.ids.slice(0, length);
  if (length * 3 > word.ids.length) word.ids = new Int32Array(length * 3);
  let at = 0;
  for (let i = 0; i < length; i++) {
    if (chars[i] !== space) {
      if (i > 0) word.ids[at++] = chars[i]!;
      continue;
    }
    if (i > 0) word.ids[at++] = space;
    word.ids[at++] = gap;
    if (i < length - 1) word.ids[at++] = space;
  }
  return at;
}

interface Terms {
  readonly width: number;
  readonly least: number;
  readonly most: number;
  /** Numbers of words are below this. */
  readonly size: number;
  /** By a word's number: the node of the tree, or -1. */
  readonly first: Int32Array;
  readonly children: ReadonlyMap<number, number>;
  /** By node: its term's column, or -1. */
  readonly columns: readonly number[];
}

function readTerms(v: NodeView): Terms {
  const [pool, starts, indexes] = [v.ints("pool_int64s"), v.ints("ngram_counts"), v.ints("ngram_indexes")];
  const [least, most] = [v.int("min_gram_length", 0), v.int("max_gram_length", 0)];
  if (!pool || !starts || !indexes || v.string("mode", "") !== "TF" || v.int("max_skip_count", -1) !== 0 || v.has("weights") || !(least >= 1 && most >= least && most <= 100)) throw new NotForMe("counts of this kind");
  if (starts[0] !== 0 || starts.some((s, i) => s < (starts[i - 1] ?? 0) || s > pool.length)) throw new NotForMe("terms that do not fit");
  const size = pool.reduce((n, id) => Math.max(n, id), 0) + 1;
  checkSize(size);
  const first = new Int32Array(size).fill(-1);
  const children = new Map<number, number>();
  const columns: number[] = [-1];
  let term = 0;
  let width = 0;
  for (const column of indexes) width = Math.max(width, column + 1);
  checkSize(width);
  starts.forEach((start, i) => {
    const length = i + 1;
    const end = starts[i + 1] ?? pool.length;
    if ((end - start) % length !== 0) throw new NotForMe("terms that do not fit");
    for (let at = start; at < end; at += length, term++) {
      const column = indexes[term];
      if (column === undefined || column < 0) throw new NotForMe("terms that do not fit");
      let node = 0;
      let possible = true;
      for (let k = 0; k < length && possible; k++) {
        const id = pool[at + k]!;
        possible = id > 0;
        if (!possible) break;
        let next = node === 0 ? first[id]! : (children.get(node * size + id) ?? -1);
        if (next < 0) {
          next = columns.push(-1) - 1;
          if (node === 0) first[id] = next;
          else children.set(node * size + id, next);
        }
        node = next;
      }
      // No text holds a word whose number is not above zero.
      if (!possible) continue;
      if (columns[node] !== -1) throw new NotForMe("a term that is given twice");
      columns[node] = column;
    }
  });
  if (term !== indexes.length) throw new NotForMe("terms that do not fit");
  return { width, least, most, size, first, children, columns };
}
