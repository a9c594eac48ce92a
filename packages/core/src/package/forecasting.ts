// What a forecasting model's columns are: the part `forecast` of signature.json, and the file that `slipway pack --lags` takes.
// Lags and windows are as pandas' shift(k) and shift(s).rolling(w) make them of the target, series by series; calendar columns as
// its .dt. Who predicts several steps computes them from what is known, and from what was predicted before.

import { nearest } from "../base/index.ts";
import { FREQUENCIES, parseFrequency } from "./frequency.ts";
import { asText, JsonObject, type Fail } from "./json.ts";
import type { Column, Signature } from "./signature.ts";

export const ROLLING_STATS = ["mean", "sum", "min", "max", "std", "var", "median"] as const;
export type RollingStat = (typeof ROLLING_STATS)[number];

export interface RollingColumn {
  readonly stat: RollingStat;
  /** Periods. */
  readonly window: number;
  /** Periods that the window ends before the one that is predicted; 1 by default. */
  readonly shift: number;
  /** So many values of a window have to be there; all by default. */
  readonly minPeriods: number;
  /** Of std and var: what is taken from the count; 1 by default. */
  readonly ddof: number;
}

/** Named as pandas' `.dt` names them; `week` is isocalendar().week. */
export const CALENDAR = [
  "year", "quarter", "month", "day", "day_of_week", "day_of_year", "week", "hour", "minute", "days_in_month", "is_leap_year",
  "is_month_start", "is_month_end", "is_quarter_start", "is_quarter_end", "is_year_start", "is_year_end", "day_name", "month_name",
] as const;
export type CalendarPart = (typeof CALENDAR)[number];
const CALENDAR_ALIASES: Readonly<Record<string, CalendarPart>> = { dayofweek: "day_of_week", weekday: "day_of_week", dayofyear: "day_of_year", daysinmonth: "days_in_month", weekofyear: "week", isocalendar_week: "week" };

export interface Forecasting {
  /** The column of the history that is predicted. */
  readonly target: string;
  /** The column of its times. */
  readonly time: string;
  /** Between two of them; see `parseFrequency`. */
  readonly frequency: string;
  /** Whose clock calendar columns and days are of, where times have an offset; an IANA name. */
  readonly timezone?: string;
  /** The columns that tell one series from another; none: there is one. */
  readonly series: readonly string[];
  /** Columns of the model that are the target so many periods before. */
  readonly lags: Readonly<Record<string, number>>;
  readonly rolling: Readonly<Record<string, RollingColumn>>;
  readonly calendar: Readonly<Record<string, CalendarPart>>;
  /** Columns whose values are known beforehand, given for every period that is predicted. */
  readonly future: readonly string[];
  /** Columns that stay as they were. */
  readonly static: readonly string[];
  /** Periods of a series that have no row: `missing` values (asfreq), 0, the value before (ffill), or refused. */
  readonly gaps: "missing" | "zero" | "last" | "refused";
  /** A history that does not reach back to the longest lag: `refused`, or what it lacks is `missing`. */
  readonly short: "refused" | "missing";
}

/** Columns of a forecast's output that no key may be called as. */
export const STEP_COLUMN = "step";
export const FORECAST_COLUMN = "forecast";
/** Periods: eleven years of hours. */
const MAX_REACH = 100_000;
const MAX_COLUMNS = 10_000;
const MAX_KEYS = 100;
const KEYS = ["target", "time", "frequency", "timezone", "series", "lags", "rolling", "calendar", "future", "static", "gaps", "short"];

/** @throws what `fail` makes */
export function parseForecasting(json: unknown, where: string, fail: Fail): Forecasting {
  const o = new JsonObject(json, where, fail);
  const strange = o.keys().find((key) => !KEYS.includes(key));
  if (strange !== undefined) throw fail(`unknown key${suggestion(strange, KEYS)}; the keys are ${KEYS.join(", ")}`, o.at(strange.slice(0, 100)));
  const frequency = o.string("frequency");
  if (parseFrequency(frequency) === undefined) throw fail(`${JSON.stringify(frequency.slice(0, 60))} is no frequency: ${FREQUENCIES}`, o.at("frequency"));
  const timezone = o.optionalString("timezone");
  if (timezone !== undefined && !isTimezone(timezone)) throw fail(`${JSON.stringify(timezone.slice(0, 60))} is no time zone; it is named as Europe/Berlin or UTC`, o.at("timezone"));
  const names = (key: string, max: number): string[] => (o.has(key) ? o.array(key, max, (v, at) => asText(v, at, fail)) : []);
  const found: Forecasting = {
    target: o.string("target"), time: o.string("time"), frequency, ...(timezone === undefined ? {} : { timezone }),
    series: names("series", MAX_KEYS),
    lags: entries(o, "lags", (at, v) => reach(v, at, fail)),
    rolling: entries(o, "rolling", (at, v) => parseRolling(v, at, fail)),
    calendar: entries(o, "calendar", (at, v) => parsePart(v, at, fail)),
    future: names("future", MAX_COLUMNS), static: names("static", MAX_COLUMNS),
    gaps: o.has("gaps") ? o.oneOf("gaps", ["missing", "zero", "last", "refused"]) : "missing",
    short: o.has("short") ? o.oneOf("short", ["refused", "missing"]) : "refused",
  };
  const roles: (readonly [role: string, columns: readonly string[]])[] = [["series", found.series], ["lags", Object.keys(found.lags)], ["rolling", Object.keys(found.rolling)], ["calendar", Object.keys(found.calendar)], ["future", found.future], ["static", found.static]];
  const taken = new Map<string, string>([[found.target, "target"]]);
  if (found.time === found.target) throw fail("the time is the target too", o.at("time"));
  taken.set(found.time, "time");
  for (const [role, columns] of roles) {
    for (const name of columns) {
      const before = taken.get(name);
      if (before !== undefined) throw fail(`${JSON.stringify(name.slice(0, 100))} is ${before === role ? "there twice" : `in ${before} too`}`, o.at(role));
      taken.set(name, role);
    }
  }
  const reserved = [found.time, ...found.series].find((name) => name === STEP_COLUMN || name === FORECAST_COLUMN);
  if (reserved !== undefined) throw fail(`${JSON.stringify(reserved)} is a column of the forecast's own`, o.at(reserved === found.time ? "time" : "series"));
  return found;
}

function suggestion(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return near === undefined ? "" : `; did you mean ${JSON.stringify(near)}?`;
}

function entries<T>(o: JsonObject, key: string, item: (where: string, value: unknown) => T): Record<string, T> {
  if (!o.has(key)) return {};
  const object = o.object(key);
  const keys = object.keys();
  if (keys.length > MAX_COLUMNS) throw o.fail(`${keys.length} columns; at most ${MAX_COLUMNS} are allowed`, o.at(key));
  return Object.fromEntries(keys.map((name) => [name, item(object.at(name.slice(0, 100)), object.get(name))]));
}

function reach(value: unknown, where: string, fail: Fail, least = 1): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < least || value > MAX_REACH) throw fail(`expected a number of periods, from ${least} to ${MAX_REACH}`, where);
  return value;
}

function parseRolling(value: unknown, where: string, fail: Fail): RollingColumn {
  const o = new JsonObject(value, where, fail);
  const known = ["stat", "window", "shift", "minPeriods", "min_periods", "ddof"];
  const strange = o.keys().find((key) => !known.includes(key));
  if (strange !== undefined) throw fail(`unknown key${suggestion(strange, known)}; the keys are stat, window, shift, minPeriods, ddof`, o.at(strange.slice(0, 100)));
  const window = reach(o.get("window"), o.at("window"), fail);
  const least = o.has("minPeriods") ? "minPeriods" : "min_periods";
  const minPeriods = o.has(least) ? reach(o.get(least), o.at(least), fail, 0) : window;
  if (minPeriods > window) throw fail(`${minPeriods} values cannot be in a window of ${window}`, o.at(least));
  return { stat: o.oneOf("stat", ROLLING_STATS), window, shift: o.has("shift") ? reach(o.get("shift"), o.at("shift"), fail) : 1, minPeriods, ddof: o.has("ddof") ? o.count("ddof", 1000) : 1 };
}

function parsePart(value: unknown, where: string, fail: Fail): CalendarPart {
  const name = asText(value, where, fail);
  const part = Object.hasOwn(CALENDAR_ALIASES, name) ? CALENDAR_ALIASES[name] : CALENDAR.find((known) => known === name);
  if (part === undefined) throw fail(`${JSON.stringify(name.slice(0, 60))} is no part of a date${suggestion(name, CALENDAR)}; they are ${CALENDAR.join(", ")}`, where);
  return part;
}

function isTimezone(name: string): boolean {
  if (name.length > 64) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name }).format(0);
    return true;
  } catch {
    return false;
  }
}

/** How many periods before the one that is predicted a feature reaches at most. */
export function reachOf({ lags, rolling }: Forecasting): number {
  return Math.max(1, ...Object.values(lags), ...Object.values(rolling).map((r) => r.shift + r.window - 1));
}

/** Whether every column that the model takes is told, and the model predicts one number. @throws what `fail` makes */
export function checkForecasting(forecast: Forecasting, signature: Signature, where: string, fail: Fail): void {
  const at = (key: string): string => (where === "" ? key : `${where}.${key}`);
  if (signature.layout === "tensors" || signature.layout === "text") throw fail(`a model of ${signature.layout === "text" ? "texts" : "tensors"} has no columns to compute from a history`, where);
  const values = signature.outputs.filter((output) => output.kind === "value");
  if (values.length !== 1 || values[0]!.rowShape.length > 0) throw fail("a forecast is made by a model that predicts one number; this one does not", where);
  const used = signature.columns.filter((column) => column.used);
  const names = new Set(signature.columns.map((column) => column.name));
  for (const [role, columns] of [["lags", Object.keys(forecast.lags)], ["rolling", Object.keys(forecast.rolling)], ["calendar", Object.keys(forecast.calendar)], ["future", forecast.future], ["static", forecast.static]] as const) {
    const strange = columns.find((name) => !names.has(name));
    if (strange !== undefined) throw fail(`the model has no column ${JSON.stringify(strange.slice(0, 100))}${suggestion(strange, used.map((c) => c.name))}; it takes ${list(used)}`, at(role));
  }
  const text = used.find((column) => column.type === "string" && (Object.hasOwn(forecast.lags, column.name) || Object.hasOwn(forecast.rolling, column.name)));
  if (text !== undefined) throw fail(`the model takes texts in ${JSON.stringify(text.name.slice(0, 100))}, which is no past value of a number`, at("lags"));
  const numeral = used.find((column) => column.type === "string" && column.wholeNumbers !== true && Object.hasOwn(forecast.calendar, column.name) && !forecast.calendar[column.name]!.endsWith("_name"));
  if (numeral !== undefined) throw fail(`the model takes texts in ${JSON.stringify(numeral.name.slice(0, 100))}, and ${forecast.calendar[numeral.name]!} is a number`, at("calendar"));
  const told = new Set([...forecast.series, ...Object.keys(forecast.lags), ...Object.keys(forecast.rolling), ...Object.keys(forecast.calendar), ...forecast.future, ...forecast.static]);
  const untold = used.filter((column) => !told.has(column.name));
  if (untold.length > 0) throw fail(`not told what ${list(untold)} ${untold.length === 1 ? "is" : "are"}: every column that the model takes is a key in series, or in lags, rolling, calendar, future (known beforehand) or static`, where || "top level");
}

const LISTED = 20;
function list(columns: readonly Column[]): string {
  return `${columns.slice(0, LISTED).map((c) => JSON.stringify(c.name.slice(0, 100))).join(", ")}${columns.length > LISTED ? `, and ${columns.length - LISTED} more` : ""}`;
}

/** For people: a row for each column, [column, what it is]. */
export function describeForecasting({ target, time, frequency, timezone, series, lags, rolling, calendar, future, static: still, gaps, short }: Forecasting): [string, string][] {
  const ago = (periods: number): string => `${target}, ${periods} ${periods === 1 ? "period" : "periods"} before`;
  return [
    [target, "what is predicted"],
    [time, `the time, every ${frequency}${timezone === undefined ? "" : ` in ${timezone}`}; periods without a row: ${{ missing: "the value is missing", zero: "0", last: "the value before", refused: "refused" }[gaps]}; a history that is too short: ${short === "refused" ? "refused" : "values are missing"}`],
    ...series.map((name): [string, string] => [name, "tells a series from others"]),
    ...Object.entries(lags).map(([name, periods]): [string, string] => [name, ago(periods)]),
    ...Object.entries(rolling).map(([name, r]): [string, string] => [name, `${r.stat} of ${r.window} periods of ${target} that end ${r.shift} before${r.minPeriods === r.window ? "" : `, of at least ${r.minPeriods} values`}${(r.stat === "std" || r.stat === "var") && r.ddof !== 1 ? `, ddof ${r.ddof}` : ""}`]),
    ...Object.entries(calendar).map(([name, part]): [string, string] => [name, `${part} of the time`]),
    ...future.map((name): [string, string] => [name, "known beforehand"]),
    ...still.map((name): [string, string] => [name, "stays as it was"]),
  ];
}
