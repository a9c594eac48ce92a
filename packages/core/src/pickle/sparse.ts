// Sparse matrices as dense ones, and their parts checked.

import { pickleError } from "./errors.ts";
import { arrayFloat64, arrayLength } from "./numpy.ts";
import type { NumpyArray, SparseMatrix } from "./values.ts";

/** 2 GiB of doubles, and less for a matrix with hardly an entry: a file of some bytes can declare any shape. */
const maxCells = 2 ** 28;
const freeCells = 2 ** 25;
const cellsPerEntry = 1024;

function bad(s: SparseMatrix, message: string): never {
  throw pickleError("pickle-bad-array", `a ${s.format} matrix of shape (${s.shape.join(", ")}): ${message}`);
}

function part(s: SparseMatrix, name: string): NumpyArray {
  return s.parts[name] ?? bad(s, `it has no ${name}`);
}

/** Entries as (row, column, value), duplicates included, after checking every index. */
export function sparseEntries(s: SparseMatrix): { readonly rows: Int32Array; readonly columns: Int32Array; readonly values: Float64Array } {
  const [height, width] = s.shape;
  if (height > 0x7fffffff || width > 0x7fffffff) bad(s, "it is too large");
  const values = arrayFloat64(part(s, "data"));
  if (s.format === "dia") return diagonalEntries(s, values);
  if (s.format === "coo") {
    const columns = indexes(s, part(s, "col"), width, values.length);
    const rows = s.parts["row"] ? indexes(s, s.parts["row"], height, values.length) : new Int32Array(values.length);
    return { rows, columns, values };
  }
  const [major, minor] = s.format === "csr" ? [height, width] : [width, height];
  const pointers = arrayFloat64(part(s, "indptr"));
  if (pointers.length !== major + 1 || pointers[0] !== 0) bad(s, `indptr has ${pointers.length} entries`);
  const count = pointers[major]!;
  const indices = part(s, "indices");
  if (count > values.length || count > arrayLength(indices)) bad(s, `indptr ends at ${count}, past its ${values.length} values`);
  const inner = indexes(s, indices, minor, count);
  const outer = new Int32Array(count);
  for (let i = 0; i < major; i++) {
    const from = pointers[i]!;
    const to = pointers[i + 1]!;
    if (!(to >= from && to <= count)) bad(s, "indptr does not rise");
    outer.fill(i, from, to);
  }
  const kept = values.subarray(0, count);
  return s.format === "csr" ? { rows: outer, columns: inner, values: kept } : { rows: inner, columns: outer, values: kept };
}

function indexes(s: SparseMatrix, array: NumpyArray, bound: number, count: number): Int32Array {
  const numbers = arrayFloat64(array);
  if (numbers.length < count) bad(s, `${numbers.length} indices for ${count} values`);
  const out = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const n = numbers[i]!;
    if (!(n >= 0 && n < bound)) bad(s, `index ${n} is outside`);
    out[i] = n;
  }
  return out;
}

/** dia: data[k, j] lies at (j - offsets[k], j). */
function diagonalEntries(s: SparseMatrix, values: Float64Array): { rows: Int32Array; columns: Int32Array; values: Float64Array } {
  const [height, width] = s.shape;
  const offsets = arrayFloat64(part(s, "offsets"));
  const [diagonals, length] = part(s, "data").shape as [number, number | undefined];
  if (length === undefined || diagonals !== offsets.length) bad(s, "data and offsets do not fit");
  const rows = new Int32Array(values.length);
  const columns = new Int32Array(values.length);
  const kept = new Float64Array(values.length);
  let n = 0;
  for (let k = 0; k < diagonals; k++) {
    for (let j = 0; j < Math.min(length, width); j++) {
      const row = j - offsets[k]!;
      if (!(row >= 0 && row < height)) continue;
      rows[n] = row;
      columns[n] = j;
      kept[n++] = values[k * length + j]!;
    }
  }
  return { rows: rows.subarray(0, n), columns: columns.subarray(0, n), values: kept.subarray(0, n) };
}

/** The dense matrix, row-major; entries that occur twice are added, as SciPy does. */
export function sparseToDense(s: SparseMatrix): Float64Array {
  const [height, width] = s.shape;
  const entries = s.parts["data"] === undefined ? 0 : arrayLength(s.parts["data"]);
  if (height * width > Math.min(maxCells, freeCells + entries * cellsPerEntry)) throw pickleError("pickle-limit", `a sparse matrix of shape (${s.shape.join(", ")}) is too large to be made dense`);
  const { rows, columns, values } = sparseEntries(s);
  const dense = new Float64Array(height * width);
  for (let i = 0; i < values.length; i++) dense[rows[i]! * width + columns[i]!]! += values[i]!;
  return dense;
}
