// What is counted while requests are served: per route, and per model, version and protocol. Plain numbers here;
// families.ts gathers them.

import type { Servable } from "../../runtime/index.ts";
import type { Call } from "../http/call.ts";
import type { ModelDirectory } from "../models/directory.ts";
import type { Family, Labels } from "./family.ts";
import { Histogram, LATENCY_BOUNDS, ROWS_BOUNDS } from "./histogram.ts";

export class ProtocolStats {
  readonly request: Histogram = new Histogram(LATENCY_BOUNDS);
  readonly decode: Histogram = new Histogram(LATENCY_BOUNDS);
  readonly queue: Histogram = new Histogram(LATENCY_BOUNDS);
  readonly compute: Histogram = new Histogram(LATENCY_BOUNDS);
  readonly serialize: Histogram = new Histogram(LATENCY_BOUNDS);
  readonly rows: Histogram = new Histogram(ROWS_BOUNDS);
  readonly batchRows: Histogram = new Histogram(ROWS_BOUNDS);
}

export class ModelStats {
  readonly protocols: Map<string, ProtocolStats> = new Map();
  rowCount = 0;
  /** Engine calls, as far as requests tell: of a call that three shared each counts a third. */
  executionCount = 0;
  /** For the Open Inference Protocol's statistics, in nanoseconds. */
  readonly success: { count: number; ns: number } = { count: 0, ns: 0 };
  readonly failure: { count: number; ns: number } = { count: 0, ns: 0 };
  decodeNs = 0;
  queueNs = 0;
  computeNs = 0;
  serializeNs = 0;
  lastInferenceMs = 0;

  of(protocol: string): ProtocolStats {
    let stats = this.protocols.get(protocol);
    if (stats === undefined) this.protocols.set(protocol, (stats = new ProtocolStats()));
    return stats;
  }
}

interface RouteStats {
  readonly labels: Labels;
  readonly histogram: Histogram;
}

export class Telemetry {
  inFlight = 0;
  /** Routes are patterns, so the number of series is bounded. */
  readonly routes: Map<string, RouteStats> = new Map();
  readonly errors: Map<string, number> = new Map();
  /** Further families: of the traffic between versions, of caches. */
  readonly sources: (() => readonly Family[])[] = [];
  readonly #models = new Map<string, readonly [Labels, ModelStats]>();
  /** The same, found without a key. */
  #known = new WeakMap<Servable, ModelStats>();
  readonly #byRoute = new WeakMap<object, Map<number, Histogram>>();

  constructor(models: ModelDirectory) {
    for (const model of models.all) this.of(model);
  }

  get models(): readonly (readonly [Labels, ModelStats])[] {
    return [...this.#models.values()];
  }

  of(model: Servable): ModelStats {
    const known = this.#known.get(model);
    if (known !== undefined) return known;
    const key = `${model.name}\0${model.version}`;
    let entry = this.#models.get(key);
    if (entry === undefined) this.#models.set(key, (entry = [{ model: model.name, version: model.version }, new ModelStats()]));
    this.#known.set(model, entry[1]);
    return entry[1];
  }

  /** Forgets a version that is served no more. */
  forget(model: Pick<Servable, "name" | "version">): void {
    this.#known = new WeakMap();
    this.#models.delete(`${model.name}\0${model.version}`);
  }

  started(): void {
    this.inFlight++;
  }

  finished(call: Call, status: number): void {
    this.inFlight--;
    const seconds = (performance.now() - call.startedAt) / 1000;
    this.#route(call, status).observe(seconds);
    const code = call.errorCode;
    if (code !== undefined) this.errors.set(code, (this.errors.get(code) ?? 0) + 1);
    if (call.target === undefined || call.route?.action !== "predict") return;
    this.#count(this.of(call.target), call, status, seconds);
  }

  #route(call: Call, status: number): Histogram {
    const byStatus = call.route === undefined ? undefined : this.#byRoute.get(call.route);
    const known = byStatus?.get(status);
    if (known !== undefined) return known;
    const route = call.route?.path ?? "(none)";
    const method = call.route === undefined ? "(any)" : call.route.method;
    const key = `${method} ${route} ${status}`;
    let entry = this.routes.get(key);
    if (entry === undefined) this.routes.set(key, (entry = { labels: { method, route, status: String(status) }, histogram: new Histogram(LATENCY_BOUNDS) }));
    if (byStatus !== undefined) byStatus.set(status, entry.histogram);
    else if (call.route !== undefined) this.#byRoute.set(call.route, new Map([[status, entry.histogram]]));
    return entry.histogram;
  }

  #count(stats: ModelStats, call: Call, status: number, seconds: number): void {
    const { observation: seen } = call;
    const outcome = status < 400 ? stats.success : stats.failure;
    outcome.count++;
    outcome.ns += seconds * 1e9;
    if (seen === undefined) return;
    const { rows, decodeMs, queueMs, computeMs, batchRows } = seen;
    const serializeMs = Math.max(0, call.answeredAt - seen.doneAt);
    const by = stats.of(call.protocol ?? "other");
    by.request.observe(seconds);
    by.decode.observe(decodeMs / 1000);
    by.queue.observe(queueMs / 1000);
    by.compute.observe(computeMs / 1000);
    by.serialize.observe(serializeMs / 1000);
    by.rows.observe(rows);
    by.batchRows.observe(batchRows);
    stats.rowCount += rows;
    stats.executionCount += batchRows === 0 ? 1 : Math.min(1, rows / batchRows);
    stats.decodeNs += decodeMs * 1e6;
    stats.queueNs += queueMs * 1e6;
    stats.computeNs += computeMs * 1e6;
    stats.serializeNs += serializeMs * 1e6;
    stats.lastInferenceMs = Date.now();
  }
}
