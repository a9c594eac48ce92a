// Encoders that give every category of a column a row of numbers (category_encoders.BaseEncoder): the columns take the
// place of the one they encode, the rest passes, and columns that did not vary while fitting may be left out.

import { columnNames, PyDict, PyList, type PyValue } from "../../pickle/index.ts";
import { defineEstimator, type EstimatorConverter, type InputShape } from "../conversion/contract.ts";
import { memo, type Conversion } from "../conversion/conversion.ts";
import type { Estimator } from "../conversion/estimator.ts";
import { Frame, mixFlows, type Feature } from "../conversion/frame.ts";
import { categoriesFrom, categoryIds, type Categories } from "../sklearn/preprocess/categories.ts";
import { composedAway, compositesOf, withComposites } from "./composites.ts";
import { readTables, type ColumnTable } from "./read-tables.ts";
import type { Row } from "./row-table.ts";

const NAMES = [
  "OrdinalEncoder", "OneHotEncoder", "BaseNEncoder", "BinaryEncoder", "GrayEncoder", "RankHotEncoder", "BackwardDifferenceEncoder", "HelmertEncoder", "SumEncoder", "PolynomialEncoder",
  "TargetEncoder", "MEstimateEncoder", "JamesSteinEncoder", "WOEEncoder", "GLMMEncoder", "QuantileEncoder", "CountEncoder", "LeaveOneOutEncoder", "CatBoostEncoder", "CountTargetEncoder",
];
/** Numbers in one column's table. */
const MOST_CELLS = 20_000_000;
const CONTRASTS = new Set(["BackwardDifferenceEncoder", "HelmertEncoder", "SumEncoder", "PolynomialEncoder"]);

export const categoryEncoder: EstimatorConverter = defineEstimator({
  names: NAMES.map((name) => `category_encoders.${name}`),
  inputShape(est) {
    return est.has("feature_names_in_") ? undefined : findInputNames(est);
  },
  convert(est, given, c) {
    const X = withComposites(est, given, c);
    const left = composedAway(est);
    const places = placesOf(est, X, c);
    const encoded = new Map(readTables(est, c).map((one) => [places(one.column), one]));
    const tables = [...encoded].map(([j, one]) => declared(est, X, c, j, one));
    return {
      kind: "transformer",
      transform: memo(() => {
        const made = new Map(tables.map((table) => [table.j, encode(X, c, table)]));
        const parts: Frame[] = Array.from({ length: X.width }, (_, j) => made.get(j) ?? c.select(X, [j]));
        for (const [j, feature] of X.features.entries()) if (feature.name !== null && left.has(feature.name)) parts[j] = new Frame([]);
        if (CONTRASTS.has(est.className) && encoded.size > 0 && hasIntercept(est)) parts.unshift(intercept(X, c));
        return kept(est, c, Frame.concat(parts.filter((part) => part.width > 0)));
      }),
    };
  },
});

/** Without the columns that did not vary while fitting, where the encoder leaves them out. */
export function kept(est: Estimator, c: Conversion, all: Frame): Frame {
  const dropped = new Set(strings(est, est.has("invariant_cols") ? "invariant_cols" : "drop_cols"));
  const places = all.features.flatMap((f, i) => (f.name !== null && dropped.has(f.name) ? [] : [i]));
  return places.length === all.width ? all : c.select(all, places);
}

/** What an encoder was fitted on, where its columns had names. */
export function findInputNames(est: Estimator): InputShape | undefined {
  const listed = strings(est, "feature_names_in_");
  const names = listed.length > 0 ? listed : namesBefore(est);
  return names && { kind: "columns", names };
}

/** A column by its name, or by its number where the encoder was fitted on an array. */
export function placesOf(est: Estimator, X: Frame, c: Conversion): (column: PyValue) => number {
  const listed = est.raw("feature_names_in_");
  const names = listed instanceof PyList ? [...listed.items.map(String), ...compositesOf(est).map(([name]) => name)] : undefined;
  if (names !== undefined && names.length !== X.width) throw c.malformed(est, `it was fitted on ${names.length} columns, the step before it gives ${X.width}`);
  return (column) => {
    const text = String(column);
    let at = names === undefined ? X.features.findIndex((f) => f.name === text) : names.indexOf(text);
    if (at < 0 && typeof column === "bigint" && column < BigInt(X.width)) at = Number(column);
    if (at < 0) throw c.malformed(est, `there is no column ${JSON.stringify(text.slice(0, 60))} among those it is given`);
    return at;
  };
}

/**
 * Until 2.5 only the names of the columns that come out are kept: those that took a column's place are taken back. Nothing
 * where some were left out, or where there were no names.
 */
function namesBefore(est: Estimator): string[] | undefined {
  const after = strings(est, "feature_names");
  const width = est.raw("_dim");
  const mapping = est.raw("mapping");
  const of = new Map<string, string>();
  for (const entry of mapping instanceof PyList ? mapping.items : []) {
    const [column, frame] = entry instanceof PyDict ? [entry.get("col"), entry.get("mapping")] : [];
    for (const name of (frame === undefined ? undefined : columnNames(frame)) ?? []) of.set(String(name), String(column));
  }
  const before = after.filter((name) => name !== "intercept" || of.size === 0).map((name) => of.get(name) ?? name).filter((name, i, all) => name !== all[i - 1]);
  return typeof width === "bigint" && BigInt(before.length) === width && before.some((name) => !/^\d+$/.test(name)) ? before : undefined;
}

function strings(est: Estimator, attribute: string): string[] {
  const v = est.raw(attribute);
  return v instanceof PyList ? v.items.map(String) : [];
}

export interface Declared {
  readonly j: number;
  readonly one: ColumnTable;
  readonly categories: Categories;
  readonly rows: readonly Row[];
  readonly unknown: Row;
}

/** What the raw columns may hold; the missing category always has an entry of its own. */
export function declared(est: Estimator, X: Frame, c: Conversion, j: number, one: ColumnTable): Declared {
  const { table } = one;
  if ((table.categories.length + 2) * table.width > MOST_CELLS) {
    throw c.refuse(est, `${table.categories.length} categories in ${String(one.column)}, each of ${table.width} numbers`, "the table of them would be too large", "Use an encoder with fewer columns (BinaryEncoder, TargetEncoder), or group rare categories.");
  }
  const categories = categoriesFrom(est, X, c, [...table.categories, NaN], j, false, true);
  c.declareCategories(X, j, categories.declared, table.unknown === undefined ? "refused" : "allowed");
  // An infinite number is no category either.
  if (table.unknown === undefined && categories.kind === "number") c.checkArray(c.select(X, [j]), est, { missing: "allowed" });
  if (table.missing === undefined) c.refuseMissing(X, j, `${est.className} takes no missing values there`);
  const nothing = Array.from({ length: table.width }, () => NaN);
  return { j, one, categories, rows: [...table.rows, table.missing ?? nothing], unknown: table.unknown ?? nothing };
}

export function encode(X: Frame, c: Conversion, { j, one, categories, rows, unknown }: Declared): Frame {
  const { names, table } = one;
  if (table.width === 0) return new Frame([]);
  const { width } = table;
  const { ids, id, count } = categoryIds(c.select(X, [j]), c, [categories]);
  // What several columns make can only be refused as a row.
  if (one.table.unknown === undefined && X.features[j]!.flows.some((flow) => flow.affine === undefined)) {
    c.rowChecks.push({ refused: c.o.less(c.o.squeeze(ids, 1), 0), reason: `${JSON.stringify(X.features[j]!.name ?? `column ${j}`)} is a category that the encoder was not fitted with` });
  }
  // Row 0 is for what is unknown, number -1.
  const cells = new Float64Array((count + 1) * width);
  for (let k = 0; k <= count; k++) cells.set(unknown, k * width);
  rows.forEach((row, k) => cells.set(row, (id(0, k) + 1) * width));
  const value = c.o.reshape(c.o.gather(c.o.doubles(cells, [count + 1, width]), c.o.add(ids, 1), 0), [-1, width]);
  const [missingIsNaN, unknownIsNaN] = [rows.at(-1)!, unknown].map((row) => row.some(Number.isNaN)) as [boolean, boolean];
  const flows = X.features[j]!.flows.map((flow) => ({ column: flow.column, missing: flow.missing && missingIsNaN, infinite: false, ...(unknownIsNaN ? { unknownMissing: true } : {}) }));
  return c.frame(value, Array.from({ length: width }, (_, i): Feature => ({ name: names[i] ?? null, flows })));
}

/** Contrasts had a column of ones in front until 2.8. */
function hasIntercept(est: Estimator): boolean {
  return ["feature_names_out_", "feature_names"].some((attribute) => strings(est, attribute).includes("intercept"));
}
function intercept(X: Frame, c: Conversion): Frame {
  const any = c.kindOf(X, 0) === "string" ? c.stringMatrix(c.select(X, [0])) : c.numbers(c.select(X, [0]));
  const ones = c.o.add(c.o.mul(c.o.cast(c.graph.op("Equal", [any, any]), "double"), 0), 1);
  return c.frame(ones, [{ name: "intercept", flows: mixFlows([]) }]);
}
