// What is counted while requests are served: per route and per model. Plain numbers here; metrics.ts writes them out.

import type { Servable } from "../../runtime/index.ts";
import type { Call } from "../http/call.ts";
import type { ModelDirectory } from "../models/directory.ts";

/** Seconds. */
export const LATENCY_BOUNDS: readonly number[] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
export const ROWS_BOUNDS: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096, 16384, 65536, 1048576];

export class Histogram {
  readonly bounds: readonly number[];
  readonly counts: Float64Array;
  sum = 0;
  count = 0;
  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }
  observe(value: number): void {
    let i = 0;
    while (i < this.bounds.length && value > this.bounds[i]!) i++;
    this.counts[i]!++;
    this.sum += value;
    this.count++;
  }
}

export class ModelStats {
  readonly request: Histogram = new Histogram(LATENCY_BOUNDS);
  readonly compute: Histogram = new Histogram(LATENCY_BOUNDS);
  readonly rows: Histogram = new Histogram(ROWS_BOUNDS);
  rowCount = 0;
  /** For the Open Inference Protocol's statistics, in nanoseconds. */
  readonly success: { count: number; ns: number } = { count: 0, ns: 0 };
  readonly failure: { count: number; ns: number } = { count: 0, ns: 0 };
  computeNs = 0;
  lastInferenceMs = 0;
}

export class Telemetry {
  inFlight = 0;
  /** "METHOD route status" -> latency. Routes are patterns, so the number of series is bounded. */
  readonly routes: Map<string, Histogram> = new Map();
  readonly errors: Map<string, number> = new Map();
  /** By name and version. */
  readonly #models: Map<string, ModelStats> = new Map();

  constructor(models: ModelDirectory) {
    for (const model of models.all) this.of(model);
  }
  of(model: Servable): ModelStats {
    const key = `${model.name}\0${model.version}`;
    let stats = this.#models.get(key);
    if (stats === undefined) this.#models.set(key, (stats = new ModelStats()));
    return stats;
  }
  started(): void {
    this.inFlight++;
  }
  finished(call: Call, status: number): void {
    this.inFlight--;
    const seconds = (performance.now() - call.startedAt) / 1000;
    const key = `${call.route === undefined ? "(any)" : call.method} ${call.route?.path ?? "(none)"} ${status}`;
    let latency = this.routes.get(key);
    if (latency === undefined) this.routes.set(key, (latency = new Histogram(LATENCY_BOUNDS)));
    latency.observe(seconds);
    const code = call.errorCode;
    if (code !== undefined) this.errors.set(code, (this.errors.get(code) ?? 0) + 1);
    const { observation: seen, target } = call;
    if (target === undefined || call.route?.action !== "predict") return;
    const stats = this.of(target);
    const outcome = status < 400 ? stats.success : stats.failure;
    outcome.count++;
    outcome.ns += seconds * 1e9;
    if (seen === undefined) return;
    stats.request.observe(seconds);
    stats.compute.observe(seen.computeMs / 1000);
    stats.rows.observe(seen.rows);
    stats.rowCount += seen.rows;
    stats.computeNs += seen.computeMs * 1e6;
    stats.lastInferenceMs = Date.now();
  }
}
