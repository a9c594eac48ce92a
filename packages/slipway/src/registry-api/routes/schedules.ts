// Schedules and their runs: looking at them, a run now, pausing and going on. What a schedule is stands in the
// configuration file only: nobody chooses paths over HTTP.

import { allowModel, jsonAnswer, mayAsk, type Call, type Route } from "../../server/index.ts";
import { modelNameOf, shownSchedule, type Schedule } from "../../schedules/index.ts";
import type { ListedSchedule } from "../answers.ts";
import { apiError } from "../errors.ts";
import { actorOf, bodyOf, countOf, everyModel, textOf } from "../request.ts";
import type { RegistryServices } from "../services.ts";
import { COUNT, listOf, OBJECT, orNull, route, TEXT, TIME, VERSION } from "./route.ts";

const SCHEDULE = { name: TEXT, definition: OBJECT, state: { enum: ["active", "paused", "gone"] }, nextAt: orNull(TIME), watermark: orNull(TEXT), changedAt: TIME, changedBy: TEXT };
const RUN = {
  id: TEXT, schedule: TEXT, dueAt: TIME, cause: { enum: ["schedule", "manual", "catch-up"] }, state: { enum: ["waiting", "running", "succeeded", "failed", "skipped"] }, attempt: COUNT, nextAt: orNull(TIME), model: orNull(TEXT), version: orNull(VERSION),
  reason: orNull(TEXT), createdAt: TIME, createdBy: TEXT, startedAt: orNull(TIME), endedAt: orNull(TIME), rows: COUNT, bad: COUNT, percent: COUNT, output: orNull(TEXT),
};

export function scheduleRoutes({ schedules }: RegistryServices): Route[] {
  const known = async (call: Call): Promise<Schedule> => {
    const schedule = await schedules.get(call.params["schedule"]!);
    const model = modelNameOf(schedule.definition);
    if (model === null) everyModel(call);
    else allowModel(call, model);
    return schedule;
  };
  const visible = (call: Call, { definition }: Schedule): boolean => {
    const model = modelNameOf(definition);
    return model === null ? call.principal?.models === undefined : mayAsk(call, model);
  };
  return [
    route("GET", "/schedules", "read", { summary: "The schedules of batch runs, each with its last run", answer: { schedules: listOf(OBJECT) } }, async (call) => {
      const found = (await schedules.list()).filter((s) => visible(call, s));
      return jsonAnswer({ schedules: await Promise.all(found.map(async (s) => ({ ...shownSchedule(s), last: (await schedules.runs({ schedule: s.name, limit: 1 }))[0] ?? null }))) } satisfies { schedules: readonly ListedSchedule[] });
    }),
    route("GET", "/schedules/{schedule}", "read", { summary: "A schedule", answer: SCHEDULE }, async (call) => jsonAnswer(shownSchedule(await known(call)))),
    route("PUT", "/schedules/{schedule}", "release", { summary: "Pause a schedule, or let it go on: what was due meanwhile is not made up for", body: { state: { enum: ["active", "paused"] } }, answer: SCHEDULE }, async (call) => {
      const { name } = await known(call);
      const { state } = bodyOf(call);
      if (state !== "active" && state !== "paused") throw apiError("body-invalid", 'the body is {"state": "paused"} or {"state": "active"}', { where: "state" });
      return jsonAnswer(shownSchedule(await (state === "paused" ? schedules.pause(name, actorOf(call)) : schedules.resume(name, actorOf(call)))));
    }),
    route("GET", "/schedules/{schedule}/runs", "read", { summary: "Its runs, the latest first; `before`: older ones than this run", query: { before: TEXT, limit: COUNT }, answer: { runs: listOf(OBJECT) } }, async (call) => {
      const { name } = await known(call);
      return jsonAnswer({ runs: await schedules.runs({ schedule: name, before: textOf(call, "before"), limit: countOf(call, "limit", 1) }) });
    }),
    route("POST", "/schedules/{schedule}/runs", "release", { summary: "A run now; an output of the same name is replaced", answer: RUN }, async (call) => {
      const { name } = await known(call);
      return jsonAnswer(await schedules.start(name, actorOf(call)), 202);
    }),
    route("GET", "/schedules/{schedule}/runs/{run}", "read", { summary: "A run with its log and its summary: rows, predictions, drift", answer: { ...RUN, log: TEXT, summary: orNull(OBJECT) } }, async (call) => jsonAnswer(await schedules.run((await known(call)).name, call.params["run"]!))),
  ];
}
