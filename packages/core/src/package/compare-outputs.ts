// What a model gave against what it must give. Labels are equal or not; numbers agree within a tolerance.
// NaN agrees with NaN, an infinity with the same infinity; null in the expected values is not compared.

import type { CheckValue, Checks, Tolerance } from "./checks.ts";
import { packageError } from "./errors.ts";
import { MISSING_STRING, type Output, type Scalar } from "./signature.ts";

/** One output for all rows: `width` values a row, row-major; int64 as bigint, bool as 0 and 1. */
export interface ActualOutput {
  readonly output: Output;
  readonly width: number;
  readonly data: ArrayLike<number | bigint | string>;
}

export interface Disagreement {
  /** From 0. */
  readonly row: number;
  readonly output: string;
  /** Which of the output's entries: a class, a target, else a number from 0; null where there is only one. */
  readonly entry: Scalar | null;
  readonly expected: CheckValue;
  readonly actual: CheckValue;
  /** |actual - expected|; null for labels. */
  readonly difference: number | null;
}

export interface OutputComparison {
  readonly output: string;
  readonly values: number;
  readonly beyond: number;
  /** Largest difference of numbers; 0 for labels. */
  readonly maxAbs: number;
  /** Largest difference divided by the expected number's size, or by 1 where that is smaller. */
  readonly maxRelative: number;
}

export interface Comparison {
  readonly passed: boolean;
  readonly rows: number;
  /** Values compared. */
  readonly values: number;
  /** Rows in which any value is beyond its tolerance. */
  readonly rowsBeyond: number;
  readonly labelFlips: number;
  /** Largest difference of numbers; Infinity where one is NaN and the other is not. */
  readonly maxAbs: number;
  /** Largest difference divided by the expected number's size, or by 1 where that is smaller. */
  readonly maxRelative: number;
  /** Values that agree only because the file was written with few decimals, or in single precision. */
  readonly rounded: number;
  readonly outputs: readonly OutputComparison[];
  /** The worst value of each of the worst rows: flipped labels first, then by how far beyond the tolerance. */
  readonly worst: readonly Disagreement[];
}

const WORST_ROWS = 10;

/** @throws SlipwayError package-check-output when the outputs cannot be laid side by side */
export function compareOutputs(
  expected: Checks["expected"], actual: readonly ActualOutput[], tolerance: Checks["tolerance"], keep: number = WORST_ROWS,
): Comparison {
  const names = Object.keys(expected);
  const rows = names.length === 0 ? 0 : expected[names[0]!]!.length;
  const worst: Ranked[] = [];
  /** By row, only where something disagrees. */
  const worstOfRow = new Map<number, Ranked>();
  const outputs: OutputComparison[] = [];
  let labelFlips = 0;
  let rounded = 0;
  for (const name of names) {
    const given = actual.find((a) => a.output.name === name);
    const wanted = expected[name]!;
    const allowed = Object.hasOwn(tolerance, name) ? tolerance[name]! : undefined;
    if (given === undefined || allowed === undefined) {
      throw packageError("package-check-output", `the checks expect an output ${JSON.stringify(name.slice(0, 100))} ${given === undefined ? "that the model does not give" : "but state no tolerance for it"}`);
    }
    if (wanted.length !== rows || given.data.length !== rows * given.width) {
      throw packageError("package-check-output", `the output ${JSON.stringify(name.slice(0, 100))} has ${given.data.length} values for ${rows} rows of ${given.width}`);
    }
    const read = cellReader(given);
    const tally = { values: 0, beyond: 0, maxAbs: 0, maxRelative: 0 };
    for (let row = 0; row < rows; row++) {
      const cells = wanted[row]!;
      if (cells.length !== given.width) {
        throw packageError("package-check-output", `row ${row + 1} expects ${cells.length} values of ${JSON.stringify(name.slice(0, 100))}, but the model gives ${given.width}`);
      }
      for (let i = 0; i < cells.length; i++) {
        const want = cells[i]!;
        if (want === null) continue;
        const have = read(row * given.width + i);
        tally.values++;
        let difference: number | null = null;
        let severity: number;
        if (allowed === "exact") {
          severity = sameLabel(want, have, given.output.type) ? 0 : Infinity;
          if (severity > 0) labelFlips++;
        } else {
          const verdict = compareNumbers(want, have, allowed);
          difference = verdict.difference;
          severity = verdict.severity;
          if (verdict.rounded) rounded++;
          tally.maxAbs = Math.max(tally.maxAbs, difference);
          tally.maxRelative = Math.max(tally.maxRelative, Number.isFinite(difference) ? difference / Math.max(1, Math.abs(Number(want))) : difference);
        }
        if (severity === 0) continue;
        tally.beyond++;
        if (severity <= (worstOfRow.get(row)?.severity ?? 0)) continue;
        worstOfRow.set(row, { severity, found: { row, output: name, entry: entryName(given, i), expected: want, actual: have, difference } });
      }
    }
    outputs.push({ output: name, ...tally });
  }
  for (const candidate of worstOfRow.values()) {
    // A short sorted list: cheaper than sorting a million rows.
    if (worst.length === keep && !worseThan(candidate, worst[keep - 1])) continue;
    const at = worst.findIndex((w) => worseThan(candidate, w));
    worst.splice(at < 0 ? worst.length : at, 0, candidate);
    if (worst.length > keep) worst.pop();
  }
  return {
    passed: worstOfRow.size === 0,
    rows,
    values: outputs.reduce((sum, o) => sum + o.values, 0),
    rowsBeyond: worstOfRow.size,
    labelFlips,
    maxAbs: Math.max(0, ...outputs.map((o) => o.maxAbs)),
    maxRelative: Math.max(0, ...outputs.map((o) => o.maxRelative)),
    rounded,
    outputs,
    worst: worst.map(({ found }) => found),
  };
}

interface Ranked {
  /** How many times the tolerance; Infinity for a label. */
  readonly severity: number;
  readonly found: Disagreement;
}
function worseThan(a: Ranked, b: Ranked | undefined): boolean {
  return b === undefined || a.severity > b.severity || (a.severity === b.severity && a.found.row < b.found.row);
}

/** How many times the tolerance: 0 agrees, above 1 does not. */
function compareNumbers(
  want: string | number | boolean | bigint, have: CheckValue, allowed: Exclude<Tolerance, "exact">,
): { difference: number; severity: number; rounded: boolean } {
  const e = typeof want === "string" ? NaN : Number(want);
  const a = have === null || typeof have === "string" ? NaN : Number(have);
  if (typeof want === "string" || typeof have === "string") return { difference: Infinity, severity: Number.MAX_VALUE, rounded: false };
  if (Object.is(e, a) || e === a || (Number.isNaN(e) && Number.isNaN(a))) return { difference: 0, severity: 0, rounded: false };
  if (!Number.isFinite(e) || !Number.isFinite(a)) return { difference: Infinity, severity: Number.MAX_VALUE, rounded: false };
  const difference = Math.abs(a - e);
  const bound = allowed.atol + allowed.rtol * Math.abs(e);
  if (difference <= bound) return { difference, severity: 0, rounded: false };
  if (allowed.decimals !== undefined && difference <= bound + 0.500001 * 10 ** -allowed.decimals) return { difference, severity: 0, rounded: true };
  if (allowed.single === true && Math.fround(a) === Math.fround(e)) return { difference, severity: 0, rounded: true };
  return { difference, severity: Math.min(Number.MAX_VALUE, bound === 0 ? Number.MAX_VALUE : difference / bound), rounded: false };
}

function sameLabel(want: string | number | boolean | bigint, have: CheckValue, type: Output["type"]): boolean {
  if (typeof have === "string" || typeof want === "string" || have === null) return have === want;
  if (typeof have === "bigint" || typeof want === "bigint") {
    return isWhole(have) && isWhole(want) && BigInt(have) === BigInt(want);
  }
  const e = type === "float" ? Math.fround(Number(want)) : Number(want);
  return e === Number(have) || (Number.isNaN(e) && Number.isNaN(Number(have)));
}

function isWhole(value: number | boolean | bigint): boolean {
  return typeof value !== "number" || Number.isInteger(value);
}

function cellReader({ data, output }: ActualOutput): (i: number) => CheckValue {
  if (output.type === "bool") return (i) => Boolean(data[i]);
  if (output.type === "string") return (i) => (data[i] === MISSING_STRING ? null : data[i]!);
  return (i) => data[i]!;
}

function entryName({ output, width }: ActualOutput, i: number): Scalar | null {
  if (output.rowShape.length === 0) return null;
  return output.columns?.length === width ? output.columns[i]! : i;
}
