// The settings of `slipway serve` that say what is seen of it from outside.

const settings = {
  logSample: { type: "number", min: 0, max: 1, default: 1, value: "SHARE", help: "share of good requests that are logged, from 0 to 1; failed ones always are" },
  logRows: { type: "count", min: 0, max: 100, value: "N", help: "rows of each logged request that are written into its line; none by default" },
  redact: { type: "texts", value: "COLUMN", help: "a column whose values are never logged" },
  otlp: { type: "text", value: "URL", help: "send traces and metrics to this OpenTelemetry collector over HTTP; OTEL_EXPORTER_OTLP_ENDPOINT does the same" },
  traceSample: { type: "number", min: 0, max: 1, value: "SHARE", help: "share of traces that are kept where the caller has not decided; OTEL_TRACES_SAMPLER_ARG, else 1" },
  metricsInterval: { type: "duration", min: 0, max: 3_600_000, default: 60_000, value: "TIME", help: "how often metrics are sent over OTLP; 0 for never" },
} as const;

export const TELEMETRY_SETTINGS: typeof settings = settings;
