// Whether quality on the labelled rows is flattered. It fails where a column alone tells nearly all of the target, or many of
// the labelled rows are among those the model was trained on. What can be so for a good reason is a hint: a column that tells
// much, equal rows, rows that are among the checks too, a model that is never wrong.

import { profiledColumns, rowKey } from "@slipway/core/package";
import { quantile, shareWithin } from "@slipway/core/stats";
import type { GateContext } from "../context.ts";
import { defineGateTest, skipped, type Cell, type GateTest } from "../define-gate-test.ts";
import { judged } from "../judged.ts";
import type { LabelledData, Truth } from "../labelled-data.ts";
import { percent } from "../../server/index.ts";

/** Of what the commonest class (or the mean) leaves to be told. */
const TELLING = 0.95;
/** No honest column tells so much, on enough rows to be sure. */
const GIVING_AWAY = 0.98;
const ENOUGH_ROWS = 200;
const MAX_SEEN = 0.2;
const FEWEST_SEEN = 20;
const FEWEST_ROWS = 50;
const MAX_EQUAL = 0.05;
const BINS = 20;
const SHOWN = 10;

export const leakage: GateTest = defineGateTest({
  name: "leakage", title: "Leaks and duplicates", area: "data",
  checks: "Whether a single column tells the target, rows are equal, labelled rows are among the checks, or the model is never wrong.",
  async run(context) {
    const { labelled, checks, model, profile, settings } = context;
    if (labelled === undefined) return skipped("no labelled data was given (--data and --target)");
    const { rows, truth } = labelled;
    const columns = model.signature.columns.filter((c) => c.used && rows[0] !== undefined && Object.hasOwn(rows[0], c.name)).map((c) => c.name);
    const telling = columns.map((name) => ({ name, skill: skillOf(rows.map((row) => row[name]), truth) })).sort((a, b) => b.skill - a.skill);
    const kinds = profiledColumns(model.signature);
    const keys = rows.map((row) => rowKey(row, kinds));
    const { repeated, conflicting } = duplicates(keys, labelled);
    const known = new Set((checks?.inputs ?? []).map((row) => rowKey(row, kinds)));
    const among = keys.filter((key) => known.has(key)).length;
    const { accept = [], maxSeen = MAX_SEEN } = settings.leakage ?? {};
    const seen = profile?.source.rows === "training" ? shareWithin(keys, profile.seen) : undefined;
    // Rows of few columns are equal by chance; how often, the labelled ones tell of themselves.
    const byChance = 1 - Math.exp((-(2 * repeated) / Math.max(1, rows.length * (rows.length - 1))) * (profile?.rows ?? 0));
    const trainedOn = seen !== undefined && seen.found >= FEWEST_SEEN && seen.share > Math.max(maxSeen, 2 * byChance);
    const giving = rows.length < ENOUGH_ROWS ? [] : telling.filter((t) => t.skill >= GIVING_AWAY && !accept.includes(t.name));
    const leaks = [
      ...giving.map((t) => `the column ${JSON.stringify(t.name)} alone tells ${percent(t.skill)} of the target: it would not be known when a prediction is wanted (or name it in gate.leakage.accept)`),
      ...(trainedOn ? [`${percent(seen.share)} of the labelled rows are among those that the model was made with (${profile!.source.file}): its figures say nothing of new rows`] : []),
    ];
    const hints = [
      ...(rows.length < FEWEST_ROWS ? [] : telling.filter((t) => t.skill >= TELLING && !giving.includes(t) && !accept.includes(t.name)).map((t) => `the column ${JSON.stringify(t.name)} alone tells ${percent(t.skill)} of the target`)),
      ...(repeated > MAX_EQUAL * rows.length ? [`${repeated} of ${rows.length} rows are repeated`] : []),
      ...(among > MAX_EQUAL * rows.length ? [`${among} of ${rows.length} rows are among the checks too`] : []),
      ...await neverWrong(context, labelled),
    ];
    return {
      verdict: leaks.length > 0 ? "fail" : hints.length > 0 ? "warn" : "pass",
      reason: [...leaks, ...hints].slice(0, 5).join("; ") || "no hint of any",
      bar: `no column alone tells ${percent(GIVING_AWAY)}, at most ${percent(maxSeen)} of the rows are among those of the training; to be looked at: no column tells ${percent(TELLING)}, at most ${percent(MAX_EQUAL)} of the rows repeated or among the checks`,
      figures: { rows: rows.length, "repeated rows": repeated, "equal rows with different targets": conflicting, "rows among the checks": among, ...(seen === undefined ? {} : { "share of rows seen in training": seen.share }) },
      tables: [{ title: "What each column alone tells of the target, on rows it was not learnt from", columns: ["column", "share"], rows: telling.slice(0, SHOWN).map((t): Cell[] => [t.name, Math.max(0, t.skill)]) }],
    };
  },
});

async function neverWrong({ model }: GateContext, labelled: LabelledData): Promise<string[]> {
  if (labelled.rows.length < FEWEST_ROWS) return [];
  const { predicted, truth } = await judged(model, labelled);
  return truth.values.every((t, i) => t === predicted[i]) ? [`the model is right in every one of ${labelled.rows.length} rows: is ${JSON.stringify(labelled.target)} what it predicted?`] : [];
}

/** Learnt on every other row, judged on the rest: 0 tells nothing, 1 everything. */
function skillOf(values: readonly unknown[], truth: Truth): number {
  const names = binned(values);
  const learnt = new Map<string, Map<number, number>>();
  for (let i = 0; i < names.length; i += 2) {
    const counts = learnt.get(names[i]!) ?? new Map<number, number>();
    learnt.set(names[i]!, counts.set(truth.values[i]!, (counts.get(truth.values[i]!) ?? 0) + 1));
  }
  const whole = new Map<number, number>();
  for (const counts of learnt.values()) for (const [t, count] of counts) whole.set(t, (whole.get(t) ?? 0) + count);
  const answer = truth.kind === "classes" ? commonest : mean;
  const answers = new Map([...learnt].map(([name, counts]) => [name, answer(counts)]));
  const blind = answer(whole);
  let error = 0;
  let blindError = 0;
  for (let i = 1; i < names.length; i += 2) {
    const t = truth.values[i]!;
    const guess = answers.get(names[i]!) ?? blind;
    error += truth.kind === "classes" ? Number(guess !== t) : (guess - t) ** 2;
    blindError += truth.kind === "classes" ? Number(blind !== t) : (blind - t) ** 2;
  }
  return blindError === 0 ? 0 : 1 - error / blindError;
}
function commonest(counts: ReadonlyMap<number, number>): number {
  return [...counts].reduce((a, b) => (b[1] > a[1] ? b : a), [0, -1])[0];
}
function mean(counts: ReadonlyMap<number, number>): number {
  let sum = 0;
  let n = 0;
  for (const [value, count] of counts) {
    sum += value * count;
    n += count;
  }
  return n === 0 ? 0 : sum / n;
}

/** Values as they are, or where a number has many of them, which of twenty equal parts it is in. */
function binned(values: readonly unknown[]): string[] {
  const numbers = values.filter((v): v is number => typeof v === "number" && !Number.isNaN(v));
  if (new Set(numbers).size <= BINS) return values.map(String);
  const sorted = Float64Array.from(numbers).sort();
  const cuts = Array.from({ length: BINS - 1 }, (_, i) => quantile(sorted, (i + 1) / BINS));
  return values.map((v) => (typeof v === "number" && !Number.isNaN(v) ? String(cuts.filter((cut) => v > cut).length) : "missing"));
}

function duplicates(keys: readonly string[], { truth }: LabelledData): { readonly repeated: number; readonly conflicting: number } {
  const seen = new Map<string, number>();
  let repeated = 0;
  let conflicting = 0;
  for (const [i, key] of keys.entries()) {
    const first = seen.get(key);
    if (first === undefined) seen.set(key, i);
    else {
      repeated++;
      if (truth.values[first] !== truth.values[i]) conflicting++;
    }
  }
  return { repeated, conflicting };
}
