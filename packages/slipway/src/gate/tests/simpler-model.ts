// A model has to earn its place: against the simplest predictor there is, which knows only how often each class occurs, or
// the mean (ML Test Score, model 5). It is given the shares of the labelled rows themselves, which favours it.

import { classificationMetrics, regressionMetrics, type Metric } from "@slipway/core/stats";
import { defineGateTest, skipped, type GateTest } from "../define-gate-test.ts";
import { judgedAll } from "../judged.ts";
import type { Truth } from "../labelled-data.ts";
import { GAIN_COLUMNS, gainCells, gainsOf } from "../paired.ts";
import { numberText } from "../../server/index.ts";

const JUDGED = ["balanced_accuracy", "log_loss", "roc_auc", "rmse"];
/** With so many a model that is better shows it. */
const ENOUGH_ROWS = 200;

export const simplerModel: GateTest = defineGateTest({
  name: "simpler-model", title: "Better than the simplest", area: "model",
  checks: "It beats predicting the commonest class with the classes' shares, or the mean, by more than chance.",
  run({ labelled, model, seed }) {
    if (labelled === undefined) return skipped("no labelled data was given (--data and --target)");
    const { truth } = labelled.judged;
    if (new Set(truth.values).size < 2) return skipped("the target has one value in every labelled row");
    const metrics = judgedAll(model, labelled).metrics.filter((m) => JUDGED.includes(m.name));
    const gains = gainsOf(metrics, simplest(truth), truth.values.length, seed);
    const sure = gains.some((g) => g.low > 0);
    const better = gains.some((g) => g.gain > 0);
    const auc = metrics.find((m) => m.name === "roc_auc")?.of(null);
    const exchanged = truth.kind === "classes" && truth.classes.length === 2 && auc !== undefined && auc < 0.4 ? `; with the classes ${truth.classes.map((c) => JSON.stringify(c)).join(" and ")} exchanged roc_auc would be ${numberText(1 - auc)}` : "";
    const told = gains.map((g) => `${g.metric} ${numberText(g.mine)} against ${numberText(g.theirs)}`).join(", ");
    return {
      verdict: sure ? "pass" : better && truth.values.length < ENOUGH_ROWS ? "warn" : "fail",
      reason: sure ? told : better ? `${truth.values.length < ENOUGH_ROWS ? "better, but" : "not better than always the commonest class or the mean by more than chance:"} ${truth.values.length} rows could show that by chance: ${told}${exchanged}` : `not better than ${truth.kind === "classes" ? "always the commonest class" : "always the mean"}: ${told}${exchanged}`,
      bar: `better in ${gains.map((g) => g.metric).join(" or ")}, the whole interval of the difference counted`,
      figures: { rows: truth.values.length },
      tables: [{ title: "Against the simplest predictor", columns: GAIN_COLUMNS("simplest"), rows: gains.map(gainCells) }],
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
