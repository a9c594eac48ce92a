// The categories_ of OneHotEncoder, OrdinalEncoder and TargetEncoder, and the graph that turns values into category
// numbers. All text columns go through one LabelEncoder with the union of their categories, all number columns through
// another, whatever the number of columns: few nodes, and integers afterwards.
//
// Missing: text is MISSING_STRING, numbers are NaN; a category None or nan matches both. Text matches only exactly.

import type { Value } from "../../../onnx/index.ts";
import { MISSING_STRING, type Scalar } from "../../../package/index.ts";
import { NumpyArray, NumpyScalar, PyGlobal, PyObject, arrayValues, type PyValue } from "../../../pickle/index.ts";
import { doubles, int64s, strings } from "../../../tensor/index.ts";
import type { Conversion } from "../../conversion/conversion.ts";
import { describe, toList, type Estimator } from "../../conversion/estimator.ts";
import type { Frame } from "../../conversion/frame.ts";

/** Every column's table has a place for every other's categories; beyond this each column is looked up alone. */
const LARGEST_TABLE = 1_000_000;

export interface Categories {
  readonly kind: "string" | "number";
  /** Held in an array of objects, whose numbers scikit-learn does not check for infinity. */
  readonly object: boolean;
  /** Text, or doubles; the missing category as MISSING_STRING or NaN. */
  readonly keys: readonly (string | number)[];
  /** Place of the missing category among them, -1 when there is none. */
  readonly missing: number;
  /** Where the missing category is None rather than nan. */
  readonly missingIsNone: boolean;
  /** For the signature: without the missing one, and booleans as such. */
  readonly declared: readonly Scalar[];
  /** As Python prints them, for names of output columns. */
  readonly texts: readonly string[];
}

/** pandas' NA, as it is stored. */
export function isPandasNA(v: PyValue): boolean {
  return (v instanceof PyGlobal && /^pandas\..*\bNA$/.test(v.qualifiedName)) || (v instanceof PyObject && v.className.endsWith("NAType"));
}

/** `str(float)` of Python for the usual range; exponents are written as Python writes them. */
export function pythonFloat(v: number): string {
  if (Number.isNaN(v)) return "nan";
  if (!Number.isFinite(v)) return v > 0 ? "inf" : "-inf";
  const exponent = v === 0 ? 0 : Math.floor(Math.log10(Math.abs(v)));
  if (exponent >= 16 || exponent < -4) {
    const [digits, power] = v.toExponential().split("e") as [string, string];
    return `${digits}e${power[0]}${power.slice(1).padStart(2, "0")}`;
  }
  return Number.isInteger(v) ? `${Object.is(v, -0) ? "-0" : v}.0` : String(v);
}

export function readCategories(est: Estimator, X: Frame, c: Conversion, attribute = "categories_"): Categories[] {
  const list = est.list(attribute);
  if (list.length !== X.width) throw c.malformed(est, `it was fitted on ${list.length} columns, the step before it gives ${X.width}`);
  return list.map((v, j) => columnCategories(est, X, c, v, j, `${est.path}.${attribute}[${j}]`));
}

function columnCategories(est: Estimator, X: Frame, c: Conversion, v: PyValue, j: number, path: string): Categories {
  const typed = v instanceof NumpyArray && v.dtype.kind !== "O" && v.dtype.kind !== "U";
  return categoriesFrom(est, X, c, v instanceof NumpyArray ? arrayValues(v) : toList(v, path), j, typed, v instanceof NumpyArray && v.dtype.kind === "O");
}

/**
 * @param typed whether they come from an array of numbers, where none is present
 * @param object see Categories
 */
export function categoriesFrom(est: Estimator, X: Frame, c: Conversion, list: readonly PyValue[], j: number, typed: boolean, object: boolean): Categories {
  const values = list.map((x) => (x instanceof NumpyScalar ? x.value : x));
  const isMissing = (x: PyValue): boolean => x === null || isPandasNA(x) || (typeof x === "number" && Number.isNaN(x));
  const present = values.filter((x) => !isMissing(x));
  const numeric = present.every((x) => typeof x === "number" || typeof x === "bigint" || typeof x === "boolean");
  if (!numeric && !present.every((x) => typeof x === "string")) {
    const odd = present.find((x) => typeof x !== "string");
    throw c.refuse(est, `categories of mixed kinds in column ${j}`, `${describe(odd)} stands beside text`, "Turn the column into text before fitting.");
  }
  const numbers = present.length > 0 ? numeric : typed || c.kindOf(X, j) === "number";
  const missingPlaces = values.flatMap((x, i) => (isMissing(x) ? [i] : []));
  // Where both None and nan are categories, missing means nan, the last one.
  const missing = missingPlaces.at(-1) ?? -1;
  const missingKey = numbers ? NaN : MISSING_STRING;
  return {
    kind: numbers ? "number" : "string",
    object,
    keys: values.map((x) => (isMissing(x) ? missingKey : numbers ? Number(x) : (x as string))),
    missing,
    missingIsNone: missing >= 0 && values[missing] === null,
    declared: present.map((x) => (typeof x === "bigint" ? Number(x) : (x as Scalar))),
    texts: values.map((x) => (x === null ? "None" : typeof x === "boolean" ? (x ? "True" : "False") : typeof x === "number" ? pythonFloat(x) : isPandasNA(x) ? "<NA>" : String(x))),
  };
}

/** What unknown and missing values mean for the raw columns; call before the values are taken. */
export function declareAll(est: Estimator, X: Frame, c: Conversion, columns: readonly Categories[], unknown: "refused" | "allowed"): Frame {
  const numbers = columns.flatMap((column, j) => (column.kind === "number" && !column.object ? [j] : []));
  // Number columns are checked for infinity, text is not.
  if (numbers.length > 0) c.checkArray(c.select(X, numbers), est, { missing: "allowed" });
  columns.forEach((column, j) => {
    c.declareCategories(X, j, column.declared, unknown);
    if (unknown === "refused" && column.missing < 0) c.refuseMissing(X, j, `${est.className} knows no missing category there`);
  });
  return X;
}

export interface CategoryIds {
  /** int64 [N, F] in the order of `place`: the number of the value among all categories of its kind, or -1. */
  readonly ids: Value;
  /** Column of `ids` for input column j. */
  readonly place: readonly number[];
  /** Number of category k of column j. */
  readonly id: (j: number, k: number) => number;
  /** Numbers run from 0 to below this. */
  readonly count: number;
}

export function categoryIds(X: Frame, c: Conversion, columns: readonly Categories[]): CategoryIds {
  const parts: Value[] = [];
  const place: number[] = [];
  const tables = new Map<"string" | "number", Map<string | number, number>>();
  let at = 0;
  for (const kind of ["string", "number"] as const) {
    const members = columns.flatMap((column, j) => (column.kind === kind ? [j] : []));
    if (members.length === 0) continue;
    const table = new Map<string | number, number>();
    for (const j of members) for (const key of columns[j]!.keys) if (!table.has(key)) table.set(key, table.size);
    tables.set(kind, table);
    const input = c.select(X, members);
    const keys = [...table.keys()];
    parts.push(c.graph.op("LabelEncoder", [kind === "string" ? c.stringMatrix(input) : c.numbers(input)], {
      keys_tensor: kind === "string" ? strings(keys as string[]) : doubles(keys as number[]),
      values_tensor: int64s([...table.values()]),
      default_tensor: int64s([-1]),
    }));
    for (const j of members) place[j] = at++;
  }
  return {
    ids: c.o.concat(parts),
    place,
    id: (j, k) => tables.get(columns[j]!.kind)!.get(columns[j]!.keys[k]!)!,
    count: Math.max(...[...tables.values()].map((table) => table.size)),
  };
}

/**
 * A table per column: value number k of column j gives `entry(j, k)`, anything unknown gives `unknown(j)`. double [N, F].
 */
export function categoryTable(X: Frame, c: Conversion, columns: readonly Categories[], entry: (j: number, k: number) => number, unknown: (j: number) => number): Value {
  const { ids, place, id, count } = categoryIds(X, c, columns);
  const stride = count + 1;
  if (columns.length > 1 && columns.length * stride > LARGEST_TABLE) {
    return c.o.concat(columns.map((column, j) => categoryTable(c.select(X, [j]), c, [column], (_, k) => entry(j, k), () => unknown(j))));
  }
  const table = new Float64Array(columns.length * stride);
  const base = columns.map((_, j) => place[j]! * stride + 1);
  columns.forEach((column, j) => {
    // Index 0 of each part is the unknown, number -1; numbers of other columns' categories are unknown here too.
    table.fill(unknown(j), base[j]! - 1, base[j]! + count);
    column.keys.forEach((_, k) => (table[base[j]! + id(j, k)] = entry(j, k)));
  });
  const offsets = new BigInt64Array(columns.length);
  columns.forEach((_, j) => (offsets[place[j]!] = BigInt(base[j]!)));
  const looked = c.o.gather(c.o.doubles(table), c.o.add(ids, c.o.int64s(offsets, [1, columns.length])), 0);
  return place.every((p, j) => p === j) ? looked : c.o.columns(looked, place);
}
