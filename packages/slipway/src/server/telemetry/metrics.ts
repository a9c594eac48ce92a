// Prometheus text format 0.0.4, written from the telemetry's numbers and the process's own.

import { monitorEventLoopDelay } from "node:perf_hooks";
import type { ServerContext } from "../context.ts";
import type { Histogram } from "./telemetry.ts";

let lag: ReturnType<typeof monitorEventLoopDelay> | undefined;

export function renderMetrics(context: ServerContext): string {
  const { telemetry } = context;
  if (lag === undefined) {
    lag = monitorEventLoopDelay({ resolution: 10 });
    lag.enable();
  }
  const out = new Writer();
  out.family("slipway_http_request_duration_seconds", "histogram", "Time from a request's headers to the end of its answer.");
  for (const [key, h] of telemetry.routes) {
    const [method, route, status] = key.split(" ") as [string, string, string];
    out.histogram("slipway_http_request_duration_seconds", { method, route, status }, h);
  }
  out.family("slipway_http_requests_in_flight", "gauge", "Requests being answered.");
  out.sample("slipway_http_requests_in_flight", {}, telemetry.inFlight);
  out.family("slipway_errors_total", "counter", "Answers that were errors, by code.");
  for (const [code, count] of telemetry.errors) out.sample("slipway_errors_total", { code }, count);

  const models = context.models.all.map((m) => ({ labels: { model: m.name, version: m.version }, stats: telemetry.of(m) }));
  out.family("slipway_model_info", "gauge", "The models served; the digest names the package.");
  for (const m of context.models.all) out.sample("slipway_model_info", { model: m.name, version: m.version, digest: m.digest }, 1);
  out.family("slipway_prediction_rows_total", "counter", "Rows predicted.");
  for (const { labels, stats } of models) out.sample("slipway_prediction_rows_total", labels, stats.rowCount);
  out.family("slipway_predictions_total", "counter", "Prediction requests, by outcome.");
  for (const { labels, stats } of models) {
    out.sample("slipway_predictions_total", { ...labels, outcome: "success" }, stats.success.count);
    out.sample("slipway_predictions_total", { ...labels, outcome: "failure" }, stats.failure.count);
  }
  for (const [name, help, pick] of [
    ["slipway_prediction_duration_seconds", "Time of whole prediction requests.", "request"],
    ["slipway_compute_duration_seconds", "Time inside the engine for one request.", "compute"],
    ["slipway_prediction_rows", "Rows of one request.", "rows"],
  ] as const) {
    out.family(name, "histogram", help);
    for (const { labels, stats } of models) out.histogram(name, labels, stats[pick]);
  }
  const memory = process.memoryUsage();
  const cpu = process.cpuUsage();
  for (const [name, type, help, value] of [
    ["slipway_ready", "gauge", "1 while the server takes requests.", context.ready ? 1 : 0],
    ["process_cpu_seconds_total", "counter", "User and system time.", (cpu.user + cpu.system) / 1e6],
    ["process_resident_memory_bytes", "gauge", "Resident memory.", memory.rss],
    ["process_start_time_seconds", "gauge", "Start, since the epoch.", Math.round(context.startedAt) / 1000],
    ["nodejs_heap_used_bytes", "gauge", "JavaScript heap in use.", memory.heapUsed],
    ["nodejs_external_memory_bytes", "gauge", "Buffers outside the heap.", memory.external],
    ["nodejs_eventloop_lag_p99_seconds", "gauge", "99th percentile of the event loop's delay since the first scrape.", lag.percentile(99) / 1e9],
    ["nodejs_eventloop_lag_max_seconds", "gauge", "Longest delay of the event loop since the first scrape.", lag.max / 1e9],
  ] as const) {
    out.family(name, type, help);
    out.sample(name, {}, value);
  }
  return out.text;
}

class Writer {
  text = "";
  family(name: string, type: "counter" | "gauge" | "histogram", help: string): void {
    this.text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
  }
  sample(name: string, labels: Readonly<Record<string, string>>, value: number): void {
    const pairs = Object.entries(labels).map(([k, v]) => `${k}="${v.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n")}"`);
    this.text += `${name}${pairs.length > 0 ? `{${pairs.join(",")}}` : ""} ${Number.isFinite(value) ? value : "NaN"}\n`;
  }
  histogram(name: string, labels: Readonly<Record<string, string>>, h: Histogram): void {
    let below = 0;
    h.bounds.forEach((bound, i) => {
      below += h.counts[i]!;
      this.sample(`${name}_bucket`, { ...labels, le: String(bound) }, below);
    });
    this.sample(`${name}_bucket`, { ...labels, le: "+Inf" }, h.count);
    this.sample(`${name}_sum`, labels, h.sum);
    this.sample(`${name}_count`, labels, h.count);
  }
}
