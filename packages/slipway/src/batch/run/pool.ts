// Threads that score shards, fed so that each has the next one waiting while memory stays bounded.

import { Worker } from "node:worker_threads";
import { SlipwayError } from "@slipway/core/base";
import { batchError } from "../errors.ts";
import { allowCollecting } from "./collect-young.ts";
import type { Part, ShardKey, ShardWork, WorkerAnswer, WorkerOrder, WorkerSetup } from "./messages.ts";

const fromSource = import.meta.url.endsWith(".ts");
const MAIN = new URL(fromSource ? "./worker.ts" : "./worker.js", import.meta.url);
// However the command was started: a checkout without a build has the packages' sources only.
const EXEC_ARGV = fromSource ? [...process.execArgv, "--conditions=@slipway/source"] : process.execArgv;
/** Shards that a thread has in hand: one that it works on and one that waits. */
const IN_HAND = 2;
/** For a thread to come to an end by itself: what an addon computes for it is waited for. */
const END_MS = 60_000;
/** Of a thread's short-lived objects. */
const YOUNG_MB = 4;

export interface PoolAnswers {
  /** A part's files are there. What it throws ends the pool. */
  part(part: Part): Promise<void> | void;
  /** A shard could not be made. What it throws ends the pool. */
  failed(of: ShardKey, error: SlipwayError): Promise<void> | void;
}

interface Thread {
  readonly worker: Worker;
  /** It has gone. */
  readonly ended: Promise<void>;
  inHand: number;
}

export class ShardPool {
  readonly #threads: Thread[] = [];
  readonly #answers: PoolAnswers;
  #failed: unknown;
  #wake: (() => void) | undefined;
  #closing = false;

  private constructor(answers: PoolAnswers) {
    this.#answers = answers;
  }

  /** @throws what a thread could not start with: SlipwayError batch-input-columns, runtime-load-failed ... */
  static async start(count: number, setup: WorkerSetup, answers: PoolAnswers): Promise<ShardPool> {
    const pool = new ShardPool(answers);
    try {
      await Promise.all(Array.from({ length: count }, () => pool.#start(setup)));
    } catch (error) {
      await pool.close();
      throw error;
    }
    return pool;
  }

  #start(setup: WorkerSetup): Promise<void> {
    allowCollecting();
    return new Promise((resolve, reject) => {
      const worker = new Worker(MAIN, { workerData: setup, execArgv: EXEC_ARGV, resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } });
      const thread: Thread = { worker, ended: new Promise((gone) => worker.once("exit", () => gone())), inHand: 0 };
      this.#threads.push(thread);
      thread.worker.on("message", (message: WorkerAnswer) => {
        if (this.#closing) return;
        if ("ready" in message) return resolve();
        if ("part" in message) return void this.#settle(thread, () => this.#answers.part(message.part));
        const { of, failure: { code, kind, message: text, where, hint } } = message;
        const error = new SlipwayError(code, kind, text, { ...(where === undefined ? {} : { where }), ...(hint === undefined ? {} : { hint }) });
        if (of !== undefined) return void this.#settle(thread, () => this.#answers.failed(of, error));
        reject(error);
        this.fail(error);
      });
      const ended = (cause?: unknown): void => {
        if (this.#closing) return;
        const error = batchError("batch-worker-failed", `a thread ended${cause instanceof Error ? `: ${cause.message}` : ""}`, { hint: "Go on with --resume; where it ends again, use fewer --threads or a smaller --shard-mb.", cause });
        reject(error);
        this.fail(error);
      };
      thread.worker.on("error", ended);
      thread.worker.on("exit", () => ended());
    });
  }

  /** The thread has room once its answer is dealt with. */
  async #settle(thread: Thread, answer: () => Promise<void> | void): Promise<void> {
    try {
      await answer();
    } catch (error) {
      this.fail(error);
    }
    thread.inHand--;
    this.#signal();
  }
  /** Whoever waits for it is told so. */
  fail(error: unknown): void {
    this.#failed ??= error;
    this.#signal();
  }
  #signal(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
  #turn(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  /** Waits until a thread has room. @throws what a thread or an answer threw */
  async room(): Promise<void> {
    while (this.#failed === undefined && this.#idlest().inHand >= IN_HAND) await this.#turn();
    if (this.#failed !== undefined) throw this.#failed as Error;
  }
  /** @throws as `room` */
  async add(work: ShardWork): Promise<void> {
    await this.room();
    const thread = this.#idlest();
    thread.inHand++;
    thread.worker.postMessage(work, "bytes" in work ? [work.bytes] : []);
  }
  #idlest(): Thread {
    return this.#threads.reduce((a, b) => (b.inHand < a.inHand ? b : a));
  }
  /** Waits until all is done. */
  async done(): Promise<void> {
    while (this.#failed === undefined && this.#threads.some((t) => t.inHand > 0)) await this.#turn();
    if (this.#failed !== undefined) throw this.#failed as Error;
  }
  /** What threads have in hand is lost. */
  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all(this.#threads.map(async ({ worker, ended }) => {
      worker.postMessage({ stop: true } satisfies WorkerOrder, []);
      const late = setTimeout(() => void worker.terminate(), END_MS);
      await ended;
      clearTimeout(late);
    }));
  }
}
