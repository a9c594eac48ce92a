// Where rollouts are: in the store of this folder or of the environment, or at a running service.

import { rolloutError, type Return, type Rollout, type RolloutDetails } from "../../rollout/index.ts";
import type { RegistryService } from "../../registry-api/index.ts";
import type { Action } from "../../server/index.ts";
import { usageError, type Invocation, type OptionSpec } from "../command.ts";
import { apiKeyOf, withActing, type Acting } from "../registry/acting.ts";
import { deskOptions } from "../release/desk.ts";
import { askService } from "../release/remote-desk.ts";
import { isUrl } from "../service-url.ts";

export type Act = "pause" | "resume" | "advance" | "promote" | "abort";
export interface RolloutDesk {
  start(given: { readonly model: string; readonly version: number; readonly alias: string; readonly plan: object; readonly comment: string }): Promise<Rollout>;
  list(model: string | undefined): Promise<readonly Rollout[]>;
  get(id: string): Promise<RolloutDetails>;
  /** Where the alias would go back to. */
  wayBack(model: string, alias: string): Promise<Pick<Return, "from" | "to">>;
  /** @param expected the version that the alias is thought to name */
  rollback(model: string, alias: string, reason: string, override: string | undefined, expected: number): Promise<Return>;
  act(id: string, act: Act, reason: string | undefined): Promise<Rollout>;
}

const { alias: _alias, ...where } = deskOptions;
export const rolloutOptions: Readonly<Record<string, OptionSpec>> = where;

/** @param action what the caller has to be allowed, where the store is opened here */
export async function withRollouts(call: Invocation, action: Action, work: (desk: RolloutDesk) => Promise<number>): Promise<number> {
  const server = call.text("server") ?? process.env["SLIPWAY_SERVER"];
  if (server !== undefined) {
    if (!isUrl(server)) throw usageError("bad-argument", `--server is ${JSON.stringify(server)}`, { hint: "Give an address such as http://127.0.0.1:8080." });
    return work(remoteDesk(server, apiKeyOf(call)));
  }
  return withActing(call, action, false, (service, acting) => work(localDesk(service, acting)));
}

/** By its id, or the latest of a model. @throws rollout-unknown */
export async function findRollout(desk: RolloutDesk, what: string): Promise<RolloutDetails> {
  if (/^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(what)) return desk.get(what);
  const [latest] = await desk.list(what);
  if (latest === undefined) throw rolloutError("rollout-unknown", `there was no rollout of ${JSON.stringify(what.slice(0, 150))} yet`, { hint: `slipway rollout start ${what}:2 begins one.` });
  return desk.get(latest.id);
}

function localDesk({ rollouts, registry, approvals }: RegistryService, { actor, allow }: Acting): RolloutDesk {
  return {
    async start({ model, ...given }) {
      allow(model);
      await registry.model(model);
      return rollouts.start({ model, ...given, actor });
    },
    async list(model) {
      if (model !== undefined) allow(model);
      return (await rollouts.list({ model })).filter((r) => allows(allow, r.model));
    },
    async get(id) {
      const found = await rollouts.get(id);
      allow(found.model);
      return found;
    },
    async wayBack(model, alias) {
      allow(model);
      await registry.model(model);
      return rollouts.wayBack(model, alias);
    },
    async rollback(model, alias, reason, override, expected) {
      allow(model);
      await registry.model(model);
      const work = (): Promise<Return> => rollouts.rollback({ model, alias, reason, expected, actor });
      return override === undefined ? work() : approvals.override(override, work);
    },
    act: (id, act, reason) => (act === "abort" ? rollouts.abort(id, actor, reason) : rollouts[act](id, actor)),
  };
}
function allows(allow: Acting["allow"], model: string): boolean {
  try {
    allow(model);
    return true;
  } catch {
    return false;
  }
}
function remoteDesk(url: string, key: string | undefined): RolloutDesk {
  const ask = async <T>(method: string, path: string, body?: object): Promise<T> => JSON.parse(await (await askService(url, key, method, path, body)).text()) as T;
  return {
    start: ({ model, ...body }) => ask("POST", `/models/${encodeURIComponent(model)}/rollouts`, body),
    list: async (model) => (await ask<{ rollouts: readonly Rollout[] }>("GET", `/rollouts${model === undefined ? "" : `?model=${encodeURIComponent(model)}`}`)).rollouts,
    get: (id) => ask("GET", `/rollouts/${encodeURIComponent(id)}`),
    wayBack: (model, alias) => ask("GET", `/models/${encodeURIComponent(model)}/rollback?alias=${encodeURIComponent(alias)}`),
    rollback: (model, alias, reason, override, expected) => ask("POST", `/models/${encodeURIComponent(model)}/rollback`, { alias, reason, expected, ...(override === undefined ? {} : { override }) }),
    act: (id, act, reason) => ask("POST", `/rollouts/${encodeURIComponent(id)}/${act}`, reason === undefined ? {} : { reason }),
  };
}
