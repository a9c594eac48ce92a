// A pod of an Indexed Job: makes the parts of its index that are not made yet, and ends.

import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { SlipwayError, type ErrorKind } from "@slipway/core/base";
import { batchError } from "../../errors.ts";
import { makeParts, type ShardQueue, type TakenShard } from "../../run/make-parts.ts";
import type { Part, ShardKey } from "../../run/messages.ts";
import { scratchFolder } from "../../run/scratch.ts";
import { readModel } from "../finish-shared.ts";
import { readShard, readShards, type ShardPlace } from "../shard-list.ts";
import { readRun, type SharedRun } from "../shared-run.ts";
import { isMade, recordMade, recordUnmade, shareOf } from "./index-shares.ts";

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
  const run = readRun(folder);
  const { bytes } = await readModel(run);
  const queue = new IndexQueue(run, readShards(run), index, indexes, stop);
  const temporary = scratchFolder("slipway-worker-");
  try {
    if (queue.left > 0) await makeParts(queue, Math.min(threads, queue.left), { ...run.setup, package: bytes, folder, temporary });
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  if (queue.transient !== undefined) throw queue.transient;
  if (stop.aborted) throw batchError("batch-worker-failed", "it was told to stop; what it made is kept, and another pod goes on");
  return { parts: queue.parts, unmade: queue.unmade };
}

class IndexQueue implements ShardQueue {
  readonly #run: SharedRun;
  readonly #shards: readonly ShardPlace[];
  readonly #index: number;
  readonly #stop: AbortSignal;
  readonly #todo: number[] = [];
  parts = 0;
  readonly unmade: number[] = [];
  transient: SlipwayError | undefined;

  constructor(run: SharedRun, shards: readonly ShardPlace[], index: number, indexes: number, stop: AbortSignal) {
    this.#run = run;
    this.#shards = shards;
    this.#index = index;
    this.#stop = stop;
    const [from, to] = shareOf(index, indexes, shards.length);
    for (let shard = from; shard < to; shard++) if (!isMade(run.folder, shard)) this.#todo.push(shard);
  }
  get left(): number {
    return this.#todo.length;
  }

  take(): Promise<TakenShard | undefined> {
    while (!this.#stop.aborted) {
      const shard = this.#todo.shift();
      if (shard === undefined) break;
      const token = randomBytes(6).toString("hex");
      try {
        return Promise.resolve({ work: readShard(this.#run, shard, this.#shards[shard]!, token) });
      } catch (error) {
        if (!(error instanceof SlipwayError)) throw error;
        this.failed({ shard, token }, error);
      }
    }
    return Promise.resolve(undefined);
  }
  commit(part: Part): void {
    recordMade(this.#run.folder, part);
    this.parts++;
  }
  failed(of: ShardKey, error: SlipwayError): void {
    recordUnmade(this.#run.folder, of, this.#index, error);
    if (FINAL.has(error.kind)) this.unmade.push(of.shard);
    else this.transient ??= error;
  }
}
