// Liveness, readiness, metrics, the OpenAPI document and the try-it page. What is not needed for a prediction is
// imported when it is first asked for.

import type { FastifyInstance } from "fastify";
import type { ServerContext } from "./context.ts";
import type { Telemetry } from "./telemetry/telemetry.ts";

export function registerHealth(app: FastifyInstance, context: ServerContext, telemetry: Telemetry): void {
  app.get("/health/live", () => ({ status: "live" }));
  app.get("/health/ready", (_request, reply) => {
    if (!context.ready) reply.code(503);
    return { status: context.ready ? "ready" : "stopping", models: context.models.all.map((m) => ({ name: m.name, version: m.version })) };
  });
  app.get("/metrics", async (_request, reply) => {
    const { renderMetrics } = await import("./telemetry/metrics.ts");
    return reply.type("text/plain; version=0.0.4; charset=utf-8").send(renderMetrics(telemetry, context));
  });
  app.get("/openapi.json", async (_request, reply) => {
    const { openApiDocument } = await import("./openapi.ts");
    return reply.type("application/json; charset=utf-8").send(JSON.stringify(openApiDocument(context)));
  });
  app.get("/", (_request, reply) => context.page(context.models.first, reply));
  app.get<{ Params: { file: string } }>("/assets/:file", async (request, reply) => (await import("./pages/assets.ts")).sendAsset(request.params.file, reply));
}
