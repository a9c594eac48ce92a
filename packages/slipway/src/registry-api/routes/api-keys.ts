// API keys of people and programs, for administrators: made, shown once, listed without their secret, revoked. They are kept
// in the server's own file of keys (hashed), which `slipway keys` writes too; the log tells who made which for whom.

import { appendAudit } from "../../audit/index.ts";
import { authError, GROUP, isRole, jsonAnswer, makeKey, readKeyFile, ROLE_NAMES, writeKeyFile, type Call, type KeyRecord, type Role, type Route } from "../../server/index.ts";
import type { ApiKey } from "../answers.ts";
import { apiError } from "../errors.ts";
import { actorOf, bodyOf, everyModel, optionalTextIn, textIn } from "../request.ts";
import type { RegistryServices } from "../services.ts";
import { listOf, OBJECT, orNull, route, TEXT, TIME } from "./route.ts";

const KEY = { id: TEXT, name: TEXT, roles: listOf(TEXT), groups: listOf(TEXT), models: orNull(listOf(TEXT)), created: TIME, expires: orNull(TIME), revoked: orNull(TIME), state: { enum: ["valid", "expired", "revoked"] } };
const MODEL = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}\*?$|^\*$/;
const MAX_NAME = 200;
const MOST = 50;
const MAX_KEYS = 10_000;

export function apiKeyRoutes({ registry: { database }, keyFile }: RegistryServices): Route[] {
  const file = (call: Call): string => {
    everyModel(call);
    if (keyFile === undefined) throw apiError("api-keys-unwritable", "this server's keys are not in a file of its own", { hint: "Make keys where they are kept." });
    return keyFile;
  };
  return [
    route("GET", "/api-keys", "govern", { summary: "API keys, the newest first, without their secrets", answer: { keys: listOf(OBJECT) } }, (call) =>
      jsonAnswer({ keys: readKeyFile(file(call)).map(shown).sort((a, b) => (a.created < b.created ? 1 : -1)) })),
    route("POST", "/api-keys", "govern", {
      summary: "Make a key. `name`: whose it is, as approvals count people by it; `models`: names or prefixes with *, all by default; `expires`: a time. The key is in this answer only",
      body: { name: TEXT, roles: listOf({ enum: ROLE_NAMES }), "groups?": listOf(TEXT), "models?": orNull(listOf(TEXT)), "expires?": orNull(TIME) }, answer: { ...KEY, key: TEXT } }, async (call) => {
      const path = file(call);
      const { key, record } = makeKey(fieldsOf(call));
      if (readKeyFile(path).length >= MAX_KEYS) throw apiError("body-invalid", `there are ${MAX_KEYS} keys already`, { hint: "Remove revoked ones from the file of keys." });
      await database.transaction(async (tx) => {
        await appendAudit(tx, { actor: actorOf(call), action: "api-key.created", detail: { key: record.id, person: record.name, roles: record.roles, groups: record.groups ?? [], models: record.models ?? null, expires: record.expires ?? null } });
        // Last, and the same however often the transaction is tried.
        write(path, [...readKeyFile(path).filter((r) => r.id !== record.id), record]);
      });
      return jsonAnswer({ ...shown(record), key }, 201);
    }),
    route("DELETE", "/api-keys/{id}", "govern", { summary: "Revoke a key: sessions that it began end with it" }, async (call) => {
      const path = file(call);
      const id = call.params["id"]!;
      await database.transaction(async (tx) => {
        const records = readKeyFile(path);
        const record = records.find((r) => r.id === id);
        if (record === undefined) throw authError("key-unknown", `there is no key ${JSON.stringify(id.slice(0, 40))}`, { hint: "GET /api/v1/api-keys lists them." });
        if (record.revoked !== undefined) return;
        await appendAudit(tx, { actor: actorOf(call), action: "api-key.revoked", detail: { key: id, person: record.name } });
        write(path, records.map((r) => (r.id === id ? { ...r, revoked: new Date().toISOString() } : r)));
      });
      return { status: 204, body: null };
    }),
  ];
}

/** @throws body-invalid */
function fieldsOf(call: Call): Pick<KeyRecord, "name" | "roles" | "models" | "groups" | "expires"> {
  const body = bodyOf(call);
  const name = textIn(body, "name").trim();
  if (name === "" || name.length > MAX_NAME) throw apiError("body-invalid", `a key's name has 1 to ${MAX_NAME} characters`, { where: "name", hint: "The person's or the program's name: approvals count people by it." });
  const roles = textsIn(body, "roles");
  if (roles.length === 0 || !roles.every(isRole)) throw apiError("body-invalid", "roles is a list of one role or more", { where: "roles", hint: `Roles: ${ROLE_NAMES.join(", ")}.` });
  const groups = textsIn(body, "groups");
  if (!groups.every((g) => GROUP.test(g))) throw apiError("body-invalid", "a group's name has letters, digits, '.', '_' and '-', up to 64", { where: "groups" });
  const models = textsIn(body, "models");
  if (!models.every((m) => MODEL.test(m))) throw apiError("body-invalid", "models is a list of models' names, or prefixes with *", { where: "models" });
  const expires = optionalTextIn(body, "expires");
  const time = expires === null ? undefined : Date.parse(expires);
  if (time !== undefined && !(time > Date.now() && time < 8.64e15)) throw apiError("body-invalid", "expires is a time that is still to come", { where: "expires", hint: "For example 2030-01-31T12:00:00Z." });
  return { name, roles: [...new Set(roles)] as Role[], models: models.length === 0 ? undefined : models, groups: groups.length === 0 ? undefined : groups, expires: time === undefined ? undefined : new Date(time).toISOString() };
}

function textsIn(body: Readonly<Record<string, unknown>>, key: string): readonly string[] {
  const value = Object.hasOwn(body, key) ? body[key] ?? [] : [];
  if (!Array.isArray(value) || value.length > MOST || !value.every((v) => typeof v === "string")) throw apiError("body-invalid", `${key} is a list of at most ${MOST} texts`, { where: key });
  return value as string[];
}

function write(path: string, records: readonly KeyRecord[]): void {
  try {
    writeKeyFile(path, records);
  } catch (cause) {
    throw apiError("api-keys-unwritable", `the file of keys cannot be written (${(cause as NodeJS.ErrnoException).code ?? "unknown"})`, { hint: "Where it is given to the server read-only, make keys there: slipway keys create.", cause });
  }
}

function shown({ id, name, roles, groups = [], models, created, expires, revoked }: KeyRecord): ApiKey {
  const state = revoked !== undefined ? "revoked" : expires !== undefined && Date.parse(expires) <= Date.now() ? "expired" : "valid";
  return { id, name, roles, groups, models: models ?? null, created, expires: expires ?? null, revoked: revoked ?? null, state };
}
