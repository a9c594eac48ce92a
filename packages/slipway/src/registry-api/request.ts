// What a request to /api/v1 brings: who acts, the body as an object, numbers of the query.

import type { Actor } from "../audit/index.ts";
import { parseJson } from "../runtime/index.ts";
import { authError, bodyText, type Call } from "../server/index.ts";
import { apiError } from "./errors.ts";

const MAX_JSON = 2 ** 20;

/** @throws credentials-missing: nobody in particular does nothing here */
export function actorOf(call: Call): Actor {
  const { principal } = call;
  if (principal === undefined || principal.kind === "anonymous") throw authError("credentials-missing", "this is somebody's act: it needs a key or a token", { hint: "Send it as `Authorization: Bearer ...`." });
  return { name: principal.person, roles: principal.roles, groups: principal.groups, how: principal.kind };
}

/** @throws body-invalid */
export function bodyOf(call: Call, limit: number = MAX_JSON): Readonly<Record<string, unknown>> {
  if (call.body.length > limit) throw apiError("body-invalid", `the body has ${call.body.length} bytes; at most ${limit} are taken here`);
  if (call.body.length === 0) return {};
  let value: unknown;
  try {
    value = parseJson(bodyText(call.body, call.header("content-type") ?? ""));
  } catch (cause) {
    throw apiError("body-invalid", `the body is not JSON: ${(cause as Error).message.slice(0, 200)}`, { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw apiError("body-invalid", "the body is not a JSON object");
  return value as Readonly<Record<string, unknown>>;
}

/** @throws body-invalid */
export function textIn(body: Readonly<Record<string, unknown>>, key: string): string {
  const value = Object.hasOwn(body, key) ? body[key] : undefined;
  if (typeof value !== "string") throw apiError("body-invalid", `the body has no text "${key}"`, { where: key });
  return value;
}
/** Null where it is left out. @throws body-invalid */
export function optionalTextIn(body: Readonly<Record<string, unknown>>, key: string): string | null {
  return !Object.hasOwn(body, key) || body[key] === null ? null : textIn(body, key);
}
/** @throws body-invalid */
export function countIn(body: Readonly<Record<string, unknown>>, key: string): number {
  const value = Object.hasOwn(body, key) ? body[key] : undefined;
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0 || value > MAX_COUNT) throw apiError("body-invalid", `the body has no whole number "${key}"`, { where: key });
  return value;
}
/** @throws body-invalid where the key is missing: what is expected has to be said */
export function expectedIn(body: Readonly<Record<string, unknown>>): number | null {
  if (!Object.hasOwn(body, "expected")) throw apiError("body-invalid", 'the body does not say what is "expected"', { where: "expected", hint: "The version that the alias names now, or null where it names none: so nobody's move is undone unseen." });
  return body["expected"] === null ? null : countIn(body, "expected");
}

const MAX_COUNT = 2_147_483_647;

/** @throws body-invalid */
export function countOf(call: Call, key: string, min = 0): number | undefined {
  const text = call.query.get(key);
  if (text === null || text === "") return undefined;
  if (!/^\d{1,10}$/.test(text) || Number(text) < min || Number(text) > MAX_COUNT) throw apiError("body-invalid", `${key} is ${JSON.stringify(text.slice(0, 100))}, not a whole number of at least ${min}`, { where: `?${key}` });
  return Number(text);
}
export function textOf(call: Call, key: string): string | undefined {
  const text = call.query.get(key);
  return text === null || text === "" ? undefined : text;
}

/** The version of the address. */
export function versionOf(call: Call): { readonly model: string; readonly version: number; readonly reference: string } {
  const model = call.params["name"]!;
  const text = call.params["version"]!;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw apiError("body-invalid", `${JSON.stringify(text.slice(0, 100))} is not the number of a version`, { hint: "Versions are 1, 2, 3 ...; /versions lists them." });
  return { model, version: Number(text), reference: `${model}:${text}` };
}

/** Of a key that is for some models only, what concerns all of them is kept away. @throws forbidden */
export function everyModel(call: Call): void {
  if (call.principal?.models !== undefined) throw authError("forbidden", `${call.principal.id} is for some models only, and this concerns all of them`);
}
