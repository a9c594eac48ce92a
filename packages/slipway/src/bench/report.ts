// What `slipway bench` found, as text, as JSON, and as one HTML file with drawings.

import type { Capacity } from "./capacity.ts";
import { BUSY_LIMIT, type Measurement } from "./run-load.ts";
import type { LatencyHistogram } from "./latency-histogram.ts";

export interface Stage {
  readonly measurement: Measurement;
  /** Of the service, where it was started for this: processors' seconds a second, and bytes at the end. */
  readonly cpu?: number | undefined;
  readonly rss?: number | undefined;
}

export interface BenchReport {
  readonly model: string;
  readonly version: string;
  readonly url: string;
  readonly protocol: string;
  readonly rows: number;
  readonly durationMs: number;
  readonly arrivals: string;
  readonly stages: readonly Stage[];
  readonly capacity?: Capacity | undefined;
  readonly sentence?: string | undefined;
  readonly notes: readonly string[];
}

function stageJson({ measurement: m, cpu, rss }: Stage): object {
  return {
    ...(m.rate === undefined ? { loop: "closed", connections: m.connections } : { loop: "open", rate: m.rate, connections: m.connections }),
    asked: m.asked, goodput_rps: round(m.goodput), failed: m.failed, errors: m.errors, latency_ms: percentiles(m.good),
    ...(m.refused.count === 0 ? {} : { refusal_latency_ms: percentiles(m.refused) }),
    ...(m.rate === undefined ? {} : { lag_ms: percentiles(m.lag), waited_for_connection: m.waited }),
    load_generator_busy: round(m.busy), ...(cpu === undefined ? {} : { server_cpus: round(cpu) }), ...(rss === undefined ? {} : { server_memory_bytes: rss }),
  };
}
function percentiles(h: LatencyHistogram): object {
  const [p50, p90, p99, p999] = [0.5, 0.9, 0.99, 0.999].map((p) => round(h.percentile(p)));
  return { mean: round(h.mean), p50, p90, p99, p999, max: round(h.count === 0 ? NaN : h.max / 1000) };
}
function round(x: number): number | null {
  return Number.isNaN(x) ? null : Number(x.toPrecision(4));
}

export function reportJson(r: BenchReport): object {
  return {
    model: { name: r.model, version: r.version }, url: r.url, protocol: r.protocol, rows_per_request: r.rows, duration_ms: r.durationMs, arrivals: r.arrivals,
    stages: r.stages.map(stageJson),
    ...(r.capacity === undefined ? {} : { capacity: { rps: r.capacity.rps, replicas: r.capacity.replicas ?? null, explanation: r.sentence } }), notes: r.notes,
  };
}

const HEAD = ["load", "answered/s", "rows/s", "p50", "p90", "p99", "p99.9", "max ms", "failed", "cpus", "memory"] as const;

function cells({ measurement: m, cpu, rss }: Stage, rows: number): string[] {
  const ms = (p: number): string => shortMs(m.good.percentile(p));
  return [
    m.rate === undefined ? `${m.connections} connections` : `${Math.round(m.rate)} a second`, String(Math.round(m.goodput)), String(Math.round(m.goodput * rows)), ms(0.5), ms(0.9), ms(0.99), ms(0.999),
    m.good.count === 0 ? "-" : shortMs(m.good.max / 1000), String(m.failed), cpu === undefined ? "-" : cpu.toFixed(2), rss === undefined ? "-" : `${Math.round(rss / 2 ** 20)} MB`,
  ];
}
function shortMs(ms: number): string {
  return Number.isNaN(ms) ? "-" : ms < 10 ? ms.toFixed(2) : ms < 100 ? ms.toFixed(1) : String(Math.round(ms));
}

const BAR = 40;

export function reportText(r: BenchReport): string {
  const table = [[...HEAD], ...r.stages.map((s) => cells(s, r.rows))];
  const widths = HEAD.map((_, i) => Math.max(...table.map((line) => line[i]!.length)));
  const lines = [`${r.model} ${r.version} at ${r.url}, ${r.protocol}, ${r.rows} ${r.rows === 1 ? "row" : "rows"} a request, ${r.durationMs / 1000} s each${r.stages.some((s) => s.measurement.rate !== undefined) ? `, ${r.arrivals} arrivals, latency from when a request was due` : ""}`, ""];
  for (const line of table) lines.push(line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  "));
  for (const { measurement: m } of r.stages) {
    if (m.failed > 0) lines.push("", `failed at ${m.rate === undefined ? `${m.connections} connections` : `${Math.round(m.rate)} a second`}: ${Object.entries(m.errors).sort(([, a], [, b]) => b - a).map(([code, n]) => `${n} x ${code}`).join(", ")}${m.refused.count > 0 ? `; refusals answered in ${shortMs(m.refused.percentile(0.5))} ms (p99 ${shortMs(m.refused.percentile(0.99))})` : ""}`);
  }
  const best = r.stages.at(-1)?.measurement;
  if (best !== undefined && best.good.count > 0) {
    lines.push("", `latency of the last line, in milliseconds`);
    const bars = best.good.bars(2);
    const most = Math.max(...bars.map(([, n]) => n));
    for (const [end, n] of bars) lines.push(`  ${`<= ${shortMs(end)}`.padStart(10)}  ${"#".repeat(Math.round((n / most) * BAR)).padEnd(BAR)}  ${n}`);
  }
  for (const note of r.notes) lines.push("", `note: ${note}`);
  if (r.sentence !== undefined) lines.push("", r.sentence);
  return lines.join("\n");
}

/** What a reader must know to trust the figures. */
export function notesOn(stages: readonly Stage[], cpus: number): string[] {
  const notes: string[] = [];
  const busy = stages.filter((s) => s.measurement.busy > BUSY_LIMIT);
  if (busy.length > 0) notes.push(`the load generator itself was busy ${Math.round(Math.max(...busy.map((s) => s.measurement.busy)) * 100)} % of the time: the service may be able to do more than is shown. Give it more threads (--threads), or measure from another machine.`);
  if (stages.some((s) => s.measurement.rate !== undefined && s.measurement.waited > 0.01 * s.measurement.asked)) notes.push("requests that were due found all connections in use: the time they waited counts. Allow more with --connections where callers have more.");
  if (cpus < 3) notes.push(`the service and the load shared ${cpus} ${cpus === 1 ? "processor" : "processors"}.`);
  return notes;
}

const escape = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
const [WIDTH, HEIGHT, PAD] = [760, 260, 48];
const COLOURS = ["#1b6ca8", "#c4501b", "#2e8b57", "#8a4fbf", "#b8860b", "#555555", "#d0437c", "#0f8b8d"];

export function reportHtml(r: BenchReport): string {
  const stages = r.stages.filter((s) => s.measurement.good.count > 0);
  const rows = r.stages.map((s) => `<tr>${cells(s, r.rows).map((c) => `<td>${escape(c)}</td>`).join("")}</tr>`).join("\n");
  const errors = [...new Set(r.stages.flatMap((s) => Object.keys(s.measurement.errors)))];
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>${escape(r.model)}: slipway bench</title>
<style>body{font:15px/1.5 system-ui,sans-serif;max-width:860px;margin:2rem auto;padding:0 1rem;color:#222}table{border-collapse:collapse;font-variant-numeric:tabular-nums}td,th{padding:.2rem .7rem;text-align:right;border-bottom:1px solid #ddd}td:first-child,th:first-child{text-align:left}svg{width:100%;height:auto}svg text{font:11px system-ui,sans-serif;fill:#444}</style>
<h1>${escape(r.model)} ${escape(r.version)}</h1>
<p>${escape(r.url)}, ${escape(r.protocol)}, ${r.rows} ${r.rows === 1 ? "row" : "rows"} a request, ${r.durationMs / 1000} s each.</p>
${r.sentence === undefined ? "" : `<p><strong>${escape(r.sentence)}</strong></p>`}
<table><tr>${HEAD.map((h) => `<th>${h}</th>`).join("")}</tr>
${rows}</table>
<h2>Latency by percentile</h2>
${percentileDrawing(stages)}
<h2>How many took how long</h2>
${histogramDrawing(stages)}
${errors.length === 0 ? "" : `<h2>Failed</h2><table><tr><th>load</th>${errors.map((e) => `<th>${escape(e)}</th>`).join("")}</tr>${r.stages.map((s) => `<tr><td>${escape(cells(s, r.rows)[0]!)}</td>${errors.map((e) => `<td>${s.measurement.errors[e] ?? 0}</td>`).join("")}</tr>`).join("")}</table>`}
${r.notes.map((n) => `<p>${escape(n)}</p>`).join("\n")}
</html>
`;
}

/** Lower and upper end on a logarithmic axis of milliseconds. */
function range(stages: readonly Stage[]): readonly [number, number] {
  const ends = stages.flatMap(({ measurement: { good } }) => [good.percentile(0.001), good.max / 1000]).map((ms) => Math.max(ms, 0.001));
  return [10 ** Math.floor(Math.log10(Math.min(...ends))), 10 ** Math.ceil(Math.log10(Math.max(...ends) * 1.0001))];
}
function decades([low, high]: readonly [number, number]): number[] {
  return Array.from({ length: Math.round(Math.log10(high / low)) + 1 }, (_, i) => low * 10 ** i);
}
const part = (ms: number, [low, high]: readonly [number, number]): number => Math.log(Math.max(ms, low) / low) / Math.log(high / low);
const legend = (stages: readonly Stage[]): string => stages.map((s, i) => `<text x="${PAD + 8}" y="${PAD / 2 + 10 + 14 * i}" style="fill:${COLOURS[i % COLOURS.length]}">${escape(cells(s, 1)[0]!)}</text>`).join("");

/** Towards the right every nine is as wide as the one before it. */
function percentileDrawing(stages: readonly Stage[]): string {
  if (stages.length === 0) return "";
  const ends = range(stages);
  const nines = 4;
  const x = (p: number): number => PAD + ((WIDTH - 2 * PAD) * -Math.log10(1 - p)) / nines;
  const y = (ms: number): number => HEIGHT - PAD - (HEIGHT - 1.5 * PAD) * part(ms, ends);
  const grid = decades(ends).map((ms) => `<line x1="${PAD}" x2="${WIDTH - PAD}" y1="${y(ms)}" y2="${y(ms)}" stroke="#ddd"/><text x="4" y="${y(ms) + 4}">${Number(ms.toPrecision(2))} ms</text>`).join("");
  const marks = [0, 0.5, 0.9, 0.99, 0.999, 0.9999].map((p) => `<text x="${x(p) - 8}" y="${HEIGHT - PAD + 18}">${Number((p * 100).toFixed(2))} %</text>`).join("");
  const curves = stages.map(({ measurement: { good } }, i) => {
    const points = Array.from({ length: 81 }, (_, n) => 1 - 10 ** ((-n * nines) / 80)).filter((p) => p <= 1 - 1 / good.count || p === 0);
    return `<polyline fill="none" stroke="${COLOURS[i % COLOURS.length]}" stroke-width="1.8" points="${points.map((p) => `${x(p).toFixed(1)},${y(good.percentile(p)).toFixed(1)}`).join(" ")}"/>`;
  }).join("");
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Latency by percentile">${grid}${marks}${curves}${legend(stages)}</svg>`;
}

function histogramDrawing(stages: readonly Stage[]): string {
  if (stages.length === 0) return "";
  const ends = range(stages);
  const x = (ms: number): number => PAD + (WIDTH - 2 * PAD) * part(ms, ends);
  const marks = decades(ends).map((ms) => `<text x="${x(ms) - 8}" y="${HEIGHT - PAD + 18}">${Number(ms.toPrecision(2))} ms</text>`).join("");
  const curves = stages.map(({ measurement: { good } }, i) => {
    const bars = good.bars(8);
    const most = Math.max(...bars.map(([, n]) => n));
    const points = bars.map(([end, n]) => `${x(end / 1.045).toFixed(1)},${(HEIGHT - PAD - (HEIGHT - 1.5 * PAD) * (n / most)).toFixed(1)}`);
    return `<polyline fill="none" stroke="${COLOURS[i % COLOURS.length]}" stroke-width="1.8" points="${points.join(" ")}"/>`;
  }).join("");
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="How many took how long"><line x1="${PAD}" x2="${WIDTH - PAD}" y1="${HEIGHT - PAD}" y2="${HEIGHT - PAD}" stroke="#999"/>${marks}${curves}${legend(stages)}</svg>`;
}
