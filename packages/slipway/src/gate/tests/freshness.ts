// Whether the model is stale (ML Test Score, model 4): how old it is, where that is known, and whether the newest labelled rows
// are answered worse than older ones, where a column says when they were.

import { bootstrap, percentileInterval } from "@slipway/core/stats";
import { defineGateTest, skipped, type Finding, type GateTest } from "../define-gate-test.ts";
import { gateError } from "../errors.ts";
import { judgedAll, timeOf } from "../judged.ts";
import { numberText } from "../../server/index.ts";

const DAY = 86_400_000;
const FEWEST_ROWS = 200;
/** The newest part of the rows. */
const NEWEST = 0.25;

export const freshness: GateTest = defineGateTest({
  name: "freshness", title: "Not stale", area: "model",
  checks: "The model is not older than allowed, and no worse on the newest quarter of the labelled rows (by gate.time) than on the others.",
  run({ package: { manifest }, labelled, model, settings, seed, now }): Finding {
    const made = madeAt(manifest.created, manifest.origin);
    const days = made === undefined ? undefined : (now - made) / DAY;
    const { maxAgeDays, time } = settings;
    if (maxAgeDays !== undefined && days === undefined) return { verdict: "warn", reason: "the package does not say when the model was made, so its age is not known", bar: `at most ${maxAgeDays} days old` };
    const old = maxAgeDays !== undefined && days! > maxAgeDays;
    const trend = time === undefined || labelled === undefined ? undefined : newest(labelled.judged.columns.get(time)!, time);
    if (days === undefined && trend === undefined) return skipped("neither the model's age nor a time of the labelled rows is known (gate.maxAgeDays, gate.time)");
    const figures: Record<string, number> = days === undefined ? {} : { "age in days": Math.floor(days) };
    const told = days === undefined ? [] : [`the model is ${Math.floor(days)} days old`];
    let worse = false;
    if (trend !== undefined && labelled !== undefined) {
      const { metrics, truth } = judgedAll(model, labelled);
      const metric = metrics[truth.kind === "classes" ? 0 : 1]!;
      const [late, early] = [trend, trend.map((w) => 1 - w)];
      if (trend.length < FEWEST_ROWS) told.push(`${trend.length} rows say nothing of time`);
      else {
        const sign = metric.better === "higher" ? 1 : -1;
        const both = { of: (w: ArrayLike<number> | null): number => sign * (metric.of(late.map((v, i) => v * (w === null ? 1 : w[i]!))) - metric.of(early.map((v, i) => v * (w === null ? 1 : w[i]!)))) };
        const { low, high } = percentileInterval(bootstrap([both], trend.length, { seed, draws: 500 }).samples[0]!, 0.99);
        worse = high < 0;
        Object.assign(figures, { [`${metric.name} of the newest quarter`]: metric.of(late), [`${metric.name} before`]: metric.of(early) });
        told.push(`${metric.name} is ${numberText(metric.of(late))} on the newest quarter of the rows, ${numberText(metric.of(early))} on those before (${worse ? "worse" : "no worse"} beyond chance: better by ${numberText(low)} to ${numberText(high)})`);
      }
    }
    return { verdict: old ? "fail" : worse ? "warn" : "pass", reason: told.join("; "), bar: [...(maxAgeDays === undefined ? [] : [`at most ${maxAgeDays} days old`]), ...(time === undefined ? [] : ["no worse on the newest quarter of the rows"])].join(", ") || "none is set", figures };
  },
});

/** When it was packed, or made where MLflow tells. */
function madeAt(created: string | undefined, origin: Readonly<Record<string, string>> | undefined): number | undefined {
  const told = origin?.["mlflow utc time created"];
  const times = [...(told === undefined ? [] : [Date.parse(`${told.replace(" ", "T").slice(0, 23)}Z`)]), ...(created === undefined ? [] : [Date.parse(created)])].filter((t) => !Number.isNaN(t));
  return times.length === 0 ? undefined : Math.min(...times);
}

/** 1 for rows of the newest quarter. @throws gate-setting where the column holds no times */
function newest(values: readonly (string | number | boolean | null)[], column: string): number[] {
  const times = values.map(timeOf);
  if (times.every((t) => Number.isNaN(t))) throw gateError("gate-setting", `${JSON.stringify(column.slice(0, 100))} holds no times`, { where: "gate.time", hint: "Times are numbers, or dates as 2026-01-31." });
  const sorted = times.filter((t) => !Number.isNaN(t)).sort((a, b) => a - b);
  const from = sorted[Math.floor(sorted.length * (1 - NEWEST))]!;
  return times.map((t) => (t >= from ? 1 : 0));
}
