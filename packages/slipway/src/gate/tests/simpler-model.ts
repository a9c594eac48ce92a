// A model has to earn its place: against the simplest predictor there is, which knows only how often each class occurs, or
// the mean (ML Test Score, model 5). It is given the shares of the labelled rows themselves, which favours it.

import { bootstrap, classificationMetrics, percentileInterval, regressionMetrics, type Metric } from "@slipway/core/stats";
import { defineGateTest, skipped, type Cell, type GateTest } from "../define-gate-test.ts";
import { judged } from "../judged.ts";
import type { Truth } from "../labelled-data.ts";
import { numberText } from "../report/words.ts";

const JUDGED = ["balanced_accuracy", "log_loss", "rmse"];

export const simplerModel: GateTest = defineGateTest({
  name: "simpler-model", title: "Better than the simplest", area: "model",
  checks: "It beats predicting the commonest class with the classes' shares, or the mean, by more than chance.",
  async run({ labelled, model, seed }) {
    if (labelled === undefined) return skipped("no labelled data was given (--data and --target)");
    const { truth } = labelled;
    const distinct = new Set(truth.values).size;
    if (distinct < 2) return skipped("the target has one value in every labelled row");
    const simple = simplest(truth);
    const pairs = (await judged(model, labelled)).metrics.filter((m) => JUDGED.includes(m.name)).flatMap((m) => simple.filter((s) => s.name === m.name).map((s) => [m, s] as const));
    const { samples } = bootstrap(pairs.flat(), labelled.rows.length, { seed });
    const table = pairs.map(([m, s], i): Cell[] => {
      const sign = m.better === "higher" ? 1 : -1;
      const { low, high } = percentileInterval(samples[2 * i]!.map((value, draw) => sign * (value - samples[2 * i + 1]![draw]!)));
      return [m.name, m.of(null), s.of(null), sign * (m.of(null) - s.of(null)), low, high];
    });
    const sure = table.filter((row) => (row[4] as number) > 0);
    const better = table.filter((row) => (row[3] as number) > 0);
    const told = table.map(([name, mine, theirs]) => `${String(name)} ${numberText(mine as number)} against ${numberText(theirs as number)}`).join(", ");
    return {
      verdict: sure.length > 0 ? "pass" : better.length > 0 ? "warn" : "fail",
      reason: sure.length > 0 ? told : better.length > 0 ? `better, but ${labelled.rows.length} rows could show that by chance: ${told}` : `not better than ${truth.kind === "classes" ? "always the commonest class" : "always the mean"}: ${told}`,
      bar: `better in ${pairs.map(([m]) => m.name).join(" or ")}, the whole interval of the difference counted`,
      figures: { rows: labelled.rows.length },
      tables: [{ title: "Against the simplest predictor", columns: ["metric", "this model", "simplest", "better by", "95% from", "to"], rows: table }],
    };
  },
});

function simplest(truth: Truth): Metric[] {
  const n = truth.values.length;
  if (truth.kind === "numbers") {
    const mean = truth.values.reduce((a, b) => a + b, 0) / n;
    return regressionMetrics(truth.values, new Float64Array(n).fill(mean));
  }
  const classes = truth.classes.length;
  const shares = new Float64Array(classes);
  for (const t of truth.values) shares[t]! += 1 / n;
  const commonest = shares.indexOf(Math.max(...shares));
  const probabilities = new Float64Array(n * classes);
  for (let i = 0; i < n; i++) probabilities.set(shares, i * classes);
  return classificationMetrics({ classes, truth: truth.values, predicted: new Int32Array(n).fill(commonest), probabilities });
}
