// A pod of an Indexed Job: makes the parts of its index that are not made yet, and ends.

import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { SlipwayError, type ErrorKind } from "@slipway/core/base";
import { batchError } from "../../errors.ts";
import { makeParts, type ShardQueue, type TakenShard } from "../../run/make-parts.ts";
import type { Part, ShardKey } from "../../run/messages.ts";
import { scratchFolder } from "../../run/scratch.ts";
import { readModel } from "../finish-shared.ts";
import { homeOf, type OpenRun } from "../run-home.ts";
import { shareOf } from "./index-shares.ts";
import { marksOf, type Marks } from "./marks.ts";

/** What another pod would fail with too. */
const FINAL: ReadonlySet<ErrorKind> = new Set(["invalid", "unsupported", "refused", "limit", "conflict"]);

export interface IndexOptions {
  /** The run's. */
  readonly folder: string;
  readonly index: number;
  readonly indexes: number;
  readonly threads: number;
  readonly stop: AbortSignal;
}
export interface IndexSummary {
  readonly parts: number;
  /** Shards that can never be made. */
  readonly unmade: readonly number[];
}

/** @throws SlipwayError batch-run-unreachable, batch-worker-failed where another pod may do better ... */
export async function runIndex({ folder, index, indexes, threads, stop }: IndexOptions): Promise<IndexSummary> {
  const open = await (await homeOf(folder, "")).open();
  const { run } = open;
  const temporary = scratchFolder("slipway-worker-");
  let queue: IndexQueue;
  try {
    const { bytes } = await readModel(run);
    queue = await IndexQueue.of(open, await marksOf(folder), index, indexes, stop);
    if (queue.left > 0) await makeParts(queue, Math.min(threads, queue.left), { ...run.setup, package: bytes, folder: run.folder, temporary });
  } finally {
    open.close();
    rmSync(temporary, { recursive: true, force: true });
  }
  if (queue.transient !== undefined) throw queue.transient;
  if (stop.aborted) throw batchError("batch-worker-failed", "it was told to stop; what it made is kept, and another pod goes on");
  return { parts: queue.parts, unmade: queue.unmade };
}

class IndexQueue implements ShardQueue {
  readonly #run: OpenRun;
  readonly #marks: Marks;
  readonly #index: number;
  readonly #stop: AbortSignal;
  readonly #todo: number[];
  parts = 0;
  readonly unmade: number[] = [];
  transient: SlipwayError | undefined;

  private constructor(run: OpenRun, marks: Marks, index: number, todo: number[], stop: AbortSignal) {
    this.#run = run;
    this.#marks = marks;
    this.#index = index;
    this.#todo = todo;
    this.#stop = stop;
  }
  static async of(run: OpenRun, marks: Marks, index: number, indexes: number, stop: AbortSignal): Promise<IndexQueue> {
    const [from, to] = shareOf(index, indexes, run.shards.length);
    const share = Array.from({ length: to - from }, (_, i) => from + i);
    const made = await marks.made(share);
    return new IndexQueue(run, marks, index, share.filter((shard) => !made.has(shard)), stop);
  }
  get left(): number {
    return this.#todo.length;
  }

  async take(): Promise<TakenShard | undefined> {
    while (!this.#stop.aborted) {
      const shard = this.#todo.shift();
      if (shard === undefined) break;
      const token = randomBytes(6).toString("hex");
      try {
        return { work: await this.#run.work(shard, token) };
      } catch (error) {
        if (!(error instanceof SlipwayError)) throw error;
        await this.failed({ shard, token }, error);
      }
    }
    return undefined;
  }
  async commit(part: Part): Promise<void> {
    await this.#run.keep(part);
    if (!(await this.#marks.recordMade(part))) await this.#run.drop(part);
    this.parts++;
  }
  async failed(of: ShardKey, error: SlipwayError): Promise<void> {
    await this.#marks.recordUnmade(of, this.#index, error);
    if (FINAL.has(error.kind)) this.unmade.push(of.shard);
    else this.transient ??= error;
  }
}
