// Where requests are opened and decided: in the store of this folder or of the environment, or at a running service.

import { existsSync } from "node:fs";
import type { RequestDetails } from "../../approvals/index.ts";
import { authError, KeyStore, ROLE_NAMES, ROLES, type Action } from "../../server/index.ts";
import type { Actor } from "../../audit/index.ts";
import { usageError, type Invocation, type OptionSpec } from "../command.ts";
import { isUrl } from "../service-url.ts";
import { localActor } from "../registry/with-registry.ts";

export interface Subject {
  readonly model: string;
  readonly version: number;
  readonly alias: string;
}
export interface GivenDecision {
  readonly decision: "approve" | "reject";
  readonly as: string | null;
  readonly comment: string | null;
  readonly envelope?: object;
}
export interface ReleaseDesk {
  /** Whose acts these are. */
  person(): Promise<string>;
  ask(subject: Subject, comment: string): Promise<RequestDetails>;
  /** The open request, or the latest one. @throws request-unknown */
  find(subject: Subject): Promise<RequestDetails>;
  decide(id: string, decision: GivenDecision): Promise<RequestDetails>;
  /** Makes a public key known as the person's. */
  register(pem: string): Promise<void>;
  /** @param expected the version that the alias names now; that of the request's time where it is undefined */
  promote(request: RequestDetails, expected: number | null | undefined, override: string | undefined): Promise<RequestDetails>;
  close(): Promise<void>;
}

export const DEFAULT_ALIAS = "production";
const DEFAULT_KEYS = ".slipway/keys.json";

export const deskOptions: Readonly<Record<string, OptionSpec>> = {
  alias: { type: "string", value: "NAME", help: `the alias that is to name the version (${DEFAULT_ALIAS} by default)` },
  server: { type: "string", value: "URL", help: "a running service (slipway up); SLIPWAY_SERVER does the same. Without it, the registry of this folder or of the environment" },
  "api-key": { type: "string", value: "KEY", help: "whose act it is; SLIPWAY_API_KEY does the same" },
  keys: { type: "string", value: "FILE", help: `without a service: where the key is looked up (${DEFAULT_KEYS} by default)` },
};

/** @param action what the caller has to be allowed, where the store is opened here */
export async function withDesk(call: Invocation, action: Action, work: (desk: ReleaseDesk) => Promise<number>): Promise<number> {
  const server = call.text("server") ?? process.env["SLIPWAY_SERVER"];
  const apiKey = call.text("api-key") ?? process.env["SLIPWAY_API_KEY"];
  if (server !== undefined && !isUrl(server)) throw usageError("bad-argument", `--server is ${JSON.stringify(server)}`, { hint: "Give an address such as http://127.0.0.1:8080." });
  const desk = server === undefined ? await (await import("./local-desk.ts")).openLocalDesk(localPerson(call, apiKey, action)) : new (await import("./remote-desk.ts")).RemoteDesk(server, apiKey);
  try {
    return await work(desk);
  } finally {
    await desk.close();
  }
}

/** Whose key it is; without one the user of this machine, who can write the store anyway. @throws credentials-refused, forbidden */
export function localPerson(call: Invocation, apiKey: string | undefined, action: Action): { readonly actor: Actor; readonly credential: string } {
  if (apiKey === undefined) {
    const actor = localActor();
    return { actor, credential: `local:${actor.name}` };
  }
  const path = call.text("keys") ?? DEFAULT_KEYS;
  const verdict = existsSync(path) ? new KeyStore({ path }).verify(apiKey) : undefined;
  if (verdict === undefined || !("record" in verdict)) throw authError("credentials-refused", verdict === undefined || verdict.fault === "unknown" ? `the API key is not one of ${path}` : `the API key is ${verdict.fault}`, { hint: "slipway keys list shows those that there are; SLIPWAY_API_KEY may be set." });
  const { id, name, roles, groups = [] } = verdict.record;
  if (!roles.some((role) => ROLES[role].includes(action))) throw authError("forbidden", `the key ${id} has the role ${roles.join(", ")}, which may not ${action}`, { hint: `This needs the role ${ROLE_NAMES.filter((role) => ROLES[role].includes(action)).join(" or ")}.` });
  return { actor: { name: name.trim() === "" ? `key:${id}` : name.trim(), roles, groups, how: "key" }, credential: `key:${id}` };
}

/** MODEL:VERSION, with --alias. */
export function subjectOf(call: Invocation): Subject {
  const [, model, version] = /^([A-Za-z0-9][A-Za-z0-9._-]{0,127}):(\d{1,9})$/.exec(call.args[0]!) ?? [];
  if (model === undefined || Number(version) < 1) throw usageError("bad-argument", `${JSON.stringify(call.args[0]!.slice(0, 150))} is not MODEL:VERSION`, { hint: "For example churn:3. slipway registry versions churn lists them." });
  return { model, version: Number(version), alias: call.text("alias") ?? DEFAULT_ALIAS };
}
