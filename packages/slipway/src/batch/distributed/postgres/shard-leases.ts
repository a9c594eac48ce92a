// Shards lent to workers, each for a time, under a token that grows with every lease of that shard. Whatever a worker does at
// the end of a lease is done only where the token is still its own, in the transaction that looks: one that comes back late
// changes nothing.

import type { Database } from "../../../database/index.ts";
import type { Part } from "../../run/messages.ts";

export interface Lease {
  readonly shard: number;
  readonly token: number;
  /** This one included; more than one: processes ended or failed with it. */
  readonly attempts: number;
}
export interface Committed {
  readonly rows: number;
  readonly bad: number;
}
const MAX_REASON = 2000;

export class ShardLeases {
  readonly #database: Database;
  readonly #run: string;
  readonly #worker: string;
  readonly #attempts: number;
  readonly #leaseMs: number;

  constructor(database: Database, run: string, worker: string, { attempts, leaseMs }: { readonly attempts: number; readonly leaseMs: number }) {
    this.#database = database;
    this.#run = run;
    this.#worker = worker;
    this.#attempts = attempts;
    this.#leaseMs = leaseMs;
  }
  #change<T>(work: (tx: Database) => Promise<T>): Promise<T> {
    return this.#database.transaction(work, "rows");
  }

  /** A shard that waits, or whose lease is over; those that were tried least come first. */
  take(): Promise<Lease | undefined> {
    return this.#change(async (tx) => {
      const [lease] = await tx.query<Lease & object>(`with free as (
          select shard from batch_shards where run = $1 and attempts < $3 and (state = 'waiting' or (state = 'leased' and lease_until < now()))
            and exists (select 1 from batch_runs where id = $1 and state = 'open')
          order by attempts, shard limit 1 for update skip locked)
        update batch_shards s set state = 'leased', token = s.token + 1, attempts = s.attempts + 1, worker = $2, lease_until = now() + $4 * interval '1 millisecond',
          reason = case when s.state = 'leased' then left(concat(s.reason || '; ', s.worker, ' did not come back'), $5) else s.reason end
        from free where s.run = $1 and s.shard = free.shard returning s.shard, s.token, s.attempts`, [this.#run, this.#worker, this.#attempts, this.#leaseMs, MAX_REASON]);
      if (lease === undefined) await this.#setAsideLost(tx);
      return lease;
    });
  }
  /** Shards whose last lease ended without a word. */
  async #setAsideLost(tx: Database): Promise<void> {
    const lost = await tx.query("update batch_shards set state = 'aside', reason = left(concat(reason || '; ', worker, ' did not come back'), $3) where run = $1 and state = 'leased' and lease_until < now() and attempts >= $2 returning shard", [this.#run, this.#attempts, MAX_REASON]);
    if (lost.length > 0) await tx.query("update batch_runs set aside = aside + $2 where id = $1", [this.#run, lost.length]);
  }

  /** Those that are still this worker's are its own for longer. */
  async renew(leases: readonly Lease[]): Promise<void> {
    await this.#change((tx) => tx.query("update batch_shards set lease_until = now() + $3 * interval '1 millisecond' where run = $1 and state = 'leased' and concat(shard, ':', token) = any (string_to_array($2, ' '))", [this.#run, namesOf(leases), this.#leaseMs]));
  }
  /** What the run has now; undefined: the lease was lost, and another makes or made this shard. */
  commit(lease: Lease, part: Part): Promise<Committed | undefined> {
    return this.#change(async (tx): Promise<Committed | undefined> => {
      const done = await tx.query("update batch_shards set state = 'done', part = $4, lease_until = null where run = $1 and shard = $2 and token = $3 and state = 'leased' returning shard", [this.#run, lease.shard, lease.token, JSON.stringify(part)]);
      if (done.length === 0) {
        // The connection may have broken when it was kept already.
        const [kept] = await tx.query<Committed & object>("select rows, bad from batch_runs where id = $1 and exists (select 1 from batch_shards where run = $1 and shard = $2 and token = $3 and state = 'done')", [this.#run, lease.shard, lease.token]);
        return kept;
      }
      const [now] = await tx.query<Committed & object>("update batch_runs set done = done + 1, rows = rows + $2, bad = bad + $3 where id = $1 returning rows, bad", [this.#run, part.rows, part.bad]);
      return now;
    });
  }
  /** It could not be made; after its last attempt it is set aside. */
  async fail(lease: Lease, reason: string): Promise<void> {
    await this.#change(async (tx) => {
      const [now] = await tx.query<{ state: string }>("update batch_shards set state = case when attempts >= $4 then 'aside' else 'waiting' end, lease_until = null, reason = left($5, $6) where run = $1 and shard = $2 and token = $3 and state = 'leased' returning state", [this.#run, lease.shard, lease.token, this.#attempts, reason, MAX_REASON]);
      if (now?.state === "aside") await tx.query("update batch_runs set aside = aside + 1 where id = $1", [this.#run]);
    });
  }
  /** Without a word about them: this worker ends, they are as they were. */
  async giveBack(leases: readonly Lease[]): Promise<void> {
    if (leases.length > 0) await this.#change((tx) => tx.query("update batch_shards set state = 'waiting', attempts = attempts - 1, lease_until = null where run = $1 and state = 'leased' and concat(shard, ':', token) = any (string_to_array($2, ' '))", [this.#run, namesOf(leases)]));
  }
}

function namesOf(leases: readonly Lease[]): string {
  return leases.map(({ shard, token }) => `${shard}:${token}`).join(" ");
}
