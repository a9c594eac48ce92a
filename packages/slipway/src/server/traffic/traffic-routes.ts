// GET, PUT and DELETE /admin/models/NAME/traffic: the same keys as under `models.NAME.traffic` of the configuration file.

import { MODEL_SETTINGS, readSection, withDefaults } from "../../config/index.ts";
import { parseJson } from "../../runtime/index.ts";
import { bodyText } from "../body.ts";
import type { ServerContext } from "../context.ts";
import { serverError } from "../errors.ts";
import { jsonAnswer, type Answer, type Call } from "../http/call.ts";
import type { Route } from "../http/routing-table.ts";
import { changeModels } from "../models/change.ts";
import type { ModelEntry } from "../models/model-entry.ts";
import type { TrafficSettings } from "./traffic.ts";

export function trafficRoutes(context: ServerContext): readonly Route[] {
  const path = "/admin/models/{name}/traffic";
  const entryOf = (call: Call): ModelEntry => context.models.entryOf(call.params["name"]!);
  return [
    { method: "GET", path, action: "operate", handle: (call) => told(entryOf(call)) },
    { method: "PUT", path, action: "operate", handle: (call) => {
      changeModels(call);
      const entry = entryOf(call);
      entry.setTraffic(readTraffic(parseJson(bodyText(call.body, "")), entry));
      return told(entry);
    } },
    { method: "DELETE", path, action: "operate", handle: (call) => {
      changeModels(call);
      entryOf(call).setTraffic(undefined);
      return told(entryOf(call));
    } },
  ];
}

function told({ name, traffic }: ModelEntry): Answer {
  const requests: Record<string, Record<string, number>> = {};
  for (const [key, count] of traffic?.counts ?? []) {
    const [version, by] = key.split("\0") as [string, string];
    (requests[version] ??= {})[by] = count;
  }
  return jsonAnswer({ model: name, traffic: traffic?.settings ?? null, requests, ...(traffic?.settings.shadow === undefined ? {} : { shadow: traffic.shadowReport }) });
}

/** @throws SlipwayError config-key-unknown, config-value-invalid, config-value-missing, traffic-invalid, model-unknown */
function readTraffic(json: unknown, entry: ModelEntry): TrafficSettings {
  const { fields } = MODEL_SETTINGS.traffic;
  const locate = (keys: readonly string[]): string => (keys.length === 0 ? "the body" : keys.join("."));
  const settings = withDefaults(fields, readSection(fields, json, locate, [], true), locate) as TrafficSettings;
  for (const version of [...(settings.split ?? []).map((p) => p.version), ...(settings.shadow === undefined ? [] : [settings.shadow])]) entry.resolve(version);
  if (settings.split === undefined && settings.shadow === undefined && settings.overrideHeader === undefined) throw serverError("traffic-invalid", "the traffic says nothing: it has no split, no shadow and no override header");
  return settings;
}
