// How a shadow's answers compare with those that were given.

import { cellReader, type Prediction } from "../../runtime/index.ts";

export type ShadowOutcome = "compared" | "failed" | "dropped" | "not-alike";

export interface OutputDifference {
  /** Labels compared, and how many of them are equal. */
  labels: number;
  equal: number;
  /** Numbers compared, and how far apart they are. */
  values: number;
  largest: number;
  sum: number;
}

export class ShadowReport {
  readonly outcomes: Record<ShadowOutcome, number> = { compared: 0, failed: 0, dropped: 0, "not-alike": 0 };
  rows = 0;
  readonly outputs: Map<string, OutputDifference> = new Map();

  /** Both of the same rows. NaN equals NaN; a number against NaN is infinitely far. */
  compare(given: Prediction, shadow: Prediction): void {
    const pairs = given.outputs.map((o) => [o, shadow.outputs.find((s) => s.output.name === o.output.name)] as const);
    if (given.rows !== shadow.rows || pairs.some(([o, s]) => s === undefined || s.width !== o.width)) {
      this.outcomes["not-alike"]++;
      return;
    }
    this.outcomes.compared++;
    this.rows += given.rows;
    for (const [o, s] of pairs) {
      const [a, b] = [cellReader(o), cellReader(s!)];
      const d = this.#of(o.output.name);
      for (let i = 0; i < given.rows * o.width; i++) {
        const [x, y] = [a(i), b(i)];
        if (o.output.kind !== "label" && typeof x === "number" && typeof y === "number") {
          const apart = Number.isNaN(x) && Number.isNaN(y) || x === y ? 0 : Number.isNaN(x - y) ? Infinity : Math.abs(x - y);
          d.values++;
          d.sum += apart;
          if (apart > d.largest) d.largest = apart;
        } else {
          d.labels++;
          if (String(x) === String(y)) d.equal++;
        }
      }
    }
  }

  toJSON(): object {
    return {
      requests: this.outcomes, rows: this.rows,
      outputs: Object.fromEntries([...this.outputs].map(([name, d]) => [name, {
        ...(d.labels === 0 ? {} : { labels: d.labels, equal_share: d.equal / d.labels }),
        ...(d.values === 0 ? {} : { values: d.values, largest_difference: d.largest, mean_difference: d.sum / d.values }),
      }])),
    };
  }

  #of(output: string): OutputDifference {
    let d = this.outputs.get(output);
    if (d === undefined) this.outputs.set(output, (d = { labels: 0, equal: 0, values: 0, largest: 0, sum: 0 }));
    return d;
  }
}
