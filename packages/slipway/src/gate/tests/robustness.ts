// What small faults of the data do to the answers: noise, typing errors, a unit mistaken, a column left out. Told always;
// judged where the configuration says how much is allowed.

import type { Column } from "@slipway/core/package";
import { normalNumbers, randomNumbers } from "@slipway/core/stats";
import type { Row } from "../context.ts";
import { defineGateTest, skipped, type Cell, type GateTest } from "../define-gate-test.ts";
import { predictEach } from "../predictions.ts";
import { changeBetween, readAnswers, watchedOutput } from "../watched-output.ts";
import { percent } from "../../server/index.ts";

const NOISE = 0.01;
/** More than this is worth a look, though no bar is set. */
const MUCH = 0.1;
const MAX_COLUMNS = 60;
const UNIT = 1000;

type Fault = "noise" | "typos" | "missing" | "units";

export const robustness: GateTest = defineGateTest({
  name: "robustness", title: "Small faults in the data", area: "model",
  checks: "How often the answer changes with noise of a hundredth of the spread, two letters exchanged, a number a thousandfold, a column left out.",
  needsRows: true,
  async run({ model, rows, settings, seed }) {
    const { signature } = model;
    if (signature.layout === "tensors") return skipped("the model takes tensors, of which it is not known what a small fault is");
    const watched = watchedOutput(signature);
    if (watched === undefined) return skipped("the model gives neither labels nor numbers to watch");
    const before = await predictEach(model, rows);
    const reference = readAnswers(before.prediction, watched);
    const random = randomNumbers(seed);
    const normal = normalNumbers(random);
    const columns = signature.columns.filter((c) => c.used).slice(0, MAX_COLUMNS);
    const numbers = columns.filter((c) => isMeasured(c, rows));
    const texts = columns.filter((c) => c.type === "string" && c.unknown !== "refused");
    const spread = new Map(numbers.map((c) => [c.name, deviation(rows.map((r) => Number(r[c.name] ?? NaN)))]));
    const found: { fault: Fault; what: string; share: number; refused: number }[] = [];
    const tryOut = async (fault: Fault, what: string, change: (row: Row) => Row): Promise<void> => {
      const { prediction, placeOf } = await predictEach(model, rows.map(change));
      const after = readAnswers(prediction, watched);
      const answered = rows.flatMap((_, i) => (placeOf(i) === undefined ? [] : [[i, placeOf(i)!] as const]));
      found.push({ fault, what, share: answered.length === 0 ? 0 : changeBetween(reference, after, answered, watched), refused: rows.length - answered.length });
    };
    if (numbers.length > 0) {
      await tryOut("noise", "every number", (row) => ({ ...row, ...Object.fromEntries(numbers.filter((c) => typeof row[c.name] === "number").map((c) => [c.name, within(c, (row[c.name] as number) + NOISE * spread.get(c.name)! * normal())])) }));
      for (const c of numbers) await tryOut("units", c.name, (row) => (typeof row[c.name] === "number" ? { ...row, [c.name]: (row[c.name] as number) * UNIT } : row));
    }
    for (const c of texts) await tryOut("typos", c.name, (row) => (typeof row[c.name] === "string" ? { ...row, [c.name]: typo(row[c.name] as string, random) } : row));
    for (const c of columns) if (c.missing === "allowed") await tryOut("missing", c.name, (row) => ({ ...row, [c.name]: null }));
    if (found.length === 0) return skipped("no column of the model can be changed in these ways");
    const worst = new Map<Fault, (typeof found)[number]>();
    for (const f of found) if (f.share > (worst.get(f.fault)?.share ?? -1)) worst.set(f.fault, f);
    const measure = watched.label ? "labels" : "standard deviations";
    const told = (share: number): string => (watched.label ? percent(share) : String(Number(share.toPrecision(3))));
    const missed = [...worst.values()].filter((f) => settings.robustness?.[f.fault] !== undefined && !(f.share <= settings.robustness[f.fault]!));
    const bars = Object.entries(settings.robustness ?? {}).map(([name, bar]) => `${name} ${told(bar)}`);
    const noisy = (worst.get("noise")?.share ?? 0) > MUCH;
    const list = (faults: readonly (typeof found)[number][]): string => faults.map((f) => `${f.fault} (${f.what}) ${told(f.share)}`).join(", ");
    return {
      verdict: missed.length > 0 ? "fail" : noisy && settings.robustness?.noise === undefined ? "warn" : "pass",
      reason: missed.length > 0 ? `more than allowed: ${list(missed)}` : `${measure} that change at most: ${list([...worst.values()])}`,
      ...(bars.length === 0 ? {} : { bar: bars.join(", ") }),
      figures: { rows: rows.length, watched: watched.output.name, ...Object.fromEntries([...worst.values()].map((f) => [`worst ${f.fault}`, f.share])) },
      tables: [{ title: watched.label ? "Share of labels that change" : "Mean change, in standard deviations of the answers", columns: ["fault", "column", "change", "rows refused"], rows: found.toSorted((a, b) => b.share - a.share).map((f): Cell[] => [f.fault, f.what, f.share, f.refused]) }],
      pictures: [{ kind: "counts", title: watched.label ? "Share of labels that change" : "Mean change", bars: found.toSorted((a, b) => b.share - a.share).slice(0, 15).map((f) => ({ name: `${f.what} (${f.fault})`, value: f.share })) }],
    };
  },
});

/** A number that was measured: no code for a category, no yes and no. */
function isMeasured(column: Column, rows: readonly Row[]): boolean {
  return column.type === "double" && column.seen !== "boolean" && column.categories === undefined && rows.some((row) => typeof row[column.name] === "number");
}
function within({ limits: [low, high] = [-Infinity, Infinity] }: Column, value: number): number {
  return Math.min(high, Math.max(low, value));
}
function deviation(values: readonly number[]): number {
  const finite = values.filter((v) => Number.isFinite(v));
  const mean = finite.reduce((a, b) => a + b, 0) / finite.length;
  return Math.sqrt(finite.reduce((sum, v) => sum + (v - mean) ** 2, 0) / finite.length);
}
/** Two letters beside each other, exchanged. */
function typo(text: string, random: () => number): string {
  const letters = [...text];
  if (letters.length < 2) return `${text}x`;
  const at = Math.floor(random() * (letters.length - 1));
  [letters[at], letters[at + 1]] = [letters[at + 1]!, letters[at]!];
  return letters.join("");
}
