// Where trainings are: in the store of this folder or of the environment, or at a running service.

import { retrainError, type Retrain } from "../../retrain/index.ts";
import type { RegistryService, RetrainList, ShownRetrain } from "../../registry-api/index.ts";
import type { RolloutDetails } from "../../rollout/index.ts";
import type { Action } from "../../server/index.ts";
import { usageError, type Invocation, type OptionSpec } from "../command.ts";
import { apiKeyOf, withActing, type Acting } from "../registry/acting.ts";
import { deskOptions } from "../release/desk.ts";
import { askService } from "../release/remote-desk.ts";
import { isUrl } from "../service-url.ts";

export interface RetrainDesk {
  list(model: string | undefined): Promise<RetrainList>;
  get(id: string): Promise<ShownRetrain>;
  begin(model: string): Promise<Retrain>;
  cancel(id: string): Promise<Retrain>;
  handIn(id: string, version: number): Promise<Retrain>;
  rollout(id: string): Promise<RolloutDetails>;
  /** Whether a service carries it out, as far as that can be seen from here. */
  attended(id: string): Promise<boolean>;
}

const { alias: _alias, ...where } = deskOptions;
export const retrainOptions: Readonly<Record<string, OptionSpec>> = where;

/** @param action what the caller has to be allowed, where the store is opened here */
export async function withRetrains(call: Invocation, action: Action, work: (desk: RetrainDesk) => Promise<number>): Promise<number> {
  const server = call.text("server") ?? process.env["SLIPWAY_SERVER"];
  if (server !== undefined) {
    if (!isUrl(server)) throw usageError("bad-argument", `--server is ${JSON.stringify(server)}`, { hint: "Give an address such as http://127.0.0.1:8080." });
    return work(remoteDesk(server, apiKeyOf(call)));
  }
  return withActing(call, action, false, (service, acting) => work(localDesk(service, acting)));
}

/** By its id, or the latest of a model. @throws retrain-unknown */
export async function findRetrain(desk: RetrainDesk, what: string): Promise<ShownRetrain> {
  if (/^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(what)) return desk.get(what);
  const [latest] = (await desk.list(what)).retrains;
  if (latest === undefined) throw retrainError("retrain-unknown", `${JSON.stringify(what.slice(0, 150))} was not trained yet`, { hint: `slipway retrain begin ${what} begins it.` });
  return desk.get(latest.id);
}

function localDesk({ retrains, retrainer, rollouts, registry, gate }: RegistryService, { actor, allow }: Acting): RetrainDesk {
  const allowed = async (id: string): Promise<void> => allow((await retrains.get(id)).model);
  const may = (model: string): boolean => {
    try {
      allow(model);
      return true;
    } catch {
      return false;
    }
  };
  return {
    async list(model) {
      if (model !== undefined) allow(model);
      return { retrains: (await retrains.list({ model })).filter((r) => may(r.model)), models: (await retrainer.setups()).filter((s) => (model === undefined || s.model === model) && may(s.model)) };
    },
    async get(id) {
      await allowed(id);
      const found = await retrains.details(id);
      return { ...found, gate: found.version === null ? "none" : (await gate.get(found.model, found.version)).state };
    },
    async begin(model) {
      allow(model);
      await registry.model(model);
      return retrainer.begin(model, actor);
    },
    async cancel(id) {
      await allowed(id);
      return retrains.cancel(id, actor);
    },
    async handIn(id, version) {
      await allowed(id);
      return retrains.handIn(id, version, actor);
    },
    rollout: (id) => rollouts.get(id),
    attended: (id) => retrains.leased(id),
  };
}
function remoteDesk(url: string, key: string | undefined): RetrainDesk {
  const ask = async <T>(method: string, path: string, body?: object): Promise<T> => JSON.parse(await (await askService(url, key, method, path, body)).text()) as T;
  const one = (id: string): string => `/retrains/${encodeURIComponent(id)}`;
  return {
    list: (model) => ask("GET", `/retrains${model === undefined ? "" : `?model=${encodeURIComponent(model)}`}`),
    get: (id) => ask("GET", one(id)),
    begin: (model) => ask("POST", `/models/${encodeURIComponent(model)}/retrains`, {}),
    cancel: (id) => ask("POST", `${one(id)}/cancel`, {}),
    handIn: (id, version) => ask("POST", `${one(id)}/version`, { version }),
    rollout: (id) => ask("GET", `/rollouts/${encodeURIComponent(id)}`),
    // The service that answers does.
    attended: () => Promise.resolve(true),
  };
}
