// The rows of a history, and those of what is known beforehand, as one Parquet file beside the parts: series by series, each in
// the order of its times. DuckDB sorts them; what does not fit into its memory goes to the disk.

import { nearest, SlipwayError } from "@slipway/core/base";
import { STEP_COLUMN, type Forecasting } from "@slipway/core/package";
import { sqlText, type DuckDBConnection } from "../input/duckdb.ts";
import type { Keep } from "../rows/columns.ts";
import { keptType } from "../rows/kept-type.ts";
import { forecastError } from "./errors.ts";
import { keptColumn, keyColumn, rowsOf, timeColumns, unread, type Table } from "./history-table.ts";
import { longestPeriod } from "./longest-period.ts";
import type { SeriesColumn, SeriesShape, SeriesValue } from "./shape.ts";

/** What every reader of CSV here takes as missing. */
const MISSING = "('', 'nan', 'na', 'n/a', '#n/a', 'null', 'none', '<na>', '-nan')";
const DAY_US = 86_400_000_000;
/** Ten thousand years, which no time is behind. */
const MOST_DAYS = 3_652_500;
const NUMBERED = "row_number() OVER () AS n";

function find(table: Table, name: string): SeriesColumn | undefined {
  return table.columns.find((column) => column.name === name);
}
/** @throws SlipwayError forecast-columns */
function need(table: Table, name: string, what: string): SeriesColumn {
  const found = find(table, name);
  if (found !== undefined) return found;
  const near = nearest(name, table.columns.map((c) => c.name));
  throw forecastError("forecast-columns", `${table.name} lacks the column ${JSON.stringify(name.slice(0, 100))}, ${what}${near === undefined ? "" : ` (it has ${JSON.stringify(near)}: was that meant?)`}`, { where: table.name, hint: `It has ${table.columns.slice(0, 40).map((c) => c.name.slice(0, 60)).join(", ")}.` });
}

interface Given extends SeriesValue {
  readonly past: SeriesColumn | undefined;
  readonly known: SeriesColumn | undefined;
}
function valuesOf({ forecast, horizon }: Keeping, kept: readonly string[], history: Table, future: Table | undefined): Given[] {
  const declared = [...forecast.static, ...forecast.future];
  const uses = (names: readonly string[], use: SeriesValue["use"]): { name: string; use: SeriesValue["use"] }[] => names.map((name) => ({ name, use }));
  return [...uses(forecast.static, "static"), ...uses(forecast.future, "future"), ...uses(kept.filter((name) => !declared.includes(name)), "kept")].map(({ name, use }) => {
    const known = use !== "static" && future !== undefined ? find(future, name) : undefined;
    const nor = horizon === undefined ? (use === "kept" ? "which is to be kept" : "which the model takes") : `${use === "kept" ? "which is to be kept" : "which has to be known beforehand"} and is not ${future === undefined ? "given with --future" : `in ${future.name}`} either`;
    const past = known !== undefined ? find(history, name) : need(history, name, use === "static" ? "which stays as it was" : nor);
    const types = [past, known].flatMap((column) => (column === undefined ? [] : [kindOf(use)(column).type]));
    return { name, use, past, known, type: types.every((type) => type === types[0]) ? types[0]! : "VARCHAR", inHistory: past !== undefined, inFuture: known !== undefined };
  });
}
/** What is only passed through keeps all its digits. */
function kindOf(use: SeriesValue["use"]): typeof keptColumn {
  return use === "kept" ? keyColumn : keptColumn;
}

/** The columns to pass through beside the keys, the time and the step, in their order; of rows the time is one of them. @throws SlipwayError forecast-columns */
function keptNames({ keep, horizon, forecast: { target, time, series, lags, rolling, calendar, future: known, static: still } }: Keeping, history: Table, future: Table | undefined): string[] {
  const always = [...series, time];
  if (horizon === undefined) return [time, ...(typeof keep === "string" ? of(keep, []) : keep.filter((name) => !always.includes(name)))];
  if (typeof keep !== "string") {
    if (keep.includes(target)) throw forecastError("forecast-columns", `${JSON.stringify(target.slice(0, 100))} is what is predicted: of periods to come there is none to keep`, { where: history.name, hint: "The forecast stands in its place." });
    return [...new Set(keep)].filter((name) => !always.includes(name));
  }
  return of(keep, [target]);

  function of(which: Extract<Keep, string>, without: readonly string[]): string[] {
    if (which === "none") return [];
    const taken = which === "all" ? [] : [...Object.keys(lags), ...Object.keys(rolling), ...Object.keys(calendar), ...known, ...still];
    const all = new Set([...history.columns, ...(future?.columns ?? [])].map((column) => column.name));
    return [...all].filter((name) => ![...always, ...without, ...taken].includes(name));
  }
}

export interface Keeping {
  readonly forecast: Forecasting;
  /** Steps; undefined: of each row. */
  readonly horizon: number | undefined;
  readonly keep: Keep;
}

/**
 * Writes `path`, with the columns k0 ... (keys), f (0: of the history, 1: known beforehand), t, z, w (see timeColumns), n (the
 * row in its input, from 1), y (the target), v0 ... (values). @throws SlipwayError forecast-columns, forecast-known, batch-input-damaged
 */
export async function keepHistory(connection: DuckDBConnection, keeping: Keeping, history: Table, future: Table | undefined, path: string): Promise<SeriesShape> {
  const { forecast, horizon } = keeping;
  const keys = forecast.series.map((name) => {
    const { sql, type } = keyColumn(need(history, name, "which tells series apart"));
    return { name, sql, type, kept: keptType(type) };
  });
  const time = need(history, forecast.time, "the time");
  const target = keptColumn(need(history, forecast.target, "what is predicted"));
  const targetType = target.type === "BOOLEAN" ? "TINYINT" : target.type;
  const kept = keptNames(keeping, history, future);
  const values = valuesOf(keeping, kept, history, future);
  const valueSql = (of: "past" | "known"): string[] => values.map((value, i) => `CAST(${value[of] === undefined ? "NULL" : kindOf(value.use)(value[of]).sql} AS ${value.type}) AS v${i}`);
  const k = keys.map((_, i) => `k${i}`);
  try {
    await connection.run(`CREATE VIEW past AS SELECT ${[...keys.map(({ sql }, i) => `${sql} AS k${i}`), "0::TINYINT AS f", timeColumns(time), NUMBERED, `CAST(${target.sql} AS ${targetType}) AS y`, ...valueSql("past")].join(", ")} FROM ${history.sql}`);
    let rows = "SELECT * FROM past";
    if (future !== undefined) {
      // A file of what is known may be of all series, or of some of their keys.
      const told = keys.flatMap(({ name, type }, i) => {
        const column = find(future, name);
        return column === undefined ? [] : [{ i, sql: `TRY_CAST(${keyColumn(column).sql} AS ${type}) AS j${i}` }];
      });
      await connection.run(`CREATE VIEW known AS SELECT ${[...told.map((one) => one.sql), timeColumns(need(future, forecast.time, "the time")), NUMBERED, ...valueSql("known")].join(", ")} FROM ${future.sql}`);
      await refuseUntimed(connection, future);
      const isThere = targetType === "VARCHAR" ? `y IS NOT NULL AND lower(trim(y)) NOT IN ${MISSING}` : targetType === "DOUBLE" ? "y IS NOT NULL AND NOT isnan(y)" : "y IS NOT NULL";
      const last = `SELECT ${[...k, "max(t) AS t"].join(", ")} FROM past WHERE ${isThere}${k.length === 0 ? "" : ` GROUP BY ${k.join(", ")}`}`;
      // A day more at both ends: clocks differ by less.
      const on = [...told.map(({ i }) => `known.j${i} = last.k${i}`), `known.t > last.t - ${DAY_US}`, `known.t <= last.t + ${Math.min(MOST_DAYS, Math.ceil(longestPeriod(forecast.frequency) * (horizon ?? 0) + 2)) * DAY_US}`];
      rows = `${rows} UNION ALL SELECT ${[...k.map((name) => `last.${name}`), "1::TINYINT", "known.t", "known.z", "known.w", "known.n", `NULL::${targetType}`, ...values.map((_, i) => `known.v${i}`)].join(", ")} FROM known JOIN (${last}) AS last ON ${on.join(" AND ")}`;
    }
    await connection.run(`COPY (SELECT * FROM (${rows}) ORDER BY ${[...k, "t NULLS FIRST", "f", "n"].join(", ")}) TO ${sqlText(path)} (FORMAT parquet, ROW_GROUP_SIZE 65536)`);
  } catch (cause) {
    throw cause instanceof SlipwayError ? cause : unread(future === undefined ? history.name : `${history.name} and ${future.name}`, cause);
  }
  return {
    kind: "series", horizon, targetType, names: [...forecast.series, ...(horizon === undefined ? kept : [forecast.time, STEP_COLUMN, ...kept.map((name) => (name === STEP_COLUMN ? `input.${name}` : name))])], kept: kept.map((name) => values.findIndex((value) => value.name === name)),
    keys: keys.map(({ name, type, kept }) => ({ name, type, kept })), values: values.map(({ name, type, use, inHistory, inFuture }) => ({ name, type, use, inHistory, inFuture })),
  };
}

/** Whose period a row without a time is nobody knows. @throws SlipwayError forecast-known */
async function refuseUntimed(connection: DuckDBConnection, future: Table): Promise<void> {
  const [bad] = await rowsOf(connection, "SELECT CAST(n AS DOUBLE), w FROM known WHERE t IS NULL ORDER BY n LIMIT 1", future.name);
  if (bad === undefined) return;
  const [row, text] = bad;
  throw forecastError("forecast-known", `${future.name}, row ${String(row)}: ${text === null ? "there is no time" : `${JSON.stringify(String(text).slice(0, 60))} is no time`}`, { where: future.name, hint: "Times are written as 2026-01-31 or 2026-01-31T12:00:00, with Z or an offset where they have one." });
}
