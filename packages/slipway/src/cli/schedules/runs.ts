// slipway schedules runs NAME [RUN]

import { defineCommand, type Command } from "../command.ts";
import { printJson, printNote, printResult } from "../output.ts";
import { scheduleOptions, withSchedules } from "./desk.ts";
import { runReport, runTable } from "./show.ts";

export const runs: Command = defineCommand({
  name: "schedules runs",
  summary: "a schedule's runs, or what one of them said and wrote",
  usage: "NAME [RUN]",
  arguments: [{ name: "NAME", help: "of the schedule" }, { name: "RUN", help: "a run's id, or latest: its log and summary", optional: true }],
  options: { ...scheduleOptions, limit: { type: "string", value: "N", help: "at most so many, the latest first (50 by default)" } },
  examples: ["slipway schedules runs sales-forecast", "slipway schedules runs sales-forecast latest"],
  run: (call) => withSchedules(call, "read", async (desk) => {
    const [name, run] = call.args as [string, string?];
    const found = await desk.runs(name, run === "latest" ? 1 : call.count("limit", [1, 200]));
    const id = run === "latest" ? found[0]?.id : run;
    if (run !== undefined && id !== undefined) {
      const details = await desk.run(name, id);
      if (call.flag("json")) printJson(details);
      else printResult(runReport(details));
    } else if (call.flag("json")) printJson({ runs: found });
    else if (found.length === 0) printNote(`${name} has not run yet`);
    else printResult(runTable(found));
    return 0;
  }),
});
