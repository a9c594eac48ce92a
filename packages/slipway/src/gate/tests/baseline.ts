// Against another model on the same rows: how much better or worse, with the interval of the difference.

import { defineGateTest, skipped, type Finding, type GateTest } from "../define-gate-test.ts";
import { judged } from "../judged.ts";
import { rowsFor, subsetOf } from "../labelled-data.ts";
import { GAIN_COLUMNS, gainCells, gainsOf } from "../paired.ts";
import { predictEach } from "../predictions.ts";
import { numberText } from "../../server/index.ts";

/** What is judged where the configuration names nothing. */
const JUDGED = ["accuracy", "log_loss", "rmse"];

export const baseline: GateTest = defineGateTest({
  name: "baseline", title: "Not worse than the baseline", area: "monitoring",
  checks: "On the same labelled rows, no judged figure is worse than the baseline's by more than is allowed, the whole interval of the difference counted.",
  async run({ labelled, baseline: other, model, settings, seed }): Promise<Finding> {
    if (labelled === undefined || other === undefined) return skipped(labelled === undefined ? "no labelled data was given (--data and --target)" : "no baseline was given (--baseline)");
    const otherRows = rowsFor(labelled, other.signature);
    const { placeOf } = await predictEach(other, otherRows);
    const both = otherRows.flatMap((_, i) => (placeOf(i) === undefined ? [] : [i]));
    if (both.length === 0) return { verdict: "fail", reason: "the baseline refuses every labelled row", bar: "rows that both answer" };
    const rows = subsetOf(labelled, both);
    const mine = await judged(model, rows);
    const theirs = await judged(other, { ...rows, rows: both.map((i) => otherRows[i]!) });
    const gains = gainsOf(mine.metrics, theirs.metrics, both.length, seed);
    const bars = settings.quality ?? {};
    const named = Object.entries(bars).filter(([, b]) => b.maxLoss !== undefined || b.maxRelativeLoss !== undefined).map(([name]) => name);
    const wanted = named.length > 0 ? named : JUDGED;
    const allowed = (metric: string): number => Math.max(bars[metric]?.maxLoss ?? 0, (bars[metric]?.maxRelativeLoss ?? 0) * Math.abs(gains.find((g) => g.metric === metric)?.theirs ?? 0));
    const judgedGains = gains.filter((g) => wanted.includes(g.metric));
    const worse = judgedGains.filter((g) => g.gain < -allowed(g.metric));
    const missed = worse.filter((g) => g.high < -allowed(g.metric));
    const told = (list: typeof gains): string => list.map((g) => `${g.metric} is worse by ${numberText(-g.gain)} (better by ${numberText(g.low)} to ${numberText(g.high)})`).join("; ");
    return {
      verdict: missed.length > 0 ? "fail" : worse.length > 0 ? "warn" : "pass",
      reason: missed.length > 0 ? told(missed) : worse.length > 0 ? `${told(worse)}: ${both.length} rows do not tell` : judgedGains.map((g) => `${g.metric} better by ${numberText(g.gain)} (${numberText(g.low)} to ${numberText(g.high)})`).join(", "),
      bar: judgedGains.map((g) => `${g.metric} worse by at most ${numberText(allowed(g.metric))}`).join(", "),
      figures: { baseline: `${other.name} ${other.version}`, rows: both.length, "rows the baseline refuses": otherRows.length - both.length },
      tables: [{ title: `Against ${other.name} ${other.version}`, columns: [...GAIN_COLUMNS("baseline"), "bar"], rows: gains.map((g) => [...gainCells(g), wanted.includes(g.metric) ? `worse by at most ${numberText(allowed(g.metric))}` : ""]) }],
    };
  },
});
