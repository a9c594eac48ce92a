// Everything that is measured, as families. Series are bounded: routes are patterns, errors are codes, models are those
// that are served, protocols are those of the table.

import { monitorEventLoopDelay } from "node:perf_hooks";
import type { ServerContext } from "../context.ts";
import { family, type Family, type Labels } from "./family.ts";
import type { Histogram } from "./histogram.ts";
import type { ModelStats, ProtocolStats } from "./telemetry.ts";

let lag: ReturnType<typeof monitorEventLoopDelay> | undefined;

const BY_PROTOCOL: readonly (readonly [name: string, help: string, pick: keyof ProtocolStats])[] = [
  ["slipway_prediction_duration_seconds", "Time of whole prediction requests.", "request"],
  ["slipway_decode_duration_seconds", "Time to check a request's rows and bring them into the engine's form.", "decode"],
  ["slipway_queue_duration_seconds", "Time in the model's queue.", "queue"],
  ["slipway_compute_duration_seconds", "Time inside the engine for one request.", "compute"],
  ["slipway_serialization_duration_seconds", "Time to write the answer.", "serialize"],
  ["slipway_prediction_rows", "Rows of one request.", "rows"],
  ["slipway_batch_rows", "Rows of the engine call that a request was part of.", "batchRows"],
];

export function families(context: ServerContext): readonly Family[] {
  const { telemetry } = context;
  const served = context.models.loaded;
  const stats = telemetry.models;
  const perModel = (pick: (s: ModelStats) => number): [Labels, number][] => stats.map(([labels, s]) => [labels, pick(s)]);
  return [
    family("histogram", "slipway_http_request_duration_seconds", "Time from a request's headers to the end of its answer.", [...telemetry.routes.values()].map((r) => [r.labels, r.histogram])),
    family("gauge", "slipway_http_requests_in_flight", "Requests being answered.", [[{}, telemetry.inFlight]]),
    family("counter", "slipway_errors_total", "Answers that were errors, by code.", [...telemetry.errors].map(([code, count]) => [{ code }, count])),
    family("gauge", "slipway_model_info", "The models served; the digest names the package.", served.map((m) => [{ model: m.name, version: m.version, digest: m.digest }, 1])),
    family("counter", "slipway_prediction_rows_total", "Rows predicted.", perModel((s) => s.rowCount)),
    family("counter", "slipway_predictions_total", "Prediction requests, by outcome.", stats.flatMap(([labels, s]): [Labels, number][] => [
      [{ ...labels, outcome: "success" }, s.success.count], [{ ...labels, outcome: "failure" }, s.failure.count]])),
    family("gauge", "slipway_queue_requests", "Requests waiting for the engine.", served.map((m) => [{ model: m.name, version: m.version }, m.load?.requests ?? 0])),
    family("gauge", "slipway_queue_rows", "Rows waiting for the engine.", served.map((m) => [{ model: m.name, version: m.version }, m.load?.rows ?? 0])),
    ...BY_PROTOCOL.map(([name, help, pick]) => family("histogram", name, help,
      stats.flatMap(([labels, s]) => [...s.protocols].map(([protocol, p]): [Labels, Histogram] => [{ ...labels, protocol }, p[pick]])))),
    ...telemetry.sources.flatMap((source) => source()),
    ...processFamilies(context),
  ];
}

function processFamilies(context: ServerContext): Family[] {
  if (lag === undefined) {
    lag = monitorEventLoopDelay({ resolution: 10 });
    lag.enable();
  }
  const memory = process.memoryUsage();
  const cpu = process.cpuUsage();
  return ([
    ["gauge", "slipway_ready", "1 while the server takes requests.", context.ready ? 1 : 0],
    ["gauge", "slipway_processes", "Processes that serve together.", 1],
    ["counter", "process_cpu_seconds_total", "User and system time.", (cpu.user + cpu.system) / 1e6],
    ["gauge", "process_resident_memory_bytes", "Resident memory.", memory.rss],
    ["gauge", "process_start_time_seconds", "Start, since the epoch.", Math.round(context.startedAt) / 1000],
    ["gauge", "nodejs_heap_used_bytes", "JavaScript heap in use.", memory.heapUsed],
    ["gauge", "nodejs_external_memory_bytes", "Buffers outside the heap.", memory.external],
    ["gauge", "nodejs_eventloop_lag_p99_seconds", "99th percentile of the event loop's delay since the first scrape.", lag.percentile(99) / 1e9],
    ["gauge", "nodejs_eventloop_lag_max_seconds", "Longest delay of the event loop since the first scrape.", lag.max / 1e9],
  ] as const).map(([type, name, help, value]) => family(type, name, help, [[{}, value]]));
}
