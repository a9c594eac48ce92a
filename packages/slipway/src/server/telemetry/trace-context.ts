// W3C Trace Context, level 1: https://www.w3.org/TR/trace-context/ (traceparent; tracestate is handed on as it is).

import { randomBytes } from "node:crypto";

export interface TraceContext {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits: this request's own span. */
  readonly spanId: string;
  /** The caller's span. */
  readonly parentId: string | undefined;
  readonly sampled: boolean;
  readonly state: string | undefined;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** `ratio`: share of traces that are kept where the caller has not decided. A caller's decision is kept. */
export function traceContext(traceparent: string | undefined, tracestate: string | undefined, ratio: number): TraceContext {
  const match = traceparent === undefined ? null : TRACEPARENT.exec(traceparent.trim());
  const spanId = newSpanId();
  if (match !== null) {
    const [, version, traceId, parentId, flags, more] = match as unknown as [string, string, string, string, string, string | undefined];
    const valid = version !== "ff" && !/^0+$/.test(traceId) && !/^0+$/.test(parentId) && (version !== "00" || more === undefined);
    if (valid) return { traceId, spanId, parentId, sampled: (Number.parseInt(flags, 16) & 1) === 1, state: tracestate?.slice(0, 512) };
  }
  const id = randomBytes(16);
  // The trace id's own randomness decides, as OpenTelemetry's TraceIdRatioBased does: services that see the same id agree.
  const sampled = ratio >= 1 || id.readUInt32BE(12) / 2 ** 32 < ratio;
  return { traceId: id.toString("hex"), spanId, parentId: undefined, sampled, state: undefined };
}

export function newSpanId(): string {
  return randomBytes(8).toString("hex");
}

export function traceparentOf(context: TraceContext): string {
  return `00-${context.traceId}-${context.spanId}-${context.sampled ? "01" : "00"}`;
}
