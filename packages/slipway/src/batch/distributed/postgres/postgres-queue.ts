// A worker's hands on one run: shards under leases that are kept alive while it works on them.

import { randomBytes } from "node:crypto";
import { SlipwayError } from "@slipway/core/base";
import { batchError } from "../../errors.ts";
import type { ShardQueue, TakenShard } from "../../run/make-parts.ts";
import type { Part, ShardKey } from "../../run/messages.ts";
import type { OpenRun } from "../run-home.ts";
import { isStorageAway, patiently, type Waiting } from "./patience.ts";
import type { Committed, Lease, ShardLeases } from "./shard-leases.ts";

/** A lease is renewed so often before it would end. */
const RENEWALS = 3;
/** From this attempt on a shard may be what ends processes. */
const SUSPECT = 3;
/** A shard that takes longer stands still. */
const LONGEST_MS = 15 * 60_000;

interface Held {
  readonly lease: Lease;
  readonly since: number;
}

export interface QueueOptions {
  readonly run: OpenRun;
  readonly leases: ShardLeases;
  readonly leaseMs: number;
  /** No more shards are taken. */
  readonly stop: AbortSignal;
  /** Its `stop`: nothing is waited for any more. */
  readonly waiting: Waiting;
  /** What the run has with each part. */
  readonly onCommit: (now: Committed) => Promise<void>;
}

export class PostgresQueue implements ShardQueue {
  readonly #run: OpenRun;
  readonly #leases: ShardLeases;
  readonly #waiting: Waiting;
  readonly #onCommit: (now: Committed) => Promise<void>;
  readonly #stuck = new AbortController();
  readonly #stop: AbortSignal;
  readonly #held = new Map<string, Held>();
  readonly #timer: NodeJS.Timeout;
  #ahead: TakenShard | undefined;
  /** Parts that this worker committed. */
  committed = 0;

  constructor({ run, leases, leaseMs, stop, waiting, onCommit }: QueueOptions) {
    this.#run = run;
    this.#leases = leases;
    this.#waiting = waiting;
    this.#onCommit = onCommit;
    this.#stop = stop;
    this.#timer = setInterval(() => void this.#renew(), leaseMs / RENEWALS);
  }

  /** A shard stands still: the threads have to be ended. */
  get stuck(): AbortSignal {
    return this.#stuck.signal;
  }
  /** Whether there is a shard to take: it is taken, and comes first. */
  async begin(): Promise<boolean> {
    this.#ahead = await this.take();
    return this.#ahead !== undefined;
  }
  async take(): Promise<TakenShard | undefined> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    if (ahead !== undefined) return ahead;
    while (!this.#stop.aborted) {
      const lease = await patiently(this.#waiting, () => this.#leases.take());
      if (lease === undefined) return undefined;
      // The number alone would do within one database; nobody else's file has this name.
      const token = `${lease.token}-${randomBytes(4).toString("hex")}`;
      this.#held.set(token, { lease, since: performance.now() });
      try {
        return { work: await this.#run.work(lease.shard, token), suspect: lease.attempts >= SUSPECT };
      } catch (error) {
        if (!(error instanceof SlipwayError) || isStorageAway(error)) throw error;
        await this.failed({ shard: lease.shard, token }, error);
      }
    }
    return undefined;
  }
  async commit(part: Part): Promise<void> {
    const held = this.#held.get(part.token!);
    if (held !== undefined) await this.#run.keep(part);
    const kept = held === undefined ? undefined : await patiently(this.#waiting, () => this.#leases.commit(held.lease, part));
    this.#held.delete(part.token!);
    if (kept === undefined) return this.#run.drop(part);
    this.committed++;
    await patiently(this.#waiting, () => this.#onCommit(kept));
  }
  async failed(of: ShardKey, error: SlipwayError): Promise<void> {
    const held = this.#held.get(of.token!);
    this.#held.delete(of.token!);
    if (held !== undefined) await patiently(this.#waiting, () => this.#leases.fail(held.lease, `${error.message} [${error.code}]`));
    await this.#run.drop(of);
  }

  async #renew(): Promise<void> {
    const now = performance.now();
    const held = [...this.#held.values()];
    if (held.some((h) => now - h.since > LONGEST_MS)) this.#stuck.abort(batchError("batch-worker-failed", `a shard took more than ${LONGEST_MS / 60_000} minutes`, { hint: "Make shards smaller: --shard-mb." }));
    const leases = held.map((h) => h.lease);
    // Where the database is away, whoever comes first when it is back has the shard.
    if (leases.length > 0) await this.#leases.renew(leases).catch(() => undefined);
  }
  /** Gives back what is in hand. `error`: why it could not be made. */
  async close(error?: SlipwayError): Promise<void> {
    clearInterval(this.#timer);
    const left = [...this.#held.values()].map((h) => h.lease);
    this.#held.clear();
    try {
      // Where this worker alone is refused others may do better; where all are, that is said at last.
      if (error === undefined || error.code === "batch-source-unavailable") await this.#leases.giveBack(left);
      else for (const lease of left) await this.#leases.fail(lease, `${error.message} [${error.code}]`);
    } catch {
      // Their leases end by themselves.
    }
  }
}
