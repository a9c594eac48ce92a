// The thread that decodes: binary bodies are foreign and large, and the event loop must stay free.

import { parentPort } from "node:worker_threads";
import { SlipwayError } from "@slipway/core/base";
import type { DecodeJob, DecodeMessage, DecodeReply } from "./decoder.ts";
import { tableFailure } from "./table.ts";

type Result = Extract<DecodeReply, { ok: true }>["result"];

/** Loads what the job is read with, which is no part of its time. */
async function readerOf(job: DecodeJob): Promise<() => Result | Promise<Result>> {
  switch (job.kind) {
    case "parquet": {
      const { readParquet } = await import("./parquet.ts");
      return () => readParquet(job.bytes);
    }
    case "arrow": {
      const { readArrow } = await import("./arrow.ts");
      return () => readArrow(job.bytes);
    }
    case "image": {
      const { imageTensor } = await import("./image-tensor.ts");
      return () => imageTensor(job.bytes, job.plan);
    }
    case "audio": {
      const { readWav, soundTensor } = await import("@slipway/core/audio");
      return () => soundTensor(readWav(job.bytes), job.input);
    }
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
    const read = await readerOf(given);
    parentPort!.postMessage({ begun: true } satisfies DecodeMessage, []);
    const result = await read();
    if (job === given) reply({ ok: true, result });
  } catch (error) {
    if (job === given) fail(error);
  }
});
