// Against another model on the same rows: how much better or worse, with the interval of the difference (a paired bootstrap).

import { bootstrap, percentileInterval } from "@slipway/core/stats";
import { defineGateTest, skipped, type Cell, type Finding, type GateTest } from "../define-gate-test.ts";
import { judged } from "../judged.ts";
import { subsetOf, rowsFor } from "../labelled-data.ts";
import { predictEach } from "../predictions.ts";
import { numberText } from "../report/words.ts";

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
    const mine = (await judged(model, rows)).metrics;
    const theirs = (await judged(other, { ...rows, rows: both.map((i) => otherRows[i]!) })).metrics;
    const pairs = mine.flatMap((m) => theirs.filter((t) => t.name === m.name).map((t) => [m, t] as const));
    const { samples } = bootstrap(pairs.flat(), both.length, { seed });
    const bars = settings.quality ?? {};
    const named = Object.entries(bars).filter(([, b]) => b.maxLoss !== undefined).map(([name]) => name);
    const wanted = named.length > 0 ? named : JUDGED;
    const missed: string[] = [];
    const doubtful: string[] = [];
    const table = pairs.map(([m, t], i): Cell[] => {
      const sign = m.better === "higher" ? 1 : -1;
      // Positive where this model is better.
      const gain = sign * (m.of(null) - t.of(null));
      const { low, high } = percentileInterval(samples[2 * i]!.map((value, draw) => sign * (value - samples[2 * i + 1]![draw]!)));
      const allowed = bars[m.name]?.maxLoss ?? 0;
      if (wanted.includes(m.name) && gain < -allowed) (high < -allowed ? missed : doubtful).push(`${m.name} is worse by ${numberText(-gain)} (better by ${numberText(low)} to ${numberText(high)})`);
      return [m.name, m.of(null), t.of(null), gain, low, high, wanted.includes(m.name) ? `worse by at most ${allowed}` : ""];
    });
    const gains = table.filter(([name]) => wanted.includes(String(name))).map(([name, , , gain, low, high]) => `${String(name)} better by ${numberText(gain as number)} (${numberText(low as number)} to ${numberText(high as number)})`);
    return {
      verdict: missed.length > 0 ? "fail" : doubtful.length > 0 ? "warn" : "pass",
      reason: missed.length > 0 ? missed.join("; ") : doubtful.length > 0 ? `${doubtful.join("; ")}: ${both.length} rows do not tell` : gains.join(", "),
      bar: wanted.filter((name) => pairs.some(([m]) => m.name === name)).map((name) => `${name} worse by at most ${bars[name]?.maxLoss ?? 0}`).join(", "),
      figures: { baseline: `${other.name} ${other.version}`, rows: both.length, "rows the baseline refuses": otherRows.length - both.length },
      tables: [{ title: `Against ${other.name} ${other.version}`, columns: ["metric", "this model", "baseline", "better by", "95% from", "to", "bar"], rows: table }],
    };
  },
});
