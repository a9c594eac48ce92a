// A session spread over workers: each holds the whole model and computes one call at a time. A worker that ends, for
// whatever reason, loses only what it was computing (worker-lost) and is started again at once.

import { predictError, type EngineInput, type EngineTensor, type Session } from "@slipway/core/predict";
import { runtimeError } from "../errors.ts";
import { pythonError } from "../python/errors.ts";
import type { SessionOptions } from "../session.ts";
import { detached, SpareMemory, type Failure, type Feeds, type FromWorker, type ToWorker } from "./messages.ts";
import { startWorker, type WorkerHandle, type WorkerKind, type WorkerListener } from "./worker.ts";

export interface PoolOptions extends SessionOptions {
  readonly kind: WorkerKind;
  readonly instances: number;
}

interface Job {
  readonly feeds: Feeds;
  readonly outputs: readonly string[];
  readonly resolve: (result: Feeds) => void;
  readonly reject: (error: unknown) => void;
}

/** A worker that cannot be started again and again is given longer and longer pauses, up to this. */
const MAX_PAUSE_MS = 5000;
/** Of a worker's calls, kept for the next ones. */
const SPARE_BUFFERS = 2;

export interface PooledSession extends Session {
  /** Process ids, where workers are processes. */
  readonly pids: readonly number[];
  /** Workers started in place of ones that ended. */
  readonly restarts: number;
}

/** @throws SlipwayError runtime-load-failed, runtime-missing, worker-lost */
export function openPool(model: Uint8Array, { kind, instances, ...options }: PoolOptions): Promise<PooledSession> {
  return openPoolOf({ instances, open: { kind: "open", model, options }, start: (listener) => startWorker(kind, listener), transfers: kind === "thread" });
}

/** Workers of any kind. */
export interface PoolParts {
  readonly instances: number;
  readonly start: (listener: WorkerListener) => WorkerHandle;
  /** What each is told first. */
  readonly open: ToWorker;
  /** Whether tensors are handed over rather than copied. */
  readonly transfers?: boolean;
}

export async function openPoolOf(parts: PoolParts): Promise<PooledSession> {
  const pool = new Pool(parts);
  await pool.start();
  return pool;
}

class Pool implements PooledSession {
  inputs: readonly EngineInput[] = [];
  outputNames: readonly string[] = [];
  restarts = 0;
  readonly concurrency: number;
  readonly #parts: PoolParts;
  readonly #members: Member[];
  readonly #waiting: Job[] = [];
  readonly #spare: SpareMemory;
  #closed = false;

  constructor(parts: PoolParts) {
    this.#parts = parts;
    this.concurrency = parts.instances;
    this.#members = Array.from({ length: parts.instances }, () => new Member());
    this.#spare = new SpareMemory(parts.instances * SPARE_BUFFERS);
  }

  get pids(): readonly number[] {
    return this.#members.flatMap((m) => m.handle?.pid ?? []);
  }

  async start(): Promise<void> {
    try {
      await Promise.all(this.#members.map((m) => this.#open(m)));
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  run(feeds: Feeds, outputs: readonly string[]): Promise<Readonly<Record<string, EngineTensor>>> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ feeds, outputs, resolve, reject });
      this.#dispatch();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const job of this.#waiting.splice(0)) job.reject(runtimeError("model-closed", "the model was closed"));
    await Promise.all(this.#members.map((m) => m.handle?.end()));
  }

  #dispatch(): void {
    for (const member of this.#members) {
      if (this.#waiting.length === 0) return;
      if (!member.ready || member.job !== undefined) continue;
      const job = this.#waiting.shift()!;
      member.job = job;
      const { tensors, transfer } = this.#parts.transfers === true ? detached(job.feeds, this.#spare) : { tensors: job.feeds, transfer: [] };
      member.handle!.send({ kind: "run", id: ++member.id, feeds: tensors, outputs: job.outputs }, transfer);
    }
  }

  /** Starts a member's worker and has it load the model. */
  #open(member: Member): Promise<void> {
    return new Promise((resolve, reject) => {
      const handle = this.#parts.start({
        message: (message) => this.#take(member, message, resolve, reject),
        ended: (reason) => {
          const lost = runtimeError("worker-lost", `the worker that computed this ended: ${reason}`, { hint: "It is started again; ask again." });
          reject(lost);
          this.#ended(member, lost);
        },
      });
      member.handle = handle;
      handle.send(this.#parts.open);
    });
  }

  #take(member: Member, message: FromWorker, opened: () => void, refused: (error: unknown) => void): void {
    if (message.kind === "opened") {
      this.inputs = message.inputs;
      this.outputNames = message.outputNames;
      member.ready = true;
      member.failures = 0;
      opened();
      this.#dispatch();
    } else if (message.kind === "refused") {
      refused(toError(message.failure));
      void member.handle?.end();
    } else if (message.id === member.id && member.job !== undefined) {
      const { job } = member;
      member.job = undefined;
      if (message.kind === "done") {
        this.#spare.give(message.spent ?? []);
        job.resolve(message.outputs);
      }
      else job.reject(toError(message.failure));
      this.#dispatch();
    }
  }

  #ended(member: Member, lost: Error): void {
    const { job } = member;
    const wasReady = member.ready;
    member.ready = false;
    member.job = undefined;
    job?.reject(lost);
    if (this.#closed || (!wasReady && member.failures === 0 && this.restarts === 0)) return;
    this.restarts++;
    const pause = member.failures === 0 ? 0 : Math.min(MAX_PAUSE_MS, 50 * 2 ** member.failures);
    member.failures++;
    setTimeout(() => {
      if (!this.#closed) this.#open(member).catch(() => undefined);
    }, pause).unref();
  }
}

class Member {
  handle: WorkerHandle | undefined;
  ready = false;
  /** Of the last job sent. */
  id = 0;
  job: Job | undefined;
  /** Starts in a row that came to nothing. */
  failures = 0;
}

function toError({ code, message, hint }: Failure): Error {
  const details = hint === undefined ? {} : { hint };
  if (code === "runtime-missing" || code === "provider-unavailable") return runtimeError(code, message, details);
  if (code === "python-load-failed" || code === "python-failed") return pythonError(code, message, details);
  return predictError(code === "runtime-load-failed" ? code : "runtime-failed", message, details);
}
