// What a prediction costs. Figures always; bars only where the configuration sets them, as they are a matter of the machine,
// but for one: against the baseline, asked in turns with it, a row may not take several times as long.

import { writeSlip } from "@slipway/core/package";
import { quantile } from "@slipway/core/stats";
import { defineGateTest, type Finding, type GateTest } from "../define-gate-test.ts";
import type { Model } from "../../runtime/index.ts";
import type { Row } from "../context.ts";
import { predict } from "../predictions.ts";
import { answeredOf } from "../sample-rows.ts";
import { bytesText } from "../report/words.ts";

const CALLS = 300;
const BATCH = 256;
/** Of each measurement. */
const MAX_MS = 1000;
const MAX_SLOWDOWN = 3;
/** Turns of the two models; the fastest of each counts, which other work on the machine does not touch. */
const TURNS = 9;
const TURN_MS = 25;

export const budgets: GateTest = defineGateTest({
  name: "budgets", title: "Time, memory and size", area: "infrastructure",
  checks: "Milliseconds of a call with one row, rows a second in batches, memory of the process and size of the package.",
  needsRows: true,
  async run({ package: source, model, rows, settings, baseline }): Promise<Finding> {
    const bars = settings.budgets ?? {};
    const times: number[] = [];
    const from = performance.now();
    for (let i = 0; i < CALLS && (i < 5 || performance.now() - from < MAX_MS); i++) {
      const before = performance.now();
      await predict(model, [rows[i % rows.length]!]);
      times.push(performance.now() - before);
    }
    // The first calls prepare.
    const sorted = Float64Array.from(times.slice(Math.min(5, times.length - 1))).sort();
    const independent = (model.signature.tensorRows ?? "independent") === "independent";
    const batch = Array.from({ length: independent ? BATCH : 1 }, (_, i) => rows[i % rows.length]!);
    const start = performance.now();
    let done = 0;
    while (done === 0 || performance.now() - start < MAX_MS / 2) {
      await predict(model, batch);
      done += batch.length;
    }
    const perSecond = (done / (performance.now() - start)) * 1000;
    const measured = {
      p50Ms: quantile(sorted, 0.5), p99Ms: quantile(sorted, 0.99), minRowsPerSecond: perSecond,
      memory: process.memoryUsage().rss, packageSize: source.python === undefined ? writeSlip(source).length : source.manifest.source.bytes,
    };
    const missed: string[] = [];
    const judged: string[] = [];
    for (const [name, found] of Object.entries(measured) as [keyof typeof measured, number][]) {
      const bar = bars[name];
      if (bar === undefined) continue;
      const show = name === "memory" || name === "packageSize" ? bytesText : (n: number): string => String(Number(n.toPrecision(3)));
      judged.push(`${name} ${show(bar)}`);
      if (name === "minRowsPerSecond" ? found < bar : found > bar) missed.push(`${name} is ${show(found)}, the bar is ${show(bar)}`);
    }
    const against = baseline === undefined ? undefined : await slowdown(model, baseline, rows);
    if (against !== undefined) {
      const { maxSlowdown = MAX_SLOWDOWN } = bars;
      judged.push(`at most ${maxSlowdown} times as slow as the baseline`);
      for (const [what, ratio] of Object.entries(against)) if (ratio > maxSlowdown) missed.push(`${what} ${Number(ratio.toPrecision(2))} times slower than ${baseline!.name} ${baseline!.version}, the bar is ${maxSlowdown}`);
    }
    return {
      verdict: missed.length > 0 ? "fail" : "pass",
      reason: missed.length > 0 ? missed.join("; ") : judged.length > 0 ? "within every budget that is set" : "no budget is set; figures only",
      ...(judged.length === 0 ? {} : { bar: judged.join(", ") }),
      figures: {
        "median ms of one row": measured.p50Ms, "99th percentile ms": measured.p99Ms, calls: sorted.length, "rows a second": Math.round(perSecond), "rows a batch": batch.length,
        "memory of this process": bytesText(measured.memory), "size of the package": bytesText(measured.packageSize), "size of the model": bytesText(source.model.length), engine: model.engine.name,
        ...Object.fromEntries(Object.entries(against ?? {}).map(([what, ratio]) => [`times as long as the baseline, ${what}`, ratio])),
      },
    };
  },
});

/** How many times as long a row takes as with the baseline, alone and in batches; a row that one refuses says nothing. */
async function slowdown(model: Model, baseline: Model, rows: readonly Row[]): Promise<Readonly<Record<string, number>>> {
  const both = await answeredOf(baseline, rows);
  if (both.length === 0) return {};
  const batch = Array.from({ length: BATCH }, (_, i) => both[i % both.length]!);
  const ratios: Record<string, number> = {};
  for (const [what, asked] of [["one row", [both[0]!]], ["in batches", batch]] as const) {
    const fastest = [Infinity, Infinity];
    for (let turn = 0; turn < TURNS; turn++) {
      for (const [i, which] of [model, baseline].entries()) {
        const from = performance.now();
        let calls = 0;
        while (calls === 0 || performance.now() - from < TURN_MS) {
          await predict(which, asked);
          calls++;
        }
        fastest[i] = Math.min(fastest[i]!, (performance.now() - from) / calls);
      }
    }
    ratios[what] = fastest[0]! / fastest[1]!;
  }
  return ratios;
}
