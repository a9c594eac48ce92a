// SciPy's sparse matrices and arrays: allocated by NEWOBJ, filled by BUILD with their attributes.

import { pickleError } from "./errors.ts";
import { cost } from "./cost.ts";
import type { Machine } from "./machine.ts";
import { badArray, shapeOf } from "./numpy-build.ts";
import { NumpyArray, PyDict, PyList, PyTuple, SparseMatrix, type Construction, type PyValue } from "./values.ts";

type Format = SparseMatrix["format"];
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const formats: readonly Format[] = ["csr", "csc", "coo", "dia"];

/** Every (module, class) of the four formats: modules before and after SciPy 1.8, matrices and arrays. */
export const sparseClasses: readonly (readonly [module: string, name: string])[] = formats.flatMap((format) =>
  [`scipy.sparse.${format}`, `scipy.sparse._${format}`, "scipy.sparse", "scipy.sparse._arrays"].flatMap((module) =>
    [`${format}_matrix`, `${format}_array`].map((name) => [module, name] as const)));

/** Allocates; undefined for constructor arguments, which pickling never writes. */
export function makeSparse(name: string): (m: Machine, args: PyTuple, how: Construction) => PyValue | undefined {
  const format = name.slice(0, 3) as Format;
  return (m, args, how) => {
    if (args.items.length > 0 || (how !== "newobj" && how !== "newobj_ex")) return undefined;
    m.charge(cost.object + cost.dict);
    return new SparseMatrix(format, [0, 0], {});
  };
}

export function setSparseState(m: Machine, matrix: SparseMatrix, state: PyValue): void {
  const attributes = state instanceof PyTuple ? state.items[0] : state;
  if (!(attributes instanceof PyDict)) throw badArray(m, "a sparse matrix's state is not a dict");
  const sides = shapeOf(m, attributes.get("_shape") ?? attributes.get("shape") ?? null);
  if (sides.length < 1 || sides.length > 2) throw badArray(m, `a sparse matrix has ${sides.length} dimensions`);
  const parts: Record<string, NumpyArray> = {};
  for (const name of ["data", "indices", "indptr", "row", "col", "offsets"]) {
    const part = attributes.get(name);
    if (part instanceof NumpyArray) parts[name] = part;
  }
  // SciPy 1.13 and later keep a coo matrix's row and col as `coords`.
  const coords = attributes.get("coords");
  if (coords instanceof PyTuple || coords instanceof PyList) {
    const [row, col] = coords.items.length === 1 ? [undefined, coords.items[0]] : coords.items;
    if (row instanceof NumpyArray) parts["row"] = row;
    if (col instanceof NumpyArray) parts["col"] = col;
  }
  if (!(parts["data"] instanceof NumpyArray)) throw pickleError("pickle-bad-array", "a sparse matrix has no data", { where: `byte ${m.at}` });
  const target: Mutable<SparseMatrix> = matrix;
  target.shape = sides.length === 1 ? [1, sides[0]!] : [sides[0]!, sides[1]!];
  target.parts = parts;
}
