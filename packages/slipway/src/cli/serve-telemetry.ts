// The options of `slipway serve` that say what is seen of it from outside. OpenTelemetry's own variables
// (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/) count where no option was given.

import type { ServeSettings } from "../config/index.ts";
import type { StartOptions } from "../server/index.ts";
import { usageError } from "./command.ts";

export function telemetryOptions(settings: ServeSettings, env: NodeJS.ProcessEnv = process.env): Pick<StartOptions, "requestLog" | "otlp"> {
  const { logSample, logRows, redact, metricsInterval } = settings;
  const endpoint = settings.otlp ?? env["OTEL_EXPORTER_OTLP_ENDPOINT"];
  return {
    requestLog: { sample: logSample, rows: logRows, redact },
    otlp: endpoint === undefined || endpoint === "" || env["OTEL_SDK_DISABLED"] === "true" ? undefined : {
      endpoint: address(endpoint), headers: pairs(env["OTEL_EXPORTER_OTLP_HEADERS"]), serviceName: env["OTEL_SERVICE_NAME"], resource: pairs(env["OTEL_RESOURCE_ATTRIBUTES"]),
      sampleRatio: settings.traceSample ?? ratio(env), metricsIntervalMs: metricsInterval,
    },
  };
}

function address(text: string): string {
  if (!/^https?:\/\/[^/]/.test(text)) throw usageError("bad-argument", `the collector's address is ${JSON.stringify(text)}`, { hint: "It looks like http://localhost:4318." });
  return text;
}

/** `a=1,b=2` with percent codes, as OpenTelemetry writes headers and attributes. */
function pairs(text: string | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries((text ?? "").split(",").flatMap((pair) => {
    const cut = pair.indexOf("=");
    if (cut < 1) return [];
    const value = pair.slice(cut + 1).trim();
    try {
      return [[pair.slice(0, cut).trim(), decodeURIComponent(value)]];
    } catch {
      return [[pair.slice(0, cut).trim(), value]];
    }
  }));
}

function ratio(env: NodeJS.ProcessEnv): number | undefined {
  const sampler = env["OTEL_TRACES_SAMPLER"] ?? "parentbased_always_on";
  if (sampler.endsWith("always_off")) return 0;
  const share = Number(env["OTEL_TRACES_SAMPLER_ARG"]);
  return sampler.endsWith("traceidratio") && share >= 0 && share <= 1 ? share : undefined;
}
