// Whether probabilities mean what they say. The expected calibration error of even a perfect model is not zero with finitely
// many rows: labels are drawn from the model's own probabilities, and what the error then is tells what chance gives.

import { expectedCalibrationError, quantile, randomNumbers } from "@slipway/core/stats";
import { defineGateTest, skipped, type Finding, type GateTest } from "../define-gate-test.ts";
import { judgedAll } from "../judged.ts";
import { numberText, percent } from "../../server/index.ts";

const DRAWS = 200;
const CHANCE = 0.999;
/** Beyond chance, and this large: worth a look. */
const MUCH = 0.05;
const FEWEST_ROWS = 100;
const MAX_ROWS = 50_000;

export const calibrationTest: GateTest = defineGateTest({
  name: "calibration", title: "Probabilities that mean what they say", area: "model",
  checks: "The expected calibration error is not larger than a calibrated model's would be by chance with so many rows.",
  run({ labelled, model, settings, seed }): Finding {
    if (labelled === undefined) return skipped("no labelled data was given (--data and --target)");
    const { truth, classes, probabilities } = judgedAll(model, labelled);
    if (probabilities === undefined || truth.kind !== "classes") return skipped("the model gives no probabilities of the target's classes");
    const n = Math.min(truth.values.length, MAX_ROWS);
    if (n < FEWEST_ROWS) return skipped(`${n} labelled rows: fewer than ${FEWEST_ROWS} say nothing of probabilities`);
    const width = classes.length;
    const table = probabilities.subarray(0, n * width);
    const error = expectedCalibrationError(truth.values.subarray(0, n), table, width);
    const random = randomNumbers(seed);
    const drawn = Float64Array.from({ length: DRAWS }, () => expectedCalibrationError(Int32Array.from({ length: n }, (_, i) => drawClass(table, i, width, random)), table, width)).sort();
    const chance = quantile(drawn, CHANCE);
    const bar = settings.calibration?.maxError;
    const said = mean(Float64Array.from({ length: n }, (_, i) => Math.max(...table.subarray(i * width, (i + 1) * width))));
    const right = mean(Float64Array.from({ length: n }, (_, i) => (largest(table, i, width) === truth.values[i] ? 1 : 0)));
    const off = error > chance && error > MUCH;
    const way = said > right ? "too sure of itself" : "less sure than it could be";
    return {
      verdict: bar !== undefined && error > bar ? "fail" : off && bar === undefined ? "warn" : "pass",
      reason: `the calibration error is ${numberText(error)}, by chance up to ${numberText(chance)}${off || (bar !== undefined && error > bar) ? `; the model is ${way}: it says ${percent(said)} and is right in ${percent(right)}` : ""}`,
      bar: bar === undefined ? `at most ${MUCH}, or what chance gives` : `at most ${bar}`,
      figures: { rows: n, "calibration error": error, "what chance gives": chance, "mean probability of what is predicted": said, "share that is right": right },
      pictures: [{ kind: "distribution", title: "Calibration error of a calibrated model with so many rows", low: drawn[0]!, high: drawn.at(-1)!, counts: counts(drawn) }],
    };
  },
});

function drawClass(table: Float64Array, row: number, width: number, random: () => number): number {
  let left = random();
  for (let c = 0; c < width - 1; c++) {
    left -= table[row * width + c]!;
    if (left < 0) return c;
  }
  return width - 1;
}
function largest(table: Float64Array, row: number, width: number): number {
  let top = 0;
  for (let c = 1; c < width; c++) if (table[row * width + c]! > table[row * width + top]!) top = c;
  return top;
}
function mean(values: Float64Array): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
function counts(sorted: Float64Array): number[] {
  const bins = new Array<number>(20).fill(0);
  const [low, high] = [sorted[0]!, sorted.at(-1)!];
  for (const v of sorted) bins[Math.min(19, Math.floor(((v - low) / (high - low || 1)) * 20))]!++;
  return bins;
}
