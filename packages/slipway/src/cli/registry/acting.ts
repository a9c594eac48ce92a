// Whose act a command is where the store is opened here: the person's whose API key is given, with that person's roles, or
// else the user's of this machine, who can write the store anyway.

import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import type { Actor } from "../../audit/index.ts";
import type { RegistryService } from "../../registry-api/index.ts";
import { authError, KeyStore, mayUse, principalOf, ROLE_NAMES, ROLES, type Action } from "../../server/index.ts";
import type { Invocation, OptionSpec } from "../command.ts";
import { openService } from "./with-registry.ts";

export interface Acting {
  readonly actor: Actor;
  /** For a decision that the server signs. */
  readonly credential: string;
  /** @throws forbidden where the key is for other models */
  allow(model: string): void;
}

const DEFAULT_KEYS = ".slipway/keys.json";

export const actingOptions: Readonly<Record<"api-key" | "keys", OptionSpec>> = {
  "api-key": { type: "string", value: "KEY", help: "whose act it is; SLIPWAY_API_KEY does the same" },
  keys: { type: "string", value: "FILE", help: `without a service: where the key is looked up (${DEFAULT_KEYS} by default)` },
};

/** The user of this machine: whoever can write the store can do all that the registry can. */
export function localActor(): Actor {
  let name = "local";
  try {
    name = userInfo().username || name;
  } catch {
    // A user without an entry, as in many containers.
  }
  return { name, roles: ["admin"], groups: [], how: "local" };
}

export function apiKeyOf(call: Invocation): string | undefined {
  return call.text("api-key") ?? (process.env["SLIPWAY_API_KEY"] || undefined);
}

/** @throws credentials-refused, forbidden */
export function actingPerson(call: Invocation, action: Action): Acting {
  const apiKey = apiKeyOf(call);
  if (apiKey === undefined) {
    const actor = localActor();
    return { actor, credential: `local:${actor.name}`, allow: () => undefined };
  }
  const path = call.text("keys") ?? DEFAULT_KEYS;
  const verdict = existsSync(path) ? new KeyStore({ path }).verify(apiKey) : undefined;
  if (verdict === undefined || !("record" in verdict)) {
    throw authError("credentials-refused", verdict === undefined || verdict.fault === "unknown" ? `the API key is not one of ${path}` : `the API key is ${verdict.fault}`, {
      hint: "slipway keys list shows those that there are. Where SLIPWAY_API_KEY is set and means a service, unset it to act as this machine's user." });
  }
  const { id, name, roles, groups, models } = verdict.record;
  const principal = principalOf({ id: `key:${id}`, kind: "key", name, roles, groups, models });
  if (!principal.actions.has(action)) throw authError("forbidden", `the key ${id} has the role ${roles.join(", ")}, which may not ${action}`, { hint: `This needs the role ${ROLE_NAMES.filter((role) => ROLES[role].includes(action)).join(" or ")}.` });
  return {
    actor: { name: principal.person, roles, groups: principal.groups, how: "key" }, credential: principal.id,
    allow(model) {
      if (!mayUse(principal, model)) throw authError("forbidden", `the key ${id} is not for the model ${model}`, { hint: `It is for ${models!.join(", ")}.` });
    },
  };
}

/** The registry with its policies, for an act. @param action what the person has to be allowed @param create whether an empty registry is made where there is none */
export async function withActing<T>(call: Invocation, action: Action, create: boolean, work: (service: RegistryService, acting: Acting) => Promise<T>): Promise<T> {
  const acting = actingPerson(call, action);
  const service = await openService(create);
  try {
    const done = await work(service, acting);
    // What a store that was away did not get; without a service nobody else would try again.
    await service.registry.attachWaiting();
    return done;
  } finally {
    await service.close();
    await service.registry.close();
  }
}
