// The thread that decodes: binary bodies are foreign and large, and the event loop must stay free.

import { parentPort } from "node:worker_threads";
import { SlipwayError } from "@slipway/core/base";
import type { DecodeJob, DecodeReply } from "./decoder.ts";
import { tableFailure } from "./table.ts";

async function decode(job: DecodeJob): Promise<Extract<DecodeReply, { ok: true }>["result"]> {
  switch (job.kind) {
    case "parquet": return (await import("./parquet.ts")).readParquet(job.bytes);
    case "arrow": return (await import("./arrow.ts")).readArrow(job.bytes);
    case "image": return (await import("./image-tensor.ts")).imageTensor(job.bytes, job.plan);
  }
}

let answered = true;
function reply(message: DecodeReply): void {
  if (answered) return;
  answered = true;
  parentPort!.postMessage(message, []);
}
function fail(error: unknown): void {
  if (error instanceof SlipwayError) reply({ ok: false, code: error.code, message: error.message, hint: error.hint });
  else reply({ ok: false, code: "server-failed", message: error instanceof Error ? `${error.message}\n${error.stack}` : String(error), hint: undefined });
}

let job: DecodeJob | undefined;
// hyparquet reads columns side by side: when one fails, another may never end, and its failure belong to nobody.
process.on("unhandledRejection", (error) => {
  if (job?.kind === "parquet") fail(tableFailure("Parquet", error));
});

parentPort!.on("message", async (given: DecodeJob) => {
  job = given;
  answered = false;
  try {
    const result = await decode(given);
    if (job === given) reply({ ok: true, result });
  } catch (error) {
    if (job === given) fail(error);
  }
});
