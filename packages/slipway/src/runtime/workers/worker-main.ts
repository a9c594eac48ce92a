// The other side of a worker pool: a thread or a process that holds one session and computes what it is asked.

import { parentPort } from "node:worker_threads";
import { SlipwayError } from "@slipway/core/base";
import type { Session } from "@slipway/core/predict";
import { openSession } from "../session.ts";
import { detached, type Failure, type FromWorker, type ToWorker } from "./messages.ts";

let session: Session | undefined;

function send(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  if (parentPort !== null) parentPort.postMessage(message, transfer);
  else process.send?.(message);
}

function failure(error: unknown): Failure {
  if (error instanceof SlipwayError) return { code: error.code, message: error.message, hint: error.hint };
  return { code: "runtime-failed", message: error instanceof Error ? error.message : String(error), hint: undefined };
}

async function take(message: ToWorker): Promise<void> {
  if (message.kind === "open") {
    try {
      session = await openSession(message.model, message.options);
      send({ kind: "opened", inputs: session.inputs, outputNames: session.outputNames });
    } catch (error) {
      send({ kind: "refused", failure: failure(error) });
    }
    return;
  }
  try {
    const before = performance.now();
    const result = await session!.run(message.feeds, message.outputs);
    const ms = performance.now() - before;
    const { tensors, transfer } = detached(result);
    const spent = parentPort === null ? undefined : Object.values(message.feeds).flatMap(({ data }) => (Array.isArray(data) ? [] : [data.buffer as ArrayBuffer]));
    send({ kind: "done", id: message.id, ms, outputs: tensors, ...(spent && { spent }) }, [...transfer, ...(spent ?? [])]);
  } catch (error) {
    send({ kind: "failed", id: message.id, failure: failure(error) });
  }
}

if (parentPort !== null) parentPort.on("message", (message: ToWorker) => void take(message));
else {
  process.on("message", (message: ToWorker) => void take(message));
  // The server has gone, whatever took it.
  process.on("disconnect", () => process.exit(0));
  // Ctrl-C reaches the whole group: the server drains and then ends its workers.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => undefined);
}
