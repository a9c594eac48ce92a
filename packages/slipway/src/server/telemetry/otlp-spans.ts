// Spans in OTLP's JSON encoding (opentelemetry/proto/trace/v1/trace.proto), and those of one request: itself, and inside
// it decoding, queue, engine and writing. Attribute names after OpenTelemetry's semantic conventions for HTTP.

import type { Call } from "../http/call.ts";
import { newSpanId } from "./trace-context.ts";

export type AttributeValue = string | number | boolean;

export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | undefined;
  readonly state?: string | undefined;
  readonly name: string;
  readonly kind: "internal" | "server";
  /** Milliseconds of performance.now(). */
  readonly start: number;
  readonly end: number;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly error?: string | undefined;
}

const KIND = { internal: 1, server: 2 } as const;

export function otlpSpan(span: Span): object {
  return {
    traceId: span.traceId, spanId: span.spanId, ...(span.parentId === undefined ? {} : { parentSpanId: span.parentId }), ...(span.state === undefined ? {} : { traceState: span.state }),
    name: span.name, kind: KIND[span.kind], startTimeUnixNano: nanos(span.start), endTimeUnixNano: nanos(span.end),
    attributes: otlpAttributes(span.attributes), status: span.error === undefined ? {} : { code: 2, message: span.error },
  };
}

export function otlpAttributes(attributes: Readonly<Record<string, AttributeValue>>): object[] {
  return Object.entries(attributes).map(([key, value]) => ({
    key, value: typeof value === "string" ? { stringValue: value } : typeof value === "boolean" ? { boolValue: value } : Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value } }));
}

/** 64-bit integers are texts in OTLP's JSON. */
function nanos(ms: number): string {
  const at = performance.timeOrigin + ms;
  const whole = Math.floor(at);
  return String(BigInt(whole) * 1_000_000n + BigInt(Math.round((at - whole) * 1e6)));
}

/** A request's spans, once it is answered. */
export function requestSpans(call: Call, status: number): readonly Span[] {
  const { trace, route, observation: seen } = call;
  if (trace === undefined || !trace.sampled) return [];
  const { traceId, spanId } = trace;
  const end = performance.now();
  const server: Span = {
    traceId, spanId, parentId: trace.parentId, state: trace.state, kind: "server", start: call.startedAt, end,
    name: `${call.method} ${route?.path ?? call.path.slice(0, 100)}`,
    attributes: {
      "http.request.method": call.method, "url.path": call.path.slice(0, 500), "url.scheme": call.secure ? "https" : "http", "http.response.status_code": status,
      ...(route === undefined ? {} : { "http.route": route.path }), ...(call.remote === undefined ? {} : { "client.address": call.remote }), ...(call.errorCode === undefined ? {} : { "error.type": call.errorCode }),
      "slipway.request_id": call.id, ...(call.protocol === undefined ? {} : { "slipway.protocol": call.protocol }),
      ...(seen === undefined ? {} : { "slipway.model": seen.model.name, "slipway.version": seen.model.version, "slipway.rows": seen.rows, "slipway.batch_rows": seen.batchRows }),
    },
    // Only the server's own faults are errors of a server span.
    ...(status >= 500 ? { error: call.errorCode ?? String(status) } : {}),
  };
  if (seen === undefined) return [server];
  const part = (name: string, start: number, ms: number): Span => ({ traceId, spanId: newSpanId(), parentId: spanId, kind: "internal", name, start, end: start + ms, attributes: {} });
  const { doneAt, decodeMs, queueMs, computeMs } = seen;
  const computed = doneAt - computeMs;
  return [server, part("decode", Math.max(call.startedAt, computed - queueMs - decodeMs), decodeMs), part("queue", computed - queueMs, queueMs), part("compute", computed, computeMs), part("serialize", doneAt, Math.max(0, call.answeredAt - doneAt))];
}
