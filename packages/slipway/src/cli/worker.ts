// slipway worker: one of the processes that share the runs of `slipway batch --on`.

import { CANNOT_EXIT, runIndex, runWorker } from "../batch/index.ts";
import { availableCpus } from "../runtime/index.ts";
import { defineCommand, usageError, type Command } from "./command.ts";
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
    folder: { type: "string", value: "PATH", help: "with --index: the folder of a run of --on kubernetes; no database is asked" },
    index: { type: "string", value: "I", help: "only this share of its shards; ends with it, with 42 where some can never be made" },
    indexes: { type: "string", value: "N", help: "shares that there are" },
    threads: { type: "string", value: "N", help: "threads that score; by default the processors that this process may use" },
  },
  examples: ["SLIPWAY_DATABASE_URL=postgres://slipway@db/slipway slipway worker", "slipway worker --until-done --threads 4"],
  async run(call) {
    const stop = new AbortController();
    const end = (): void => stop.abort();
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, end);
    followParent(() => process.kill(process.pid, "SIGTERM"));
    const threads = call.count("threads", [1, 256]) ?? availableCpus();
    const [folder, indexes, index] = [call.text("folder"), call.count("indexes", [1, 100_000]), call.count("index", [0, 99_999])];
    if (folder !== undefined || indexes !== undefined || index !== undefined) {
      if (folder === undefined || indexes === undefined || index === undefined || index >= indexes) throw usageError("bad-argument", "--folder, --index and --indexes go together, and an index is less than how many there are");
      const { parts, unmade } = await runIndex({ folder, index, indexes, threads, stop: stop.signal });
      if (call.flag("json")) printJson({ parts, unmade });
      else printResult(`index ${index}: ${parts} parts made${unmade.length === 0 ? "" : `; shards ${unmade.join(", ")} can never be made`}`);
      return unmade.length === 0 ? 0 : CANNOT_EXIT;
    }
    const summary = await runWorker({
      databaseUrl: process.env["SLIPWAY_DATABASE_URL"], threads,
      run: call.text("run"), untilDone: call.flag("until-done"), stop: stop.signal, note: printNote,
    });
    if (call.flag("json")) printJson(summary);
    else printResult(`${summary.parts} parts made, ${summary.ended} runs put together`);
    return 0;
  },
});
