// What is wrong with data, beside being distributed otherwise: values that are missing, beyond the reference's, unknown, or
// all the same, and rows that come again and again. Each compares with the reference, and allows for chance.

import type { Distribution, WindowCounter } from "@slipway/core/stats";
import { LEAST_ROWS } from "@slipway/core/stats";
import type { Subject } from "./subject.ts";

export interface Finding {
  readonly rule: "missing" | "out-of-range" | "unknown-category" | "constant" | "duplicates" | "errors" | "silence" | "outliers";
  readonly column: string | null;
  /** In a sentence. */
  readonly message: string;
  /** Of the rows, now and before. */
  readonly share: readonly [now: number, before: number];
}

/** Further from the reference's share than this, and than chance: four standard errors. */
const LEAST_SHIFT = 0.02;
const SIGMAS = 4;
const DUPLICATES = 0.5;
const ERRORS = 0.05;

/** @param currents how the series are distributed, where scores are joined of several windows */
export function findingsOf(subject: Subject, window: WindowCounter, currents: readonly Distribution[] = window.series.map((s) => s.distribution)): Finding[] {
  const findings: Finding[] = [];
  const add = (rule: Finding["rule"], column: string | null, message: string, now: number, before: number): void => void findings.push({ rule, column, message, share: [now, before] });
  subject.series.forEach((series, i) => {
    const { name, reference, kind } = series;
    if ("score" in series) {
      if (series.score === "isolation") outliers(reference, currents[i]!, add);
      return;
    }
    const counter = window.series[i]!;
    const { rows, missing, outside } = counter;
    if (rows < LEAST_ROWS || kind === "output") return;
    const before = (n: number): number => n / Math.max(1, reference.rows);
    if (more(missing / rows, before(reference.missing), rows, reference.rows)) add("missing", name, `${percent(missing / rows)} of ${name} is missing, ${percent(before(reference.missing))} in the reference`, missing / rows, before(reference.missing));
    if (more(outside / rows, before(reference.outside), rows, reference.rows)) {
      const category = reference.shape.kind === "category";
      const seen = category ? counter.texts.entries.slice(0, 3).map(([text]) => JSON.stringify(text)).join(", ") : `${short(counter.low)} to ${short(counter.high)}`;
      add(category ? "unknown-category" : "out-of-range", name, category ? `${percent(outside / rows)} of ${name} are categories that the reference did not have: ${seen}` : `${percent(outside / rows)} of ${name} lie beyond the reference's values (now ${seen})`, outside / rows, before(reference.outside));
    }
    if (missing < rows && distinctOf(counter) === 1 && reference.bins.filter((n) => n > 0).length > 1) add("constant", name, `${name} has the same value in every row`, 1, 0);
  });
  const { rows, requests } = window;
  const again = 1 - Math.min(1, window.distinctRows.count / Math.max(1, rows));
  const before = 1 - (subject.distinctShare ?? 1);
  if (rows >= LEAST_ROWS && subject.series.length > 0 && again > DUPLICATES && again > before + DUPLICATES / 2) add("duplicates", null, `about ${percent(again)} of the rows are repetitions of others`, again, before);
  const failed = [...window.errors.values()].reduce((a, b) => a + b, 0);
  if (failed >= 10 && failed / requests > ERRORS) {
    const [code] = [...window.errors].sort((a, b) => b[1] - a[1])[0]!;
    add("errors", null, `${percent(failed / requests)} of the requests failed, most with ${code}`, failed / requests, 0);
  }
  return findings;
}

/** Rows that stand alone, as one in a hundred of the reference's did. */
function outliers(reference: Distribution, current: Distribution, add: (rule: "outliers", column: null, message: string, now: number, before: number) => void): void {
  if (current.rows < LEAST_ROWS) return;
  const share = ({ bins, rows }: Distribution): number => bins.at(-1)! / Math.max(1, rows);
  const [now, before] = [share(current), share(reference)];
  if (more(now, before, current.rows, reference.rows)) add("outliers", null, `${percent(now)} of the rows are outliers by their values together, ${percent(before)} in the reference`, now, before);
}

/** Whether a share rose by more than chance, of two samples. */
function more(now: number, before: number, n: number, m: number): boolean {
  const pooled = (now * n + before * m) / (n + m);
  return now - before > LEAST_SHIFT && now - before > SIGMAS * Math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / Math.max(1, m)));
}

function distinctOf(counter: WindowCounter["series"][number]): number {
  if (counter.low <= counter.high) return counter.low === counter.high ? 1 : 2;
  return counter.distinct.count;
}
function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}
function short(n: number): string {
  return String(Number(n.toPrecision(5)));
}
