// Everything that is counted of one model in one window of time. Counts of parts (of time, of replicas, of devices) merge
// into exactly those of the whole.

import { DistinctCounter } from "./distinct-counter.ts";
import type { Distribution } from "./distribution.ts";
import { LogHistogram } from "./log-histogram.ts";
import { ProbabilityCounter } from "./probability-counter.ts";
import { SeriesCounter } from "./series-counter.ts";

/** Error codes of their own; all others are counted together. */
const MAX_CODES = 20;
const OTHER_CODES = "(other)";
const ROW_BITS = 9;

export class WindowCounter {
  /** In the order of the references that it was made of. */
  readonly series: readonly SeriesCounter[];
  requests = 0;
  rows = 0;
  /** Rows that were answered with an error of their own. */
  refused = 0;
  readonly errors: Map<string, number> = new Map();
  /** Of whole requests, in milliseconds. */
  readonly latency: LogHistogram = new LogHistogram();
  /** Of rows: far fewer than rows, and they come again and again. */
  readonly distinctRows: DistinctCounter = new DistinctCounter(ROW_BITS);
  readonly sure: ProbabilityCounter = new ProbabilityCounter();

  constructor(references: readonly Distribution[]) {
    this.series = references.map((reference) => new SeriesCounter(reference));
  }

  /** A request was answered, or failed with a code. */
  addRequest(ms: number, code?: string): void {
    this.requests++;
    this.latency.add(ms);
    if (code !== undefined) this.#addError(code, 1);
  }
  /** @param hashes as the columns mixed them, where there are columns */
  addRows(count: number, hashes?: Int32Array): void {
    this.rows += count;
    if (hashes !== undefined) this.distinctRows.addAll(hashes, count);
  }
  /** Counts of the same references. */
  merge(other: WindowCounter): void {
    if (other.series.length !== this.series.length) throw new RangeError("the counts are of other columns");
    this.series.forEach((s, i) => s.merge(other.series[i]!));
    this.requests += other.requests;
    this.rows += other.rows;
    this.refused += other.refused;
    for (const [code, count] of other.errors) this.#addError(code, count);
    this.latency.merge(other.latency);
    this.distinctRows.merge(other.distinctRows);
    this.sure.merge(other.sure);
  }

  #addError(code: string, count: number): void {
    const key = this.errors.has(code) || this.errors.size < MAX_CODES ? code : OTHER_CODES;
    this.errors.set(key, (this.errors.get(key) ?? 0) + count);
  }
}
