// The fitted tables of every encoder, read as its own transform (without a target) uses them: category_encoders 2.2 to
// 2.11, one module each. Most put an OrdinalEncoder's codes in front: 1, 2, ... for categories, -1 for what is unknown,
// -2 for a missing value that was not seen while fitting.

import { PyDict, PyList, readSeries, type PyValue } from "../../pickle/index.ts";
import type { Conversion } from "../conversion/conversion.ts";
import { describe, toNumber, type Estimator } from "../conversion/estimator.ts";
import { frameOf, isMissing, keyOf, seriesOf, type Row, type RowTable } from "./row-table.ts";

export interface ColumnTable {
  /** Its name, or its number where the encoder was fitted on an array. */
  readonly column: PyValue;
  readonly table: RowTable;
  /** Names of the columns that take its place. */
  readonly names: readonly string[];
}

const UNKNOWN = -1;
const UNSEEN_MISSING = -2;
const BY_FRAME = new Set(["OneHotEncoder", "BaseNEncoder", "BinaryEncoder", "GrayEncoder", "RankHotEncoder", "BackwardDifferenceEncoder", "HelmertEncoder", "SumEncoder", "PolynomialEncoder"]);
const BY_SERIES = new Set(["TargetEncoder", "MEstimateEncoder", "JamesSteinEncoder", "WOEEncoder", "GLMMEncoder", "QuantileEncoder"]);

export function readTables(est: Estimator, c: Conversion): ColumnTable[] {
  const unknown = policy(est, c, "handle_unknown");
  const missing = policy(est, c, "handle_missing");
  const name = est.className;
  const read = (): ColumnTable[] => {
    if (name === "OrdinalEncoder") return ordinals(est, c, est).map(({ column, codes }) => ({ column, names: [String(column)], table: codesTable(codes, (code) => [code], unknown, missing) }));
    if (BY_FRAME.has(name)) return byFrame(est, c, unknown, missing);
    if (name === "CountTargetEncoder") return byTarget(est, c, unknown, missing);
    if (BY_SERIES.has(name)) return bySeries(est, c, unknown, missing);
    return name === "CountEncoder" ? counts(est, c) : means(est, c, unknown, missing);
  };
  const lumped = dictOf(est, c, "min_group_lumping_");
  return lumped.size === 0 ? read() : read().map((one) => lump(one, lumped.get(one.column)));
}

/** min_group_size of 2.9 and later: rare categories are renamed before anything else. */
function lump(one: ColumnTable, renamed: PyValue | undefined): ColumnTable {
  if (!(renamed instanceof PyDict)) return one;
  const { table } = one;
  const rows = new Map(table.categories.map((x, i) => [keyOf(x), table.rows[i]!]));
  const nothing = Array.from({ length: table.width }, () => NaN);
  const rowOf = (to: PyValue): Row => rows.get(keyOf(to)) ?? table.unknown ?? nothing;
  const pairs = [...renamed.entries()];
  const gone = new Set(pairs.map(([from]) => keyOf(from)));
  const kept = table.categories.flatMap((x, i) => (gone.has(keyOf(x)) ? [] : [[x, table.rows[i]!] as const]));
  const all = [...kept, ...pairs.filter(([from]) => !isMissing(from)).map(([from, to]) => [from, rowOf(to)] as const)];
  const missing = pairs.find(([from]) => isMissing(from));
  return { ...one, table: { ...table, categories: all.map(([x]) => x), rows: all.map(([, row]) => row), ...(missing ? { missing: rowOf(missing[1]) } : {}) } };
}

function policy(est: Estimator, c: Conversion, option: string): string {
  const v = est.raw(option) ?? "value";
  if (typeof v === "string") return v;
  if (est.className === "CountEncoder") return "";
  throw c.refuse(est, `${option}=${describe(v)}`, "a function would have to run", 'Use "value", "return_nan" or "error".');
}

interface Codes {
  readonly column: PyValue;
  readonly codes: ReadonlyMap<string, number>;
  readonly categories: readonly PyValue[];
}

/** [{"col": ..., "mapping": Series}, ...] of an OrdinalEncoder. */
function ordinals(est: Estimator, c: Conversion, owner: Estimator): { column: PyValue; codes: Codes }[] {
  return owner.list("mapping").map((entry) => {
    const [column, mapping] = entryOf(est, c, entry);
    const { index, at } = seriesOf(est, c, mapping, `the mapping of column ${String(column)}`);
    return { column, codes: { column, codes: at, categories: index.filter((x) => !isMissing(x)) } };
  });
}
function entryOf(est: Estimator, c: Conversion, entry: PyValue): [PyValue, PyValue | undefined] {
  if (!(entry instanceof PyDict) || entry.get("col") === undefined) throw c.malformed(est, "its mapping is no list of columns");
  return [entry.get("col")!, entry.get("mapping")];
}

/**
 * A table by codes: `row(code)` for NaN too. An OrdinalEncoder inside always maps what is unknown to -1; as the encoder
 * itself it may leave NaN, or refuse.
 */
function codesTable({ codes, categories }: Codes, row: (code: number) => Row, unknown: string, missing: string): RowTable {
  const unseen = unknown === "value" ? UNKNOWN : NaN;
  const known = codes.get("missing");
  // With -2 for a missing value, which return_nan turns into NaN.
  const settle = (code: number): number => (missing === "return_nan" && code === UNSEEN_MISSING ? NaN : code);
  const refused = unknown === "error";
  return {
    categories, rows: categories.map((x) => row(settle(codes.get(keyOf(x))!))), width: row(NaN).length,
    unknown: refused ? undefined : row(unseen),
    missing: missing === "error" || (refused && known === undefined) ? undefined : row(settle(known ?? unseen)),
  };
}

/** Codes looked up in a DataFrame that has a row for each. */
function byFrame(est: Estimator, c: Conversion, unknown: string, missing: string): ColumnTable[] {
  const inner = est.estimator("ordinal_encoder");
  const codes = new Map(ordinals(est, c, inner).map((x) => [keyOf(x.column), x.codes]));
  const innerMissing = inner.raw("handle_missing");
  return est.list("mapping").map((entry) => {
    const [column, mapping] = entryOf(est, c, entry);
    const own = codes.get(keyOf(column));
    if (!own) throw c.malformed(est, `its ordinal encoder does not know the column ${String(column)}`);
    const { names, columns, index } = frameOf(est, c, mapping, `the mapping of column ${String(column)}`);
    const known = new Set(index.map(keyOf));
    const nothing = (value: number): Row => names.map(() => value);
    const row = (code: number): Row => {
      // OneHotEncoder fills, RankHotEncoder has answers of its own, the others leave NaN.
      const at = Number.isNaN(code) && est.className === "OneHotEncoder" ? UNSEEN_MISSING : code;
      if (est.className === "RankHotEncoder") {
        if (Number.isNaN(at)) return nothing(missing === "value" && unknown !== "return_nan" ? 0 : NaN);
        if (!known.has(keyOf(at))) return nothing(unknown === "return_nan" ? NaN : 0);
      }
      return columns.map((values) => values.get(keyOf(at)) ?? NaN);
    };
    const table = refuse(codesTable(own, row, "value", typeof innerMissing === "string" ? innerMissing : "value"), own, unknown, missing);
    // RankHotEncoder has no other answer for a missing value: "Unhandled nan".
    return { column, names, table: est.className === "RankHotEncoder" && missing !== "value" && missing !== "return_nan" ? { ...table, missing: undefined } : table };
  });
}

/** What the encoder's own transform refuses of the codes it is given. */
function refuse(table: RowTable, { codes }: Codes, unknown: string, missing: string): RowTable {
  const asUnknown = unknown === "error" && (codes.get("missing") ?? UNKNOWN) === UNKNOWN;
  return { ...table, unknown: unknown === "error" ? undefined : table.unknown, missing: missing === "error" || asUnknown ? undefined : table.missing };
}

/** CountTargetEncoder: a Series for two classes, a DataFrame with a column for each of more. */
function byTarget(est: Estimator, c: Conversion, unknown: string, missing: string): ColumnTable[] {
  const mapping = dictOf(est, c, "mapping");
  return ordinals(est, c, est.estimator("ordinal_encoder")).map(({ column, codes }) => {
    const table = mapping.get(column);
    const what = `the mapping of column ${String(column)}`;
    const series = table !== undefined && readSeries(table) !== undefined ? seriesOf(est, c, table, what).at : undefined;
    const { names, columns } = series ? { names: [String(column)], columns: [series] } : frameOf(est, c, table, what);
    return { column, names, table: refuse(codesTable(codes, (code) => columns.map((values) => values.get(keyOf(code)) ?? NaN), "value", "value"), codes, unknown, missing) };
  });
}

/** Codes looked up in a Series of one number each. */
function bySeries(est: Estimator, c: Conversion, unknown: string, missing: string): ColumnTable[] {
  const mapping = dictOf(est, c, "mapping");
  return ordinals(est, c, est.estimator("ordinal_encoder")).map(({ column, codes }) => {
    const { at } = seriesOf(est, c, mapping.get(column), `the mapping of column ${String(column)}`);
    return { column, names: [String(column)], table: refuse(codesTable(codes, (code) => [at.get(keyOf(code)) ?? NaN], "value", "value"), codes, unknown, missing) };
  });
}

/** CountEncoder: counts by category, small ones under a common name; options may differ by column. */
function counts(est: Estimator, c: Conversion): ColumnTable[] {
  const mapping = dictOf(est, c, "mapping");
  const groups = dictOf(est, c, "_min_group_categories");
  const options = { unknown: dictOf(est, c, "_handle_unknown"), missing: dictOf(est, c, "_handle_missing") };
  return [...mapping.entries()].map(([column, series]) => {
    const { index, at } = seriesOf(est, c, series, `the mapping of column ${String(column)}`);
    const renamed = groups.get(column);
    const small = renamed instanceof PyDict ? [...renamed.entries()] : [];
    const [unknown, missing] = [options.unknown.get(column), options.missing.get(column)];
    const settle = (count: number): Row => {
      if (!Number.isNaN(count)) return [count];
      if (typeof unknown === "bigint" || typeof unknown === "number") return [Number(unknown)];
      return [unknown === "value" && missing !== "return_nan" ? 0 : NaN];
    };
    const names = new Map<string, number>(small.map(([from, to]) => [keyOf(from), at.get(keyOf(to)) ?? NaN]));
    const categories = [...index.filter((x) => !isMissing(x)), ...small.map(([from]) => from).filter((x) => !isMissing(x) && !at.has(keyOf(x)))];
    const count = (key: string): number => names.get(key) ?? at.get(key) ?? NaN;
    const refused = unknown === "error";
    return {
      column, names: [String(column)],
      table: {
        categories, rows: categories.map((x) => settle(count(keyOf(x)))), width: 1,
        unknown: refused ? undefined : settle(NaN),
        missing: est.raw("handle_missing") === "error" || (refused && Number.isNaN(count("missing"))) ? undefined : settle(count("missing")),
      },
    };
  });
}

/** LeaveOneOutEncoder and CatBoostEncoder: sums and counts of the target by category, from which its mean is taken. */
function means(est: Estimator, c: Conversion, unknown: string, missing: string): ColumnTable[] {
  const prior = toNumber(est.need("_mean"), `${est.path}._mean`);
  const a = est.className === "CatBoostEncoder" ? est.number("a", 1) : 0;
  return [...dictOf(est, c, "mapping").entries()].map(([column, frame]) => {
    const { names, index, columns } = frameOf(est, c, frame, `the mapping of column ${String(column)}`);
    const [sum, count] = ["sum", "count"].map((name) => columns[names.indexOf(name)]);
    if (!sum || !count) throw c.malformed(est, `the mapping of column ${String(column)} has no sum and count`);
    const mean = (key: string): number => ((count.get(key) ?? 0) > 1 ? (sum.get(key)! + prior * a) / (count.get(key)! + a) : prior);
    const categories = index.filter((x) => !isMissing(x));
    const unseen = unknown === "value" ? prior : NaN;
    return {
      column, names: [String(column)],
      table: {
        categories, rows: categories.map((x) => [mean(keyOf(x))]), width: 1,
        unknown: unknown === "error" ? undefined : [unseen],
        missing: missing === "error" ? undefined : [missing === "return_nan" ? NaN : count.has("missing") ? mean("missing") : missing === "value" ? prior : NaN],
      },
    };
  });
}

function dictOf(est: Estimator, c: Conversion, attribute: string): PyDict {
  const v = est.raw(attribute);
  if (v instanceof PyDict) return v;
  if (v === undefined || v === null || v instanceof PyList) return new PyDict();
  throw c.malformed(est, `${attribute} is no dict`);
}
