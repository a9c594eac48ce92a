// slipway worker: one of the processes that share the runs of `slipway batch --on postgres`.

import { runWorker } from "../batch/index.ts";
import { availableCpus } from "../runtime/index.ts";
import { defineCommand, type Command } from "./command.ts";
import { followParent } from "./follow-parent.ts";
import { printJson, printNote, printResult } from "./output.ts";

export const worker: Command = defineCommand({
  name: "worker",
  summary: "one of the processes that share bulk runs: takes shards from Postgres, makes their parts",
  usage: "",
  arguments: [],
  options: {
    run: { type: "string", value: "ID", help: "only this run; ends with it" },
    "until-done": { type: "boolean", help: "end when no run is open" },
    threads: { type: "string", value: "N", help: "threads that score; by default the processors that this process may use" },
  },
  examples: ["SLIPWAY_DATABASE_URL=postgres://slipway@db/slipway slipway worker", "slipway worker --until-done --threads 4"],
  async run(call) {
    const stop = new AbortController();
    const end = (): void => stop.abort();
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, end);
    followParent(() => process.kill(process.pid, "SIGTERM"));
    const summary = await runWorker({
      databaseUrl: process.env["SLIPWAY_DATABASE_URL"], threads: call.count("threads", [1, 256]) ?? availableCpus(),
      run: call.text("run"), untilDone: call.flag("until-done"), stop: stop.signal, note: printNote,
    });
    if (call.flag("json")) printJson(summary);
    else printResult(`${summary.parts} parts made, ${summary.ended} runs put together`);
    return 0;
  },
});
