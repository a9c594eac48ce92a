// Decoding of binary bodies in a thread of its own, one at a time: bounded in memory by the thread's heap, in time by
// the request's deadline, in number by a queue. The thread ends when nothing has come for a while.

import { Worker } from "node:worker_threads";
import { audioError, type AudioTensor } from "@slipway/core/audio";
import type { AudioInput } from "@slipway/core/package";
import { serverError } from "../errors.ts";
import { predictError, type ImagePlan, type ImageTensor } from "@slipway/core/predict";
import { MAX_HEAP_MB } from "./limits.ts";
import type { Table } from "./table.ts";

export type DecodeJob =
  | { readonly kind: "parquet" | "arrow"; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: "image"; readonly bytes: Uint8Array<ArrayBuffer>; readonly plan: ImagePlan }
  | { readonly kind: "audio"; readonly bytes: Uint8Array<ArrayBuffer>; readonly input: AudioInput };
type Decoded = Table | ImageTensor | AudioTensor;
/** `begun`: the thread runs and has its reader; the job's time begins. */
export type DecodeMessage = { readonly begun: true } | DecodeReply;
export type DecodeReply =
  | { readonly ok: true; readonly result: Decoded }
  | { readonly ok: false; readonly code: string; readonly message: string; readonly hint: string | undefined };

const MAX_WAITING = 64;
/** A table or an image that takes longer was made to. Counted from when the thread has begun, not from when it was started. */
const MAX_MS = 10_000;
/** For a thread to start and load what it reads with, on a machine that is busy with other things. */
const MAX_START_MS = 60_000;
const IDLE_MS = 30_000;
const fromSource = import.meta.url.endsWith(".ts");
const MAIN = new URL(fromSource ? "./decode-main.ts" : "./decode-main.js", import.meta.url);
const AUDIO_CODES = ["audio-damaged", "audio-encoding", "audio-limit"] as const;
const CODES = ["table-damaged", "image-damaged", "body-too-large"] as const;

let worker: Worker | undefined;
let waiting = 0;
let last: Promise<unknown> = Promise.resolve();
let idle: NodeJS.Timeout | undefined;

export async function decodeTable(kind: "parquet" | "arrow", bytes: Uint8Array, deadline: number): Promise<Table> {
  return (await queued({ kind, bytes: new Uint8Array(bytes) }, deadline)) as Table;
}
export async function decodeImage(bytes: Uint8Array, plan: ImagePlan, deadline: number): Promise<ImageTensor> {
  return (await queued({ kind: "image", bytes: new Uint8Array(bytes), plan }, deadline)) as ImageTensor;
}

export async function decodeAudio(bytes: Uint8Array, input: AudioInput, deadline: number): Promise<AudioTensor> {
  return (await queued({ kind: "audio", bytes: new Uint8Array(bytes), input }, deadline)) as AudioTensor;
}

/** @throws SlipwayError decoder-busy, request-timeout, body-too-large, table-damaged, image-damaged */
async function queued(job: DecodeJob, deadline: number): Promise<Decoded> {
  if (waiting >= MAX_WAITING) throw serverError("decoder-busy", `${waiting} binary bodies wait to be decoded`, { hint: "Ask again later, or send CSV or JSON." });
  waiting++;
  clearTimeout(idle);
  const turn = last.then(() => decode(job, deadline));
  last = turn.catch(() => undefined);
  try {
    return await turn;
  } finally {
    waiting--;
    if (waiting === 0) {
      idle = setTimeout(() => void stopDecoder(), IDLE_MS);
      idle.unref();
    }
  }
}

/** The thread, if there is one, ends. */
export async function stopDecoder(): Promise<void> {
  const ending = worker;
  worker = undefined;
  await ending?.terminate();
}

function decode(job: DecodeJob, deadline: number): Promise<Decoded> {
  const left = (most: number): number => Math.min(deadline - performance.now(), most);
  const late = (): Error => serverError("request-timeout", "decoding the body took longer than its time", { hint: "Send less in one request, or allow more time." });
  if (left(MAX_START_MS) <= 0) throw late();
  worker ??= new Worker(MAIN, { execArgv: fromSource ? ["--conditions=@slipway/source"] : [], resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB } });
  const thread = worker;
  thread.ref();
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void, gone: boolean): void => {
      clearTimeout(timer);
      thread.off("message", onMessage);
      thread.off("error", onError);
      thread.off("exit", onExit);
      if (gone) {
        if (worker === thread) worker = undefined;
        thread.on("error", () => undefined);
        void thread.terminate();
      } else thread.unref();
      finish();
    };
    const endsWithin = (ms: number): NodeJS.Timeout => setTimeout(() => settle(() => reject(late()), true), ms);
    const onMessage = (message: DecodeMessage): void => {
      if ("begun" in message) {
        clearTimeout(timer);
        timer = endsWithin(left(MAX_MS));
      } else settle(() => (message.ok ? resolve(message.result) : reject(failure(message))), false);
    };
    const onError = (cause: Error & { code?: string }): void => settle(() => reject(cause.code === "ERR_WORKER_OUT_OF_MEMORY"
      ? serverError("body-too-large", "the body needs more memory to decode than is allowed", { hint: "Send it in parts." }) : cause), true);
    const onExit = (): void => settle(() => reject(serverError("server-failed", "the decoding thread ended")), true);
    let timer = endsWithin(left(MAX_START_MS));
    thread.on("message", onMessage);
    thread.on("error", onError);
    thread.on("exit", onExit);
    thread.postMessage(job, [job.bytes.buffer]);
  });
}

function failure(reply: Extract<DecodeReply, { ok: false }>): Error {
  if (reply.code === "request-limit") return predictError("request-limit", reply.message, { hint: reply.hint });
  const audio = AUDIO_CODES.find((c) => c === reply.code);
  if (audio !== undefined) return audioError(audio, reply.message, { hint: reply.hint });
  const code = CODES.find((c) => c === reply.code);
  return code === undefined ? new Error(reply.message) : serverError(code, reply.message, { hint: reply.hint });
}
