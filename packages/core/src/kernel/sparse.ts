// Rows of which most elements are zero, as the places and values of the others: what counts of words are. Operators that
// keep zeros zero go through these alone; any other gets the row written out.

import { Store, type Kind, type Step, type Value } from "./value.ts";

export class SparseRows {
  /** Row r has the entries [starts[r], starts[r + 1]); places rise within a row. */
  starts: Int32Array = new Int32Array(2);
  places: Int32Array = new Int32Array(64);
  values: Float64Array = new Float64Array(64);
  /** Whether a step writes the rows out. */
  written = false;

  reserve(rows: number, entries: number): void {
    if (this.starts.length <= rows) this.starts = new Int32Array(rows + 1);
    if (this.places.length >= entries) return;
    const size = Math.max(entries, this.places.length * 2);
    const places = new Int32Array(size);
    places.set(this.places);
    const values = new Float64Array(size);
    values.set(this.values);
    [this.places, this.values] = [places, values];
  }
}

/** A value whose rows lie in `sparse`; its store is filled where someone asks for that. */
export function sparseValue(kind: Kind, width: number, sparse: SparseRows): Value {
  const store = new Store(kind, width, false);
  return { store, shape: [1, width], sparse };
}

export function writeOut(store: Store, sparse: SparseRows): Step {
  return (n) => {
    const o = store.numbers;
    o.fill(0, 0, n * store.width);
    for (let r = 0; r < n; r++) for (let i = sparse.starts[r]!, end = sparse.starts[r + 1]!, at = r * store.width; i < end; i++) o[at + sparse.places[i]!] = sparse.values[i]!;
  };
}

/** Writes a value for each of the entries [0, count) of `from`: a loop of its own each, as a call for each entry would box its number. */
export type EntryLoop = (out: Float64Array, values: Float64Array, count: number, from: SparseRows) => void;

/** The same places with values of their own, rounded to the kind. */
export function mapped(from: SparseRows, kind: Kind, to: SparseRows, loop: EntryLoop): Step {
  const float = kind === "float";
  return (n) => {
    const entries = from.starts[n]!;
    to.reserve(n, entries);
    for (let r = 0; r <= n; r++) to.starts[r] = from.starts[r]!;
    const { places, values } = to;
    for (let i = 0; i < entries; i++) places[i] = from.places[i]!;
    loop(values, from.values, entries, from);
    if (float) for (let i = 0; i < entries; i++) values[i] = Math.fround(values[i]!);
  };
}
