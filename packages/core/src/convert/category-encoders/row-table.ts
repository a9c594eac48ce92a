// What an encoder makes of one column, as a table: a row of numbers for every category it knows, one for every other
// value, one for a missing value. undefined: such a value is refused. Values are doubles, NaN where pandas gives NaN.

import { NumpyScalar, readDataFrame, readSeries, type PyValue } from "../../pickle/index.ts";
import type { Conversion } from "../conversion/conversion.ts";
import type { Estimator } from "../conversion/estimator.ts";

export type Row = readonly number[];
export interface RowTable {
  /** The categories as the file has them, none of them missing. */
  readonly categories: readonly PyValue[];
  /** One for each category. */
  readonly rows: readonly Row[];
  readonly unknown: Row | undefined;
  readonly missing: Row | undefined;
  readonly width: number;
}

/** A category of a file as a key that tells it from others as pandas does: 1, 1.0 and True are one. */
export function keyOf(v: PyValue): string {
  const plain = v instanceof NumpyScalar ? v.value : v;
  if (plain === null || (typeof plain === "number" && Number.isNaN(plain))) return "missing";
  return typeof plain === "string" ? `s${plain}` : `n${Number(plain)}`;
}
export function isMissing(v: PyValue): boolean {
  return keyOf(v) === "missing";
}

/** A Series of the file: its index in order, and numbers by the keys of it. */
export function seriesOf(est: Estimator, c: Conversion, v: PyValue | undefined, what: string): { index: readonly PyValue[]; at: ReadonlyMap<string, number> } {
  const found = v === undefined ? undefined : readSeries(v);
  if (!found) throw c.malformed(est, `${what} is no pandas Series`);
  return { index: found.index, at: byKey(est, c, found.index, found.values, what) };
}

/** A DataFrame of the file: columns of numbers by the keys of its index. */
export function frameOf(est: Estimator, c: Conversion, v: PyValue | undefined, what: string): { names: readonly string[]; index: readonly PyValue[]; columns: readonly ReadonlyMap<string, number>[] } {
  const found = v === undefined ? undefined : readDataFrame(v);
  if (!found) throw c.malformed(est, `${what} is no pandas DataFrame`);
  return { names: found.names.map(String), index: found.index, columns: found.columns.map((values) => byKey(est, c, found.index, values, what)) };
}

function byKey(est: Estimator, c: Conversion, index: readonly PyValue[], values: readonly PyValue[], what: string): Map<string, number> {
  return new Map(index.map((label, i) => {
    const v = values[i]!;
    const plain = v instanceof NumpyScalar ? v.value : v;
    if (plain !== null && typeof plain !== "number" && typeof plain !== "bigint" && typeof plain !== "boolean") throw c.malformed(est, `${what} holds something that is not a number`);
    return [keyOf(label), plain === null ? NaN : Number(plain)];
  }));
}
