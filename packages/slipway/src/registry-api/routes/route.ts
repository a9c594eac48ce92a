// A route of /api/v1 with what the OpenAPI document says of it.

import type { Answer, Call, Route, RouteAbout } from "../../server/index.ts";

export const ROOT = "/api/v1";

type Json = Readonly<Record<string, unknown>>;

export interface About {
  readonly summary: string;
  /** Properties of the body; a name that ends in ? may be left out. */
  readonly body?: Readonly<Record<string, Json>>;
  readonly query?: Readonly<Record<string, Json>>;
  /** Properties of the answer, or its media type. */
  readonly answer?: Readonly<Record<string, Json>> | string;
}

export const TEXT: Json = { type: "string" };
export const COUNT: Json = { type: "integer", minimum: 0 };
export const VERSION: Json = { type: "integer", minimum: 1 };
export const FLAG: Json = { type: "boolean" };
export const OBJECT: Json = { type: "object" };
export const TIME: Json = { type: "string", format: "date-time" };
export const listOf = (items: Json): Json => ({ type: "array", items });
export const orNull = (schema: Json): Json => ({ anyOf: [schema, { type: "null" }] });

export function route(method: Route["method"], path: string, action: Route["action"], about: About, handle: (call: Call) => Answer | Promise<Answer>): Route {
  return { method, path: `${ROOT}${path}`, action, handle, about: aboutOf(path, about) };
}

export function aboutOf(path: string, { summary, body, query, answer }: About): RouteAbout {
  return {
    tag: `Registry: ${tagOf(path)}`, summary, ...(query === undefined ? {} : { query }),
    ...(body === undefined ? {} : { request: { "application/json": object(body) } }),
    response: typeof answer === "string" ? { [answer]: {} } : answer === undefined ? { "application/json": OBJECT } : { "application/json": object(answer) },
  };
}

function object(properties: Readonly<Record<string, Json>>): Json {
  const entries = Object.entries(properties);
  return { type: "object", properties: Object.fromEntries(entries.map(([name, schema]) => [name.replace(/\?$/, ""), schema])), required: entries.filter(([name]) => !name.endsWith("?")).map(([name]) => name) };
}

function tagOf(path: string): string {
  if (path.startsWith("/me") || path.startsWith("/keys") || path.startsWith("/api-keys")) return "people";
  if (path.startsWith("/requests") || path.endsWith("/requests")) return "approvals";
  if (path.startsWith("/rollouts") || path.endsWith("/rollouts") || path.endsWith("/rollback")) return "rollouts";
  if (path.startsWith("/retrains") || path.endsWith("/retrains")) return "trainings";
  if (path.startsWith("/audit")) return "audit";
  if (path.startsWith("/webhooks")) return "webhooks";
  if (path.startsWith("/schedules")) return "schedules";
  return "models";
}
