// The engine's tensors -> values that users see: int64 as numbers while they are exact and else as text, floats by the
// shortest decimal that reads back as the same float, probabilities by class. NaN and infinities stay numbers here;
// JSON.stringify writes them as null.

import { MISSING_STRING, type Output, type Scalar } from "../package/index.ts";
import type { EngineData } from "./session.ts";

/** One output for all rows: `width` values a row, row-major. */
export interface OutputData {
  readonly output: Output;
  readonly width: number;
  readonly data: EngineData;
  /** The sizes of one row, where they are not those of the signature's rowShape. */
  readonly dims?: readonly number[];
}

export interface Prediction {
  readonly rows: number;
  readonly outputs: readonly OutputData[];
  /** Rows that the graph itself refuses (see `rowChecks` of the signature), with the reason. Their values mean nothing. */
  readonly refused?: ReadonlyMap<number, string>;
  /** Of the refused rows, those that a rule in front of the model refused: its name, and what who asked is told. */
  readonly guarded?: ReadonlyMap<number, { readonly rule: string; readonly message: string }>;
  /** Milliseconds inside the engine. */
  readonly computeMs: number;
  /** Milliseconds in the queue before, where it shared a call. */
  readonly queueMs?: number;
  /** Rows of the engine call that it was part of. */
  readonly batchRows?: number;
}

export type Value = Scalar | null | Value[] | { [name: string]: Value };
export type PredictedRow = Record<string, Value>;

/** One object a row, by output name; of the rows from `start` to before `end`. */
export function toRows(prediction: Prediction, start = 0, end: number = prediction.rows): PredictedRow[] {
  const readers = prediction.outputs.map((o) => [o.output.name, rowReader(o)] as const);
  return Array.from({ length: end - start }, (_, i) => {
    const values: PredictedRow = {};
    for (const [name, read] of readers) values[name] = read(start + i);
    return values;
  });
}

function rowReader(o: OutputData): (row: number) => Value {
  const cell = cellReader(o);
  const { output, width } = o;
  const { dims } = o;
  if (output.json === true) return (row) => JSON.parse(cell(row * width) as string) as Value;
  if ((dims ?? output.rowShape).length === 0) return cell;
  if (dims !== undefined && dims.length > 1) return (row) => nested(cell, dims, row * width);
  const names = keysOf(output, width);
  if (names !== undefined) {
    return (row) => {
      const values: Record<string, Value> = {};
      for (let i = 0; i < width; i++) values[names[i]!] = cell(row * width + i);
      return values;
    };
  }
  return (row) => Array.from({ length: width }, (_, i) => cell(row * width + i));
}

function nested(cell: (index: number) => Value, dims: readonly number[], start: number): Value {
  const [size, ...rest] = dims;
  const step = rest.reduce((n, d) => n * d, 1);
  return Array.from({ length: size! }, (_, i) => (rest.length === 0 ? cell(start + i) : nested(cell, rest, start + i * step)));
}

const keys = new WeakMap<Output, string[] | null>();

/** Probabilities and scores are keyed by class, values by target. Transformed rows stay lists: they can be very wide. */
export function keysOf(output: Output, width: number): string[] | undefined {
  let found = keys.get(output);
  if (found === undefined) keys.set(output, (found = findKeys(output, output.columns?.length ?? -1) ?? null));
  return found === null || found.length !== width ? undefined : found;
}
function findKeys(output: Output, width: number): string[] | undefined {
  if (output.kind === "transformed" || output.columns === undefined || output.columns.length !== width) return undefined;
  const names = output.columns.map(String);
  return new Set(names).size === width && !names.includes("__proto__") ? names : undefined;
}

/** The value at a flat index. */
export function cellReader({ data, output }: Pick<OutputData, "data" | "output">): (index: number) => Scalar | null {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return (i) => readInt64(data[i]!);
  if (data instanceof Float32Array) return (i) => shortestFloat(data[i]!);
  if (data instanceof Uint8Array) return output.type === "bool" ? (i) => data[i] !== 0 : (i) => data[i]!;
  if (Array.isArray(data)) return (i) => (data[i] === MISSING_STRING ? null : data[i]!);
  return (i) => data[i]!;
}

export function readInt64(value: bigint): number | string {
  const n = Number(value);
  return Number.isSafeInteger(n) ? n : value.toString();
}

/** The decimal number with fewest digits, six at least, that rounds to this float. */
export function shortestFloat(value: number): number {
  const size = Math.abs(value);
  if (size >= 1e-4 && size < 1e6) return value < 0 ? -shortestOf(size) : shortestOf(size);
  if (!Number.isFinite(value) || value === 0) return value;
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return Number(value.toPrecision(9));
}

const POWERS: readonly number[] = Array.from({ length: 14 }, (_, i) => Number(`1e${i}`));

/**
 * The same without texts, as these are most of the time that floats take. A float's 24 bits times a power of ten up to 10^12
 * (its odd part has 28 bits) is exact, so rounding it gives the digits; digits over that power are then the nearest double.
 */
function shortestOf(value: number): number {
  // Places after the point for six digits.
  let places = 5;
  if (value >= 1) for (let limit = 10; value >= limit; limit *= 10) places--;
  else for (let power = 1; value * POWERS[power]! < 1; power++) places++;
  if (value < 1) places++;
  for (let end = places + 3; places < end; places++) {
    const short = Math.round(value * POWERS[places]!) / POWERS[places]!;
    if (Math.fround(short) === value) return short;
  }
  return Math.round(value * POWERS[places]!) / POWERS[places]!;
}
