// One line for every request, or for a share of them; errors always. Rows and answers only where they were asked for,
// bounded, and with the columns that were named struck out.

import type { ModelInput, Servable } from "../../runtime/index.ts";
import type { Call } from "../http/call.ts";
import { timestamp, type Logger } from "./log.ts";

export interface RequestLogOptions {
  /** Share of good requests that are logged; 1 by default. Requests of one id are all logged or none. */
  readonly sample?: number | undefined;
  /** Rows of each request that are logged; none by default. */
  readonly rows?: number | undefined;
  /** Columns whose values are never logged. */
  readonly redact?: readonly string[] | undefined;
}

const QUIET = /^\/(?:health|metrics|v2\/health|ping)/;
const STRUCK = "[redacted]";
const MAX_TEXT = 200;
const MAX_COLUMNS = 200;

export function requestLog(log: Logger, call: Call, status: number, options: RequestLogOptions = {}): void {
  const level = status >= 500 ? "error" : QUIET.test(call.path) ? "debug" : "info";
  if (!log.enabled(level)) return;
  if (status < 400 && options.sample !== undefined && options.sample < 1 && shareOf(call.id) >= options.sample) return;
  const { observation: seen, errorCode: code, principal, trace } = call;
  const wanted = options.rows ?? 0;
  // Written by hand, as it is written for every request: JSON.stringify of an object of these fields takes three times as long.
  // An id is of characters that stand for themselves (requestId); a method of HTTP/2 may be anything.
  let text = `{"level":"${level}","time":"${timestamp()}","msg":"request","request_id":"${call.id}"`;
  if (trace !== undefined) text += `,"trace_id":"${trace.traceId}"`;
  text += askedJson(call.method, call.path, status) + hundredths(performance.now() - call.startedAt);
  if (principal !== undefined && principal.kind !== "anonymous") text += `,"who":${JSON.stringify(principal.id)}`;
  if (seen !== undefined) {
    text += `${modelJson(seen.model)},"rows":${seen.rows},"compute_ms":${hundredths(seen.computeMs)}`;
    if (wanted > 0 && seen.input !== undefined) text += `,"input":${JSON.stringify(rowsOf(seen.input, seen.model.signature.columns.map((c) => c.name), wanted, new Set(options.redact)).map((row, i) => (seen.withheld?.has(i) === true ? STRUCK : row)))}`;
  }
  if (code !== undefined) text += `,"code":${JSON.stringify(code)}`;
  log.line(`${text}}\n`);
}

/** A number from 0 to 1 that is the same for the same id. */
export function shareOf(id: string): number {
  let hash = 2166136261;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 16777619);
  // FNV's low bits are good and its high bits are not.
  hash ^= hash >>> 15;
  return (Math.imul(hash, 0x2c1b3c6d) >>> 0) / 2 ** 32;
}

/** The first rows as objects, by column. */
export function rowsOf(input: ModelInput, columns: readonly string[], count: number, redact: ReadonlySet<string>): readonly unknown[] {
  const strike = (name: string, value: unknown): unknown => (redact.has(name) ? STRUCK : short(value));
  switch (input.kind) {
    case "batch": return rowsOf(input.sent(), columns, count, redact);
    case "records": return input.records.slice(0, count).map((record) => (typeof record === "object" && record !== null ? Object.fromEntries(Object.entries(record).slice(0, MAX_COLUMNS).map(([name, value]) => [name, strike(name, value)])) : short(record)));
    case "rows": return input.rows.slice(0, count).map((row) => (Array.isArray(row) ? Object.fromEntries(row.slice(0, MAX_COLUMNS).map((value: unknown, i) => [columns[i] ?? String(i), strike(columns[i] ?? String(i), value)])) : short(row)));
    case "columns": {
      const names = Object.keys(input.columns).slice(0, MAX_COLUMNS);
      const length = Math.min(count, ...names.map((name) => input.columns[name]!.length));
      return Array.from({ length: Number.isFinite(length) ? length : 0 }, (_, i) => Object.fromEntries(names.map((name) => [name, strike(name, input.columns[name]![i])])));
    }
    case "texts": return input.texts.slice(0, count).map((text) => strike(columns[0] ?? "text", text));
    // Tensors are large and say nothing to a reader: their shapes do.
    case "tensors": return Object.entries(input.tensors).slice(0, MAX_COLUMNS).map(([name, tensor]) => ({ name, shape: tensor.shape }));
  }
}

function short(value: unknown): unknown {
  if (typeof value === "string") return value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}...` : value;
  if (typeof value === "bigint") return String(value);
  if (typeof value === "object" && value !== null) return Array.isArray(value) || value instanceof Float64Array ? `[${value.length} values]` : "{...}";
  return value;
}

const models = new WeakMap<Servable, string>();
function modelJson(model: Servable): string {
  let json = models.get(model);
  if (json === undefined) models.set(model, (json = `,"model":${JSON.stringify(model.name)},"version":${JSON.stringify(model.version)}`));
  return json;
}

/** Clients ask the same again and again. */
const last = { method: "", path: "", status: 0, json: "" };
function askedJson(method: string, path: string, status: number): string {
  if (method !== last.method || path !== last.path || status !== last.status) {
    Object.assign(last, { method, path, status, json: `,"method":${JSON.stringify(method)},"path":${JSON.stringify(path.slice(0, 300))},"status":${status},"ms":` });
  }
  return last.json;
}

/** A number of milliseconds in whole hundredths: as text it costs a tenth of what a fraction does. */
export function hundredths(ms: number): string {
  const all = Math.round(ms * 100);
  const rest = all % 100;
  const whole = (all - rest) / 100;
  return rest === 0 ? `${whole}` : `${whole}.${rest < 10 ? "0" : ""}${rest % 10 === 0 ? rest / 10 : rest}`;
}
