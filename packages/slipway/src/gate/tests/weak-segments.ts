// Where the model is worse than elsewhere, without anyone having named the place: parts of the rows by one column or two are
// searched in one half of the labelled rows, and believed where the other half says the same. After Chung et al., "Slice
// Finder" (2019), with the holdout in place of its correction for many tests.

import { randomNumbers } from "@slipway/core/stats";
import { defineGateTest, skipped, type Cell, type Finding, type GateTest } from "../define-gate-test.ts";
import { judged, type Judged } from "../judged.ts";
import { numberText, percent } from "../../server/index.ts";
import { slicesOf, type Slice } from "../slices.ts";

const FEWEST_ROWS = 200;
const MAX_COLUMNS = 40;
/** Candidates of the search that the other half judges. */
const CANDIDATES = 10;
/** A part: at least so many rows in each half, at most so much of them. */
const FEWEST_IN_PART = 20;
const LARGEST_PART = 0.5;
/** Standard errors: of the search, and of the confirmation. */
const SURE = 3;
/** How much worse is worth a look: of rows that are wrong, or of the mean error as a part of the whole. */
const MUCH = 0.1;

interface Part {
  readonly name: string;
  readonly rows: readonly number[];
}
interface Weak extends Part {
  readonly loss: number;
  readonly rest: number;
  readonly errors: number;
}

export const weakSegments: GateTest = defineGateTest({
  name: "weak-segments", title: "Weak parts", area: "model",
  checks: "Parts of the labelled rows, by the values of one column or two, where the model is worse than elsewhere: found in one half, confirmed in the other.",
  async run({ labelled, model, settings, seed }): Promise<Finding> {
    if (labelled === undefined) return skipped("no labelled data was given (--data and --target)");
    const { rows, whole, target } = labelled;
    if (rows.length < FEWEST_ROWS) return skipped(`${rows.length} labelled rows: parts of fewer than ${FEWEST_ROWS} say nothing`);
    const found = await judged(model, labelled);
    const loss = lossOf(found);
    const whole_ = mean(loss, loss.map((_, i) => i));
    const random = randomNumbers(seed);
    const half = loss.map(() => random() < 0.5);
    const columns = Object.keys(whole[0]!).filter((name) => name !== target).slice(0, MAX_COLUMNS);
    const parts = columns.map((column) => slicesOf(whole.map((row) => row[column] ?? null)).slice(0, 12).map((slice): Slice & { column: string } => ({ ...slice, column })));
    const singles = parts.flat().map((p): Part => ({ name: `${p.column} is ${p.name}`, rows: p.rows }));
    const first = ranked(singles, loss, half, true);
    const pairs = first.slice(0, 2 * CANDIDATES).flatMap((a) => parts.flat().filter((p) => !a.name.startsWith(`${p.column} is `)).map((p): Part => {
      const inside = new Set(p.rows);
      return { name: `${a.name} and ${p.column} is ${p.name}`, rows: a.rows.filter((i) => inside.has(i)) };
    }));
    const candidates = [...first, ...ranked(pairs, loss, half, true)].sort((a, b) => b.errors - a.errors).slice(0, CANDIDATES);
    const scale = found.truth.kind === "classes" ? 1 : whole_ || 1;
    const confirmed = ranked(candidates, loss, half, false).map((w) => ({ ...w, gap: (w.loss - w.rest) / scale })).filter((w) => w.gap >= MUCH);
    // The widest that says the same is told, not the same rows by several names.
    const told = confirmed.filter((w, i) => !confirmed.slice(0, i).some((other) => overlap(other.rows, w.rows) > 0.7)).slice(0, 5);
    const bar = settings.weakSegments?.maxLoss;
    const missed = bar === undefined ? [] : told.filter((w) => w.gap > bar);
    const what = found.truth.kind === "classes" ? "rows that are wrong" : "mean absolute error";
    const show = (n: number): string => (found.truth.kind === "classes" ? percent(n) : numberText(n));
    const say = (w: Weak): string => `${w.name}: ${what} ${show(w.loss)}, elsewhere ${show(w.rest)} (${w.rows.length} rows)`;
    return {
      verdict: missed.length > 0 ? "fail" : told.length > 0 ? "warn" : "pass",
      reason: told.length === 0 ? `${singles.length} parts by ${columns.length} columns and their pairs: none is worse than elsewhere beyond chance` : (missed.length > 0 ? missed : told).slice(0, 3).map(say).join("; "),
      ...(bar === undefined ? {} : { bar: `no part worse than elsewhere by more than ${numberText(bar)}${found.truth.kind === "classes" ? "" : " of the mean error"}` }),
      figures: { rows: rows.length, parts: singles.length, "weak parts": told.length, [what]: whole_ },
      tables: told.length === 0 ? [] : [{ title: "Weak parts, confirmed in the half they were not found in", columns: ["part", "rows", what, "elsewhere"], rows: told.map((w): Cell[] => [w.name, w.rows.length, w.loss, w.rest]) }],
      pictures: told.length === 0 ? [] : [{ kind: "counts", title: `${what}, by part`, bars: [{ name: "all rows", value: whole_ }, ...told.map((w) => ({ name: w.name, value: w.loss }))] }],
    };
  },
});

function lossOf({ truth, predicted }: Judged): number[] {
  return Array.from(truth.values, (t, i) => (truth.kind === "classes" ? Number(t !== predicted[i]) : Math.abs(t - predicted[i]!)));
}

/** Parts whose rows of one half are worse than its other rows by enough standard errors, the surest first. */
function ranked(parts: readonly Part[], loss: readonly number[], half: readonly boolean[], which: boolean): Weak[] {
  const mine = loss.flatMap((_, i) => (half[i] === which ? [i] : []));
  const sum = mine.reduce((s, i) => s + loss[i]!, 0);
  const squares = mine.reduce((s, i) => s + loss[i]! ** 2, 0);
  return parts.flatMap((part): Weak[] => {
    const inside = part.rows.filter((i) => half[i] === which);
    const n = inside.length;
    const others = mine.length - n;
    if (n < FEWEST_IN_PART || n > LARGEST_PART * mine.length) return [];
    const s = inside.reduce((total, i) => total + loss[i]!, 0);
    const q = inside.reduce((total, i) => total + loss[i]! ** 2, 0);
    const [a, b] = [s / n, (sum - s) / others];
    const error = Math.sqrt(Math.max(0, q / n - a * a) / n + Math.max(0, (squares - q) / others - b * b) / others);
    const errors = a > b ? (a - b) / (error || Number.MIN_VALUE) : 0;
    return errors >= SURE ? [{ ...part, loss: a, rest: b, errors }] : [];
  }).sort((a, b) => b.errors - a.errors);
}

function mean(values: readonly number[], places: readonly number[]): number {
  return places.reduce((s, i) => s + values[i]!, 0) / places.length;
}
function overlap(a: readonly number[], b: readonly number[]): number {
  const inside = new Set(a);
  return b.filter((i) => inside.has(i)).length / Math.min(a.length, b.length);
}
