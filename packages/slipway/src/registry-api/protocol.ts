// /api/v1: the registry over HTTP, as routes of the server's own table.

import type { Protocol, ServerContext } from "../server/index.ts";
import { apiKeyRoutes } from "./routes/api-keys.ts";
import { auditRoutes } from "./routes/audit.ts";
import { gateRoutes } from "./routes/gate.ts";
import { meRoutes } from "./routes/me.ts";
import { modelRoutes } from "./routes/models.ts";
import { retrainRoutes } from "./routes/retrains.ts";
import { rolloutRoutes } from "./routes/rollouts.ts";
import { requestRoutes } from "./routes/requests.ts";
import { ROOT } from "./routes/route.ts";
import { scheduleRoutes } from "./routes/schedules.ts";
import { versionRoutes } from "./routes/versions.ts";
import { webhookRoutes } from "./routes/webhooks.ts";
import type { RegistryServices } from "./services.ts";

/** For `protocols` of the server's options. */
export function registryProtocol(services: RegistryServices): (context: ServerContext) => Protocol {
  const routes = [meRoutes, modelRoutes, versionRoutes, gateRoutes, requestRoutes, rolloutRoutes, retrainRoutes, scheduleRoutes, auditRoutes, webhookRoutes, apiKeyRoutes].flatMap((make) => make(services));
  return () => ({ name: "registry", prefixes: [ROOT], routes });
}
