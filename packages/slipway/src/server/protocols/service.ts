// Liveness, readiness, metrics, the OpenAPI document and the try-it page. What is not needed for a prediction is
// imported when it is first asked for.

import type { Servable } from "../../runtime/index.ts";
import { allowModel, mayAsk } from "../auth/index.ts";
import type { ServerContext } from "../context.ts";
import { jsonAnswer, jsonText, type Answer, type Call } from "../http/call.ts";
import type { Protocol } from "../http/routing-table.ts";
import type { Family } from "../telemetry/family.ts";
import { pageError } from "../pages/key-page.ts";

export function serviceProtocol(context: ServerContext): Protocol {
  return {
    name: "service",
    error: pageError(context.options.basePath),
    routes: [
      { method: "GET", path: "/health/live", action: "open", handle: () => jsonAnswer({ status: "live" }) },
      { method: "GET", path: "/health/ready", action: "open", handle: () => jsonAnswer(
        { status: context.ready ? "ready" : "stopping", models: context.models.all.map((m) => ({ name: m.name, version: m.version })) }, context.ready ? 200 : 503) },
      { method: "GET", path: "/metrics", action: "observe", handle: metrics },
      { method: "GET", path: "/openapi.json", action: "read", handle: async (call) => jsonText(JSON.stringify((await import("../openapi/document.ts")).openApiDocument(context, context.models.all.filter((m) => mayAsk(call, m.name))))) },
      { method: "GET", path: "/", action: "read", handle: async (call) => (await import("../pages/try-page.ts")).tryPage(call, firstAllowed(call), context) },
      { method: "GET", path: "/assets/{file}", action: "open", handle: async (call) => (await import("../pages/assets.ts")).asset(call.params["file"]!) },
    ],
  };

  /** Without what is counted of models that the key is not for. */
  function allowedFamilies(call: Call, families: readonly Family[]): readonly Family[] {
    if (call.principal?.models === undefined) return families;
    return families.map((family) => ({ ...family, series: family.series.filter(({ labels }) => labels["model"] === undefined || mayAsk(call, labels["model"])) }));
  }
  /** A key for other models than the first gets its own first one. */
  function firstAllowed(call: Call): Servable {
    const { models } = context;
    const model = models.all.find((m) => mayAsk(call, m.name)) ?? models.first;
    allowModel(call, model.name);
    return model;
  }
  async function metrics(call: Call): Promise<Answer> {
    const [{ families }, { prometheusText }, { mergeFamilies }] = await Promise.all([import("../telemetry/families.ts"), import("../telemetry/prometheus.ts"), import("../cluster/merge-families.ts")]);
    return { headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" }, body: prometheusText(allowedFamilies(call, context.cluster === undefined ? families(context) : mergeFamilies(await context.cluster.families()))) };
  }
}
