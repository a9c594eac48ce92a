// Shards into parts: the one loop over them, whether they come from this process, from a database that many share or by an
// index. What differs is where a shard is taken and where its part is committed.

import type { SlipwayError } from "@slipway/core/base";
import type { Part, ShardKey, ShardWork, WorkerSetup } from "./messages.ts";
import { ShardPool } from "./pool.ts";

export interface ShardQueue {
  /** The next shard to make; undefined: there is none (now). */
  take(): Promise<TakenShard | undefined>;
  /** Its part's files are there under their names. */
  commit(part: Part): Promise<void> | void;
  /** It could not be made. @throws where that ends the work */
  failed(of: ShardKey, error: SlipwayError): Promise<void> | void;
}
export interface TakenShard {
  readonly work: ShardWork;
  /** Processes ended that had it in hand: nothing else is in hand meanwhile. */
  readonly suspect?: boolean;
}

/** Until there is no shard to take. `abort`: ends at once. @throws what the queue or a thread threw, or the signal's reason */
export async function makeParts(queue: ShardQueue, threads: number, setup: WorkerSetup, abort?: AbortSignal): Promise<void> {
  const pool = await ShardPool.start(threads, setup, { part: (part) => queue.commit(part), failed: (of, error) => queue.failed(of, error) });
  abort?.addEventListener("abort", () => pool.fail(abort.reason), { once: true });
  try {
    for (;;) {
      await pool.room();
      const taken = await queue.take();
      if (taken === undefined) break;
      if (taken.suspect === true) await pool.done();
      await pool.add(taken.work);
      if (taken.suspect === true) await pool.done();
    }
    await pool.done();
  } finally {
    await pool.close();
  }
}
