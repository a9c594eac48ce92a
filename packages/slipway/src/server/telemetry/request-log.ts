// One line for every request.

import type { Call } from "../http/call.ts";
import type { Logger } from "./log.ts";

const QUIET = /^\/(?:health|metrics|v2\/health|ping)/;

export function requestLog(log: Logger, call: Call, status: number): void {
  const level = status >= 500 ? "error" : QUIET.test(call.path) ? "debug" : "info";
  if (!log.enabled(level)) return;
  const { observation: seen, errorCode: code } = call;
  log.write(level, "request", {
    request_id: call.id,
    method: call.method, path: call.path.slice(0, 300), status,
    ms: Math.round((performance.now() - call.startedAt) * 100) / 100,
    ...(seen === undefined ? {} : { model: seen.model.name, version: seen.model.version, rows: seen.rows, compute_ms: Math.round(seen.computeMs * 100) / 100 }),
    ...(code === undefined ? {} : { code }),
  });
}
