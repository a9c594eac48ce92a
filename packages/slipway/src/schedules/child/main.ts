// The process of one scheduled run. It ends with the server that started it: another one goes on.

import { SlipwayError } from "@slipway/core/base";
import type { RunJob, RunMessage } from "../messages.ts";
import { runJob } from "./run-job.ts";

process.on("disconnect", () => process.exit(1));
// Ctrl-C in a terminal reaches every process of the group; the server says when it is over.
process.on("SIGINT", () => undefined);

const tell = (message: RunMessage, then: () => void = () => undefined): void => void process.send!(message, then);

process.once("message", (job: RunJob) => {
  runJob(job, tell).then((result) => tell({ result }, leave), (error: unknown) => {
    const { code, kind, message, where, hint } = error instanceof SlipwayError ? error : new SlipwayError("schedule-run-ended", "internal", error instanceof Error ? error.message : String(error));
    if (!(error instanceof SlipwayError) && error instanceof Error) tell({ note: error.stack ?? "" });
    tell({ failure: { code, kind, message, where, hint } }, leave);
  });
});

function leave(): void {
  process.exit(0);
}
