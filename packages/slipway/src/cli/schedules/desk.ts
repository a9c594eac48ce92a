// Where schedules are: in the store of this folder or of the environment, or at a running service.

import { modelNameOf, Scheduler, readDefinitions, shownSchedule, type RunDetails, type Schedule, type ScheduleRun } from "../../schedules/index.ts";
import { resolveConfig, SERVE_SETTINGS, type ServeSettings } from "../../config/index.ts";
import { localFile } from "../../references/index.ts";
import type { RegistryService } from "../../registry-api/index.ts";
import type { Action } from "../../server/index.ts";
import { progressLine } from "../batch-report.ts";
import { usageError, type Invocation, type OptionSpec } from "../command.ts";
import { printNote, progress } from "../output.ts";
import { apiKeyOf, withActing, type Acting } from "../registry/acting.ts";
import { deskOptions } from "../release/desk.ts";
import { askService } from "../release/remote-desk.ts";
import { isUrl } from "../service-url.ts";
import { trustedSigners } from "../trusted-option.ts";

export interface ScheduleDesk {
  list(): Promise<readonly Schedule[]>;
  runs(name: string, limit: number | undefined): Promise<readonly ScheduleRun[]>;
  run(name: string, id: string): Promise<RunDetails>;
  start(name: string): Promise<ScheduleRun>;
  turn(name: string, state: "active" | "paused"): Promise<Schedule>;
  /** Makes a run that was started, where that is this process's to do. */
  make?(run: ScheduleRun): Promise<void>;
}

const { alias: _alias, ...where } = deskOptions;
export const scheduleOptions: Readonly<Record<string, OptionSpec>> = where;

/** @param action what the caller has to be allowed, where the store is opened here */
export async function withSchedules(call: Invocation, action: Action, work: (desk: ScheduleDesk) => Promise<number>): Promise<number> {
  const server = call.text("server") ?? process.env["SLIPWAY_SERVER"];
  if (server !== undefined) {
    if (!isUrl(server)) throw usageError("bad-argument", `--server is ${JSON.stringify(server)}`, { hint: "Give an address such as http://127.0.0.1:8080." });
    return work(remoteDesk(server, apiKeyOf(call)));
  }
  const { settings } = await resolveConfig(SERVE_SETTINGS, { file: process.env["SLIPWAY_CONFIG"], folder: process.cwd() });
  // A folder without a word of schedules gets no store from being asked for them.
  return withActing(call, action, settings.schedules !== undefined, async (service, acting) => work(await localDesk(service, acting, settings)));
}

async function localDesk({ schedules, registry }: RegistryService, { actor, allow }: Acting, settings: ServeSettings): Promise<ScheduleDesk> {
  // A team's store has the schedules of the services that run on it, not those that stand in somebody's folder.
  if (registry.database.dialect === "sqlite") await schedules.define(readDefinitions(settings.schedules, process.env["SLIPWAY_DATABASE_URL"]), actor, { whole: false });
  const allowed = async (name: string): Promise<void> => {
    const model = modelNameOf((await schedules.get(name)).definition);
    if (model !== null) allow(model);
  };
  return {
    list: async () => (await schedules.list()).map(shownSchedule),
    async runs(name, limit) {
      await allowed(name);
      return schedules.runs({ schedule: name, limit });
    },
    async run(name, id) {
      await allowed(name);
      return schedules.run(name, id);
    },
    async start(name) {
      await allowed(name);
      return schedules.start(name, actor);
    },
    async turn(name, state) {
      await allowed(name);
      return state === "paused" ? schedules.pause(name, actor) : schedules.resume(name, actor);
    },
    async make(run) {
      const trusted = await trustedSigners(settings.signatures?.require, settings.signatures?.roots);
      const line = progress();
      const began = performance.now();
      const scheduler = new Scheduler({
        schedules, openModel: localFile, trusted, databaseUrl: process.env["SLIPWAY_DATABASE_URL"], onProgress: (p) => line.update(progressLine(p, (performance.now() - began) / 1000)), onError: (error) => printNote(`note: ${error instanceof Error ? error.message : String(error)}`),
      });
      const stop = (): void => void scheduler.stop();
      process.once("SIGINT", stop).once("SIGTERM", stop);
      try {
        await scheduler.make(run);
      } finally {
        line.done();
        process.off("SIGINT", stop).off("SIGTERM", stop);
      }
    },
  };
}

function remoteDesk(url: string, key: string | undefined): ScheduleDesk {
  const ask = async <T>(method: string, path: string, body?: object): Promise<T> => JSON.parse(await (await askService(url, key, method, path, body)).text()) as T;
  const at = (name: string): string => `/schedules/${encodeURIComponent(name)}`;
  return {
    list: async () => (await ask<{ schedules: readonly Schedule[] }>("GET", "/schedules")).schedules,
    runs: async (name, limit) => (await ask<{ runs: readonly ScheduleRun[] }>("GET", `${at(name)}/runs${limit === undefined ? "" : `?limit=${limit}`}`)).runs,
    run: (name, id) => ask("GET", `${at(name)}/runs/${encodeURIComponent(id)}`),
    start: (name) => ask("POST", `${at(name)}/runs`, {}),
    turn: (name, state) => ask("PUT", at(name), { state }),
  };
}
