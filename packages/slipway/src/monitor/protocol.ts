// The monitor over HTTP: what is watched and how it stands.

import type { Actor } from "../audit/index.ts";
import { parseJson } from "../runtime/index.ts";
import { mayAsk, jsonAnswer, type Call, type Protocol, type Route } from "../server/index.ts";
import { listAlerts, undelivered } from "./alerts/alert-store.ts";
import { monitorError } from "./errors.ts";
import { modelView, overview } from "./views.ts";
import { changeReference, type ReferenceRequest } from "./change-reference.ts";
import { feedback } from "./feedback.ts";
import type { Monitor } from "./monitor.ts";

export const MONITOR_ROOT = "/api/v1/monitor";

const TEXT = { type: "string" } as const;
const FEEDBACK = { type: "object", properties: { prediction_id: TEXT, key: TEXT, model: TEXT, label: {}, labels: { type: "array" }, at: { type: "string", format: "date-time" } } } as const;
const OBJECT = { type: "object" } as const;

/** For `protocols` of the server's options. */
export function monitorProtocol(monitor: Monitor): () => Protocol {
  const shown = (call: Call): string => {
    const name = call.params["name"]!;
    if (!mayAsk(call, name)) throw monitorError("monitor-unknown", `nothing was counted of ${JSON.stringify(name.slice(0, 100))}`);
    return name;
  };
  const routes: Route[] = [
    {
      method: "GET", path: MONITOR_ROOT, action: "observe",
      about: { tag: "Monitoring", summary: "Every model that is watched, and its state", response: { "application/json": OBJECT } },
      handle: async (call) => jsonAnswer(await overview(monitor, (name) => mayAsk(call, name))),
    },
    {
      method: "GET", path: `${MONITOR_ROOT}/models/{name}`, action: "observe",
      about: {
        tag: "Monitoring", summary: "A model's traffic, latency, errors, drift by column, and accuracy over time", response: { "application/json": OBJECT },
        query: { version: { type: "string" }, hours: { type: "number" } },
      },
      handle: async (call) => jsonAnswer(await modelView(monitor, shown(call), { version: call.query.get("version") ?? undefined, hours: hoursOf(call) })),
    },
    {
      method: "POST", path: `${MONITOR_ROOT}/models/{name}/reference`, action: "operate",
      about: {
        tag: "Monitoring", summary: "Compare with what was counted from one time to another, in place of the package's profile; with neither, with the profile again", response: { "application/json": OBJECT },
        request: { "application/json": { type: "object", properties: { from: TEXT, to: TEXT, version: TEXT } } },
      },
      handle: async (call) => jsonAnswer(await changeReference(monitor, shown(call), periodIn(call), actorOf(call))),
    },
    {
      method: "GET", path: `${MONITOR_ROOT}/alerts`, action: "observe",
      about: { tag: "Monitoring", summary: "What is the matter with the watched models, and what was lately", response: { "application/json": OBJECT }, query: { model: TEXT } },
      handle: async (call) => {
        await monitor.refresh();
        const { database } = await monitor.store();
        return jsonAnswer({ alerts: (await listAlerts(database, call.query.get("model") ?? undefined)).filter((a) => mayAsk(call, a.model)), undelivered: await undelivered(database) });
      },
    },
    ...["/feedback", `${MONITOR_ROOT}/feedback`].map((path): Route => ({
      method: "POST", path, action: "feedback",
      about: {
        tag: "Monitoring", summary: "What turned out to be true, by prediction_id or business key: one label or many, late, again or corrected",
        request: { "application/json": FEEDBACK, "application/jsonlines": FEEDBACK, "text/csv": { type: "string" } }, response: { "application/json": OBJECT },
      },
      handle: async (call) => jsonAnswer(await feedback(monitor, call)),
    })),
    {
      method: "POST", path: `${MONITOR_ROOT}/erase`, action: "operate",
      about: { tag: "Monitoring", summary: "Forget everything of a business key: predictions, labels, lines of the prediction log", request: { "application/json": { type: "object", properties: { key: TEXT }, required: ["key"] } }, response: { "application/json": OBJECT } },
      handle: async (call) => jsonAnswer(await monitor.erase(keyIn(call))),
    },
  ];
  return () => ({ name: "monitor", prefixes: [MONITOR_ROOT], routes });
}

/** Where a server lets everybody do this, nobody is named. */
function actorOf({ principal }: Call): Actor {
  if (principal === undefined || principal.kind === "anonymous") return { name: "anonymous", roles: principal?.roles ?? [], groups: [], how: "local" };
  return { name: principal.person, roles: principal.roles, groups: principal.groups, how: principal.kind };
}

/** Undefined where the body is no JSON object. */
function objectIn(call: Call): Readonly<Record<string, unknown>> | undefined {
  let body: unknown;
  try {
    body = parseJson(call.body.toString());
  } catch {
    return undefined;
  }
  return typeof body === "object" && body !== null && !Array.isArray(body) ? { ...body } : undefined;
}
/** Nothing is passed over: a period that is misspelt would give the package's profile back. @throws monitor-reference */
function periodIn(call: Call): ReferenceRequest {
  const body = objectIn(call);
  if (body === undefined) throw monitorError("monitor-reference", "the body is no JSON object", { hint: PERIOD });
  const odd = Object.entries(body).find(([name, value]) => !["from", "to", "version"].includes(name) || typeof value !== "string");
  if (odd !== undefined) throw monitorError("monitor-reference", `${JSON.stringify(odd[0].slice(0, 100))} is ${["from", "to", "version"].includes(odd[0]) ? "no text" : "nothing that a reference has"}`, { hint: PERIOD });
  return body;
}
/** @throws feedback-invalid */
function keyIn(call: Call): string {
  const key = objectIn(call)?.["key"];
  if (typeof key !== "string" || key === "") throw monitorError("feedback-invalid", 'the body is not {"key": "..."}');
  return key;
}

const PERIOD = 'It is {"from": "2026-03-02T00:00:00Z", "to": "2026-03-09T00:00:00Z"}, either of which may be left out, with "version" where it is not the latest; {} takes the package\'s profile again.';
const MOST_HOURS = 24 * 366;

function hoursOf(call: Call): number {
  const hours = Number(call.query.get("hours") ?? 24);
  return hours > 0 && hours <= MOST_HOURS ? hours : 24;
}
