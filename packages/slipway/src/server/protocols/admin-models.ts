// Slipway's own routes to see and change which models are served:
//   GET    /admin/models                          every version with its state
//   POST   /admin/models/sync                     look at the folder of models now
//   POST   /admin/models/NAME/load                body as Triton's, or empty
//   POST   /admin/models/NAME/reload              read again from where it came, and swap
//   POST   /admin/models/NAME/unload[?version=V]
//   PUT    /admin/models/NAME/aliases/ALIAS       {"version": "1.2.0"}; DELETE takes it away
//   PUT    /admin/models/NAME/traffic             weights, stickiness, shadow; GET shows them with what came of them

import { parseJson } from "../../runtime/index.ts";
import { bodyText } from "../body.ts";
import type { ServerContext } from "../context.ts";
import { serverError } from "../errors.ts";
import { jsonAnswer, type Answer, type Call } from "../http/call.ts";
import type { Protocol, Route } from "../http/routing-table.ts";
import { changeModels, loadByRequest } from "../models/change.ts";
import { trafficRoutes } from "../traffic/traffic-routes.ts";

const ALIAS = /^[A-Za-z][A-Za-z0-9._-]{0,63}$/;

export function adminModelsProtocol(context: ServerContext): Protocol {
  const { models, repository } = context;
  const change = (method: Route["method"], path: string, handle: (call: Call) => Promise<void> | void): Route => ({
    method, path, action: "operate",
    handle: async (call) => {
      changeModels(call);
      await handle(call);
      return listed(call.params["name"]);
    },
  });
  const listed = (name?: string): Answer => jsonAnswer({ models: models.list.filter((v) => name === undefined || v.name === name).map((v) => ({ ...v, on_demand: v.onDemand, onDemand: undefined })) });
  return {
    name: "admin-models",
    prefixes: ["/admin/models"],
    routes: [
      { method: "GET", path: "/admin/models", action: "operate", handle: () => listed() },
      { method: "POST", path: "/admin/models/sync", action: "operate", handle: async (call) => {
        changeModels(call);
        const { notes, failed } = await repository.sync();
        return jsonAnswer({ ...JSON.parse(listed().body as string) as object, notes, failed });
      } },
      change("POST", "/admin/models/{name}/load", (call) => loadByRequest(context, call.params["name"]!, bodyText(call.body, ""))),
      change("POST", "/admin/models/{name}/reload", (call) => repository.reload(call.params["name"]!)),
      change("POST", "/admin/models/{name}/unload", (call) => repository.unload(call.params["name"]!, call.query.get("version") ?? undefined)),
      ...trafficRoutes(context),
      change("PUT", "/admin/models/{name}/aliases/{alias}", (call) => {
        const alias = call.params["alias"]!;
        const entry = models.entryOf(call.params["name"]!);
        if (!ALIAS.test(alias) || entry.versions.has(alias)) throw serverError("load-invalid", `${JSON.stringify(alias.slice(0, 100))} cannot be an alias`, { hint: "Begin with a letter; letters, digits, '.', '_' and '-'. A version's own name cannot be one." });
        entry.aliases.set(alias, entry.resolve(text(call, "version")).version);
      }),
      change("DELETE", "/admin/models/{name}/aliases/{alias}", (call) => {
        if (!models.entryOf(call.params["name"]!).aliases.delete(call.params["alias"]!)) throw serverError("model-unknown", `there is no alias ${JSON.stringify(call.params["alias"]!.slice(0, 100))}`);
      }),
    ],
  };
}

function text(call: Call, key: string): string {
  const body: unknown = parseJson(bodyText(call.body, ""));
  const value = typeof body === "object" && body !== null ? (body as Record<string, unknown>)[key] : undefined;
  if (typeof value !== "string") throw serverError("load-invalid", `the body has no ${key}`, { hint: `Send {"${key}": "..."}.` });
  return value;
}
