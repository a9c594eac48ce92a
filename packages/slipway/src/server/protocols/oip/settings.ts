// Triton's trace and logging extensions (docs/protocol/extension_trace.md, extension_logging.md): what is set can be
// read; it is set when the server is started.

import type { ServerContext } from "../../context.ts";
import { serverError } from "../../errors.ts";
import { jsonAnswer, type Answer, type Call } from "../../http/call.ts";

export function traceSetting(context: ServerContext): Answer {
  return jsonAnswer(traceSettings(context));
}
export function traceSettings(context: ServerContext): Readonly<Record<string, string | readonly string[]>> {
  const on = context.exporter !== undefined;
  return { trace_level: [on ? "TIMESTAMPS" : "OFF"], trace_rate: String(on ? Math.max(1, Math.round(1 / Math.max(context.exporter!.ratio, 1e-9))) : 0), trace_count: "-1", log_frequency: "0", trace_file: "", trace_mode: "opentelemetry" };
}

export function logSetting(context: ServerContext): Answer {
  return jsonAnswer(logSettings(context));
}
export function logSettings({ log }: ServerContext): Readonly<Record<string, string | number | boolean>> {
  return { log_file: "", log_info: log.enabled("info"), log_warning: log.enabled("warn"), log_error: log.enabled("error"), log_verbose_level: log.enabled("debug") ? 1 : 0, log_format: "default" };
}

export function notSettable(call: Call): never {
  throw serverError("not-offered", `${call.path.slice(0, 200)} can be read and not set`, { hint: "Traces and logs are set when the server is started (--log-level, OTEL_EXPORTER_OTLP_ENDPOINT)." });
}
