// slipway schedules list

import { defineCommand, type Command } from "../command.ts";
import { printJson, printNote, printResult } from "../output.ts";
import { scheduleOptions, withSchedules } from "./desk.ts";
import { scheduleTable } from "./show.ts";

export const list: Command = defineCommand({
  name: "schedules list",
  summary: "the schedules, and when each is due next",
  usage: "",
  arguments: [],
  options: scheduleOptions,
  examples: ["slipway schedules list"],
  run: (call) => withSchedules(call, "read", async (desk) => {
    const schedules = await desk.list();
    if (call.flag("json")) printJson({ schedules });
    else if (schedules.length === 0) printNote("there is no schedule: they stand under `schedules` of slipway.config.yaml");
    else printResult(scheduleTable(schedules));
    return 0;
  }),
});
