// slipway schedules run NAME

import { setTimeout as sleep } from "node:timers/promises";
import { defineCommand, type Command } from "../command.ts";
import { printJson, printResult } from "../output.ts";
import { scheduleOptions, withSchedules } from "./desk.ts";
import { runReport } from "./show.ts";

const LOOK_MS = 500;

export const run: Command = defineCommand({
  name: "schedules run",
  summary: "a run now, beside those of the clock",
  usage: "NAME",
  arguments: [{ name: "NAME", help: "of the schedule" }],
  options: { ...scheduleOptions, "no-wait": { type: "boolean", help: "ask for it only: slipway up makes it" } },
  examples: ["slipway schedules run sales-forecast", "slipway schedules run sales-forecast --server https://models.example --no-wait"],
  run: (call) => withSchedules(call, "release", async (desk) => {
    const name = call.args[0]!;
    const started = await desk.start(name);
    if (call.flag("no-wait")) {
      if (call.flag("json")) printJson(started);
      else printResult(`${name}: the run ${started.id} waits for slipway up`);
      return 0;
    }
    await desk.make?.(started);
    let details = await desk.run(name, started.id);
    // Another server may have been faster; a try that failed is the server's to make again.
    while (details.state === "running" || (details.state === "waiting" && details.attempt === 0 && desk.make === undefined)) {
      await sleep(LOOK_MS);
      details = await desk.run(name, started.id);
    }
    if (call.flag("json")) printJson(details);
    else printResult(runReport(details));
    return details.state === "succeeded" ? 0 : 1;
  }),
});
