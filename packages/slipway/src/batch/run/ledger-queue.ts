// The shards of a run on one machine: taken from the input as it is read, committed to the ledger of the run's folder.

import type { Ledger } from "./ledger.ts";
import { tooMany } from "./limits.ts";
import type { ShardQueue, TakenShard } from "./make-parts.ts";
import type { Part, ShardKey } from "./messages.ts";
import type { BatchOptions } from "./options.ts";
import type { Source, SourceWork } from "./source.ts";

export class LedgerQueue implements ShardQueue {
  readonly #ledger: Ledger;
  readonly #works: AsyncIterator<SourceWork>;
  readonly #total: number;
  readonly #options: Pick<BatchOptions, "maxErrors" | "onProgress">;
  /** Rows that an earlier process committed. */
  readonly resumed: number;
  /** So many were taken, or were committed before. */
  shards = 0;
  #rows: number;
  #bad: number;
  #read = 0;

  constructor(ledger: Ledger, { works, total }: Source, options: Pick<BatchOptions, "maxErrors" | "onProgress">) {
    const before = [...ledger.parts.values()];
    this.#ledger = ledger;
    this.#works = works[Symbol.asyncIterator]();
    this.#total = total;
    this.#options = options;
    this.resumed = this.#rows = before.reduce((n, p) => n + p.rows, 0);
    this.#bad = before.reduce((n, p) => n + p.bad, 0);
  }

  async take(): Promise<TakenShard | undefined> {
    while (!tooMany(this.#options.maxErrors, this.#bad, this.#rows, false)) {
      const { value: work, done } = await this.#works.next();
      if (done === true) break;
      this.shards++;
      this.#read = work.end;
      // Where a file broke is known before what comes behind it is made: it may be whole when the run is gone on with.
      if (!this.#ledger.parts.has(work.shard)) return { work, suspect: "broken" in work };
    }
    await this.#works.return?.();
    return undefined;
  }
  commit(part: Part): void {
    this.#ledger.commit(part);
    this.#rows += part.rows;
    this.#bad += part.bad;
    this.#options.onProgress?.({ rows: this.#rows, bad: this.#bad, share: this.#total === 0 ? 1 : Math.min(1, this.#read / this.#total), before: this.resumed });
  }
  failed(_: ShardKey, error: Error): never {
    throw error;
  }
}
