// How good the model is on labelled data: overall and by slice, with bootstrap intervals; bars where the configuration has them.

import { bootstrap, calibration, confusion, percentileInterval, type Interval, type Metric } from "@slipway/core/stats";
import { defineGateTest, skipped, type Cell, type Finding, type GateTest, type Picture, type Table } from "../define-gate-test.ts";
import { gateError } from "../errors.ts";
import { judgedAll, type Judged } from "../judged.ts";
import { numberText } from "../../server/index.ts";
import { slicesOf, type Slice } from "../slices.ts";

const BINS = 20;
const DRAWN_SLICES = 30;

export const quality: GateTest = defineGateTest({
  name: "quality", title: "Quality on labelled data", area: "model",
  checks: "Figures of merit with 95% bootstrap intervals, overall and by slice, against the configured bars.",
  async run(context): Promise<Finding> {
    const { labelled, model, settings, seed } = context;
    if (labelled === undefined) return skipped("no labelled data was given (--data and --target)");
    const found = judgedAll(model, labelled);
    const { metrics } = found;
    const known = metrics.map((m) => m.name);
    const bars = settings.quality ?? {};
    for (const name of Object.keys(bars)) {
      if (!known.includes(name)) throw gateError("gate-setting", `there is no metric ${JSON.stringify(name.slice(0, 100))} of this model`, { where: "gate.quality", hint: `There are ${known.join(", ")}.` });
    }
    const n = found.truth.values.length;
    const intervals = intervalsOf(metrics, n, seed);
    const missed: string[] = [];
    const bar: string[] = [];
    const table: Cell[][] = metrics.map((m, i) => {
      const value = m.of(null);
      const { low, high } = intervals[i]!;
      const { min, max, sure = false } = bars[m.name] ?? {};
      const wanted = [...(min === undefined ? [] : [`at least ${min}`]), ...(max === undefined ? [] : [`at most ${max}`])].join(", ");
      if (wanted !== "") bar.push(`${m.name} ${wanted}${sure ? " for the whole interval" : ""}`);
      // Written so that NaN misses its bar.
      if ((min !== undefined && !((sure ? low : value) >= min)) || (max !== undefined && !((sure ? high : value) <= max))) missed.push(`${m.name} is ${numberText(value)} (${numberText(low)} to ${numberText(high)}), the bar is ${wanted}${sure ? " for the whole interval" : ""}`);
      return [m.name, value, low, high, wanted];
    });
    const tables: Table[] = [{ title: "Overall", columns: ["metric", "value", "95% from", "to", "bar"], rows: table }];
    const pictures: Picture[] = [...picturesOf(found)];
    for (const column of context.slices) {
      const slices = slicesOf(labelled.judged.columns.get(column)!);
      const least = settings.minSliceRows ?? 30;
      tables.push(sliceTable(column, slices, metrics, least));
      for (const slice of slices.filter((s) => s.rows.length >= least)) {
        for (const m of metrics) {
          const { sliceMin, sliceMax } = bars[m.name] ?? {};
          const value = m.of(slice.weights);
          if ((sliceMin !== undefined && !(value >= sliceMin)) || (sliceMax !== undefined && !(value <= sliceMax))) missed.push(`${m.name} where ${column} is ${slice.name} is ${numberText(value)} (${slice.rows.length} rows), the bar is ${sliceMin === undefined ? `at most ${sliceMax}` : `at least ${sliceMin}`}`);
        }
      }
      const main = metrics[found.truth.kind === "classes" ? 0 : 1]!;
      const drawn = slices.filter((s) => s.rows.length >= 2).slice(0, DRAWN_SLICES);
      pictures.push({
        kind: "intervals", title: `${main.name} by ${column}`, line: main.of(null),
        bars: drawn.map((s) => ({ name: s.name, value: main.of(s.weights), rows: s.rows.length, ...percentileInterval(bootstrap([main], n, { seed, draws: 200, rows: s.rows }).samples[0]!) })),
      });
    }
    for (const [name, { sliceMin, sliceMax }] of Object.entries(bars)) if (sliceMin !== undefined || sliceMax !== undefined) bar.push(`${name} in every slice ${sliceMin === undefined ? `at most ${sliceMax}` : `at least ${sliceMin}`}`);
    if (labelled.refusals.length > 0) tables.push({ title: "Rows that the model refuses", columns: ["row", "why"], rows: labelled.refusals.map((r) => [r.row, r.message]) });
    const told = table.slice(0, found.truth.kind === "classes" ? 2 : 3).map(([name, value, low, high]) => `${String(name)} ${numberText(value as number)} (${numberText(low as number)} to ${numberText(high as number)})`).join(", ");
    const refused = labelled.refused === 0 ? "" : `; the model refuses ${labelled.refused} of ${labelled.count} rows`;
    return {
      verdict: missed.length > 0 ? "fail" : labelled.refused > 0 ? "warn" : "pass",
      reason: `${missed.length > 0 ? missed.join("; ") : `${told}${bar.length === 0 ? "; no bar is set" : ""}`}${refused}`,
      ...(bar.length === 0 ? {} : { bar: bar.join(", ") }),
      figures: { rows: n, ...(n < labelled.count - labelled.refused ? { "rows of the file, of which these are a fair sample": labelled.count } : {}), "rows without a target": labelled.unlabelled, "rows refused": labelled.refused, ...Object.fromEntries(metrics.map((m) => [m.name, m.of(null)])) },
      tables, pictures,
    };
  },
});

function intervalsOf(metrics: readonly Metric[], rows: number, seed: number): readonly Interval[] {
  return bootstrap(metrics, rows, { seed }).samples.map((s) => percentileInterval(s));
}

function sliceTable(column: string, slices: readonly Slice[], metrics: readonly Metric[], least: number): Table {
  return {
    title: `By ${column}`, columns: [column, "rows", ...metrics.map((m) => m.name)],
    rows: slices.map((s) => [s.rows.length < least ? `${s.name} (too few rows to judge)` : s.name, s.rows.length, ...metrics.map((m) => finiteOrNull(m.of(s.weights)))]),
  };
}
function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function* picturesOf({ truth, classes, predicted, probabilities }: Judged): Generator<Picture> {
  if (truth.kind === "numbers") {
    yield histogram("Errors: predicted less true", Float64Array.from(predicted, (p, i) => p - truth.values[i]!));
    yield histogram("Predictions", predicted);
    return;
  }
  const given = { classes: classes.length, truth: truth.values, predicted };
  if (classes.length <= 20) yield { kind: "confusion", title: "What was true, and what was predicted", classes, counts: [...confusion(given)] };
  if (probabilities !== undefined && classes.length >= 2) {
    for (const c of classes.length === 2 ? [1] : classes.slice(0, 6).keys()) {
      const said = Float64Array.from(truth.values, (_, i) => probabilities[i * classes.length + c]!);
      yield { kind: "calibration", title: `Calibration of ${classes[c]!}`, bins: calibration(said, Uint8Array.from(truth.values, (t) => (t === c ? 1 : 0))) };
      yield histogram(`Probability of ${classes[c]!}`, said, [0, 1]);
    }
  }
}

export function histogram(title: string, values: ArrayLike<number>, range?: readonly [number, number]): Picture {
  let [low, high] = range ?? [Infinity, -Infinity];
  if (range === undefined) {
    for (let i = 0; i < values.length; i++) {
      if (!Number.isFinite(values[i]!)) continue;
      low = Math.min(low, values[i]!);
      high = Math.max(high, values[i]!);
    }
  }
  const counts = new Array<number>(BINS).fill(0);
  if (high >= low) for (let i = 0; i < values.length; i++) if (Number.isFinite(values[i]!)) counts[Math.min(BINS - 1, Math.max(0, Math.floor(((values[i]! - low) / (high - low || 1)) * BINS)))]!++;
  return { kind: "distribution", title, low: high >= low ? low : 0, high: high >= low ? high : 0, counts };
}

