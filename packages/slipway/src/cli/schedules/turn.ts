// slipway schedules pause|resume NAME

import { defineCommand, type Command } from "../command.ts";
import { printJson, printResult } from "../output.ts";
import { minute } from "../registry/with-registry.ts";
import { scheduleOptions, withSchedules } from "./desk.ts";

export const pause: Command = command("pause", "paused", "no run is begun any more until it is resumed; one that goes on ends");
export const resume: Command = command("resume", "active", "go on by the clock; what was due meanwhile is not made up for");

function command(name: string, state: "active" | "paused", summary: string): Command {
  return defineCommand({
    name: `schedules ${name}`,
    summary,
    usage: "NAME",
    arguments: [{ name: "NAME", help: "of the schedule" }],
    options: scheduleOptions,
    examples: [`slipway schedules ${name} sales-forecast`],
    run: (call) => withSchedules(call, "release", async (desk) => {
      const schedule = await desk.turn(call.args[0]!, state);
      if (call.flag("json")) printJson(schedule);
      else printResult(schedule.state === "paused" ? `${schedule.name} is paused` : `${schedule.name} is due next at ${schedule.nextAt === null ? "no time" : `${minute(schedule.nextAt)} UTC`}`);
      return 0;
    }),
  });
}
