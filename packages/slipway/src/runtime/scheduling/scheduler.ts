// Small batches of one model share engine calls. Nobody waits for company while the engine is idle: what arrives in one
// turn of the event loop goes together, and what arrives while all slots are busy goes into the next call. Rows are
// counted, not requests; everyone gets their own rows back. What has expired or was cancelled is dropped before it runs.
// If a shared call fails, each batch is computed alone, so that one cannot fail another.

import type { Batch, Prediction } from "@slipway/core/predict";
import { runtimeError } from "../errors.ts";
import type { Cost } from "./cost.ts";
import { joinBatches, rowsOf } from "./join.ts";
import type { BatchingOptions } from "./options.ts";
import type { Slots } from "./slots.ts";

export interface Asking {
  /** Throws when the answer is of no more use. */
  readonly signal?: Pick<AbortSignal, "throwIfAborted"> | undefined;
  /** 1 is first. */
  readonly priority?: number | undefined;
  /** Of this request in the queue, in microseconds. */
  readonly timeoutMicroseconds?: number | undefined;
}

interface Waiting {
  readonly batch: Batch;
  readonly asking: Asking;
  readonly since: number;
  /** performance.now() at which its time in the queue is over. */
  readonly until: number;
  readonly resolve: (prediction: Prediction) => void;
  readonly reject: (error: unknown) => void;
}

/** What runs: `compute` one engine call. */
export type Compute = (batch: Batch) => Promise<Prediction>;

/** A call that takes longer would hold up what arrives meanwhile. */
const TURN_MS = 8;
const MAX_SHARED_ROWS = 1024;
/** Without a limit of requests: what waits may take so long. */
const MAX_WAIT_MS = 1000;
/** However slow the model: a queue that is shorter than this always takes one more, per slot. */
const MIN_QUEUE = 4;

/** Requests waiting, over all choices of outputs of one model. */
export interface Load {
  requests: number;
  rows: number;
}

export class Scheduler {
  readonly #compute: Compute;
  readonly #slots: Slots;
  readonly #cost: Cost;
  readonly #load: Load;
  readonly #options: BatchingOptions;
  readonly #queues: Waiting[][];
  readonly #late: Waiting[] = [];
  #due = false;

  constructor(compute: Compute, shared: { readonly slots: Slots; readonly cost: Cost; readonly load: Load; readonly options: BatchingOptions }) {
    this.#compute = compute;
    this.#slots = shared.slots;
    this.#cost = shared.cost;
    this.#load = shared.load;
    this.#options = shared.options;
    this.#queues = Array.from({ length: Math.max(1, shared.options.priorityLevels ?? 1) }, () => []);
  }

  /** @throws SlipwayError overloaded, at once and without waiting */
  add(batch: Batch, asking: Asking = {}): Promise<Prediction> {
    admit(this.#load, this.#slots, this.#cost, this.#options);
    const since = performance.now();
    const { defaultTimeoutMicroseconds: standard = Infinity, allowTimeoutOverride = true } = this.#options;
    const timeout = allowTimeoutOverride ? Math.min(standard, asking.timeoutMicroseconds ?? Infinity) : standard;
    this.#load.requests++;
    this.#load.rows += batch.rows;
    return new Promise((resolve, reject) => {
      this.#queues[this.#level(asking.priority)]!.push({ batch, asking, since, until: since + timeout / 1000, resolve, reject });
      this.#arrange();
    });
  }

  #level(asked: number | undefined): number {
    const levels = this.#queues.length;
    const level = asked === undefined || asked === 0 ? (this.#options.defaultPriorityLevel ?? Math.ceil(levels / 2)) : asked;
    return Math.min(levels, Math.max(1, Math.floor(level))) - 1;
  }

  #arrange(): void {
    if (this.#due) return;
    this.#due = true;
    const delay = this.#options.maxQueueDelayMicroseconds ?? 0;
    if (delay > 0 && this.#rowsWaiting() < this.#limit()) setTimeout(() => void this.#pump(), Math.max(1, delay / 1000));
    else setImmediate(() => void this.#pump());
  }

  #rowsWaiting(): number {
    return this.#queues.reduce((n, q) => n + q.reduce((m, w) => m + w.batch.rows, 0), 0);
  }

  /** Rows of one call. */
  #limit(): number {
    const { maxBatchSize = MAX_SHARED_ROWS } = this.#options;
    if (!this.#cost.known) return maxBatchSize;
    // Where one row alone takes longer than a turn, company is worth it only while it is nearly free.
    return Math.max(1, Math.min(maxBatchSize, this.#cost.rowsWithin(Math.max(TURN_MS, 2 * this.#cost.of(1)))));
  }

  async #pump(): Promise<void> {
    for (;;) {
      if (this.#queues.every((q) => q.length === 0) && this.#late.length === 0) break;
      if (!this.#slots.tryTake()) await this.#slots.take();
      const group = this.#next();
      if (group.length === 0) {
        this.#slots.give();
        continue;
      }
      const done = this.#together(group).finally(() => this.#slots.give());
      if (this.#options.preserveOrdering === true) await done;
    }
    this.#due = false;
  }

  /** What goes into the next call, without what has become pointless. */
  #next(): Waiting[] {
    const group: Waiting[] = [];
    const limit = this.#limit();
    let rows = 0;
    for (const queue of [...this.#queues, this.#late]) {
      // Who is late goes only where nothing else waits.
      if (queue === this.#late && group.length > 0) break;
      let taken = 0;
      for (; taken < queue.length; taken++) {
        const waiting = queue[taken]!;
        if (group.length > 0 && rows + waiting.batch.rows > limit) break;
        if (this.#drop(waiting, queue === this.#late)) continue;
        group.push(waiting);
        rows += waiting.batch.rows;
      }
      queue.splice(0, taken);
      if (rows >= limit) break;
    }
    return group;
  }

  #drop(waiting: Waiting, late: boolean): boolean {
    try {
      waiting.asking.signal?.throwIfAborted();
      const now = performance.now();
      if (late || now <= waiting.until) {
        this.#leave(waiting);
        return false;
      }
      if (this.#options.timeoutAction === "DELAY") {
        this.#late.push(waiting);
        return true;
      }
      throw runtimeError("queue-timeout", `the request waited ${Math.round(now - waiting.since)} ms in the queue, longer than it may`, { hint: "Ask again, allow it more time, or give the model more instances." });
    } catch (error) {
      this.#leave(waiting);
      waiting.reject(error);
      return true;
    }
  }

  #leave(waiting: Waiting): void {
    this.#load.requests--;
    this.#load.rows -= waiting.batch.rows;
  }

  async #together(group: readonly Waiting[]): Promise<void> {
    const started = performance.now();
    const queued = (w: Waiting): number => started - w.since;
    if (group.length > 1) {
      try {
        const rows = group.reduce((n, w) => n + w.batch.rows, 0);
        const prediction = await this.#compute(joinBatches(group.map((w) => w.batch), rows));
        let at = 0;
        for (const w of group) {
          w.resolve({ ...rowsOf(prediction, at, w.batch.rows), queueMs: queued(w), batchRows: rows });
          at += w.batch.rows;
        }
        return;
      } catch {
        // Whose rows it was is not known: each is asked alone below.
      }
    }
    for (const w of group) await this.#compute(w.batch).then((p) => w.resolve({ ...p, queueMs: queued(w), batchRows: w.batch.rows }), w.reject);
  }
}

/** @throws SlipwayError overloaded */
export function admit(load: Load, slots: Slots, cost: Cost, options: BatchingOptions): void {
  if (!slots.allBusy || load.requests < MIN_QUEUE * slots.size) {
    if (options.maxQueueSize === undefined || load.requests < options.maxQueueSize) return;
  }
  const waitMs = cost.of(load.rows) / slots.size;
  if (options.maxQueueSize === undefined ? waitMs < MAX_WAIT_MS : load.requests < options.maxQueueSize) return;
  throw runtimeError("overloaded", `${load.requests} requests wait for this model, about ${Math.max(1, Math.round(waitMs))} ms of work`, {
    hint: "Ask again after the time in Retry-After, or run more replicas.", data: { retryAfterMs: Math.ceil(waitMs) } });
}
