// The runs in the database: made, found by workers, ended by whoever holds the lease on their end.

import type { SlipwayError } from "@slipway/core/base";
import { migrate, openDatabase, type Database } from "../../../database/index.ts";
import { batchError } from "../../errors.ts";
import type { Failure, Part } from "../../run/messages.ts";
import type { BatchSummary } from "../../run/options.ts";
import type { SharedRun } from "../shared-run.ts";
import { BATCH_MIGRATIONS } from "./migrations.ts";

export interface RunSettings {
  /** As it was given. */
  readonly maxErrors: string;
  readonly leaseMs: number;
  /** So often a shard is tried. */
  readonly attempts: number;
}
export interface RunState extends RunSettings {
  readonly id: string;
  readonly folder: string;
  /** Where its summary will be, beside the output. */
  readonly record: string;
  readonly state: "open" | "done" | "failed" | "canceled";
  readonly shards: number;
  readonly done: number;
  readonly aside: number;
  readonly rows: number;
  readonly bad: number;
  readonly outcome: { readonly summary: BatchSummary } | { readonly failure: Failure } | undefined;
  /** Since it was made. */
  readonly seconds: number;
}
export interface AsideShard {
  readonly shard: number;
  readonly attempts: number;
  readonly reason: string;
}

const END_IS_FREE = "state = 'open' and done + aside = shards and (finish_until is null or finish_until < now())";
const COLUMNS = "id, folder, record, state, shards, done, aside, rows, bad, max_errors as \"maxErrors\", lease_ms as \"leaseMs\", attempts, outcome, cast(extract(epoch from now() - created_at) as double precision) as seconds";
/** Runs that have ended are known for so long. */
const KEPT_DAYS = 30;
/** Rows of one insert. */
const AT_ONCE = 10_000;

export class RunStore {
  readonly database: Database;

  private constructor(database: Database) {
    this.database = database;
  }
  /** @throws SlipwayError batch-database-needed, database-... */
  static async open(url: string | undefined): Promise<RunStore> {
    if (url === undefined || !/^postgres(?:ql)?:\/\//.test(url)) throw batchError("batch-database-needed", "processes that share a run need Postgres", { hint: "Set SLIPWAY_DATABASE_URL to postgres://USER:PASSWORD@HOST/NAME, the same for everyone." });
    const database = await openDatabase(url);
    try {
      await migrate(database, "batch", BATCH_MIGRATIONS);
    } catch (error) {
      await database.close();
      throw error;
    }
    return new RunStore(database);
  }
  close(): Promise<void> {
    return this.database.close();
  }

  /** The run open: made, or, where it is there, begun again where it ended without all of its shards. */
  async begin({ id, folder, shards, output }: SharedRun, { maxErrors, leaseMs, attempts }: RunSettings): Promise<void> {
    await this.database.transaction(async (tx) => {
      await tx.query("delete from batch_runs where state <> 'open' and ended_at < now() - $1 * interval '1 day'", [KEPT_DAYS]);
      await tx.query("insert into batch_runs (id, folder, record, state, shards, max_errors, lease_ms, attempts) values ($1, $2, $3, 'open', $4, $5, $6, $7) on conflict (id) do update set state = 'open', max_errors = excluded.max_errors, lease_ms = excluded.lease_ms, attempts = excluded.attempts, aside = 0, outcome = null, ended_at = null", [id, folder, output.record, shards, maxErrors, leaseMs, attempts]);
      for (let from = 0; from < shards; from += AT_ONCE) await tx.query("insert into batch_shards (run, shard) select $1, generate_series(cast($2 as integer), cast($3 as integer)) on conflict do nothing", [id, from, Math.min(shards, from + AT_ONCE) - 1]);
      await tx.query("update batch_shards set state = 'waiting', attempts = 0, reason = null where run = $1 and state = 'aside'", [id]);
    }, "rows");
  }
  async cancel(id: string): Promise<void> {
    await this.database.transaction((tx) => tx.query("update batch_runs set state = 'canceled', ended_at = now() where id = $1 and state = 'open'", [id]), "rows");
  }
  /** Ended before its end. */
  async fail(id: string, failure: Failure): Promise<void> {
    await this.database.transaction((tx) => tx.query("update batch_runs set state = 'failed', outcome = $2, ended_at = now() where id = $1 and state = 'open'", [id, JSON.stringify({ failure })]), "rows");
  }
  async read(id: string): Promise<RunState | undefined> {
    const [row] = await this.database.query<Row>(`select ${COLUMNS} from batch_runs where id = $1`, [id]);
    return row === undefined ? undefined : stateOf(row);
  }
  /** The oldest open run that has something to do, of all but `except`, or of `only`; and whether others go on. */
  async next(only: string | undefined, except: readonly string[]): Promise<RunState | undefined> {
    const [row] = await this.database.query<Row>(`select ${COLUMNS} from batch_runs r where state = 'open' and ($1 = '' or id = $1) and position(id in $2) = 0
      and ((done + aside = shards and (finish_until is null or finish_until < now())) or exists (select 1 from batch_shards s where s.run = r.id and (s.state = 'waiting' or (s.state = 'leased' and s.lease_until < now()))))
      order by created_at, id limit 1`, [only ?? "", except.join(" ")]);
    return row === undefined ? undefined : stateOf(row);
  }
  async anyOpen(except: readonly string[]): Promise<boolean> {
    return (await this.database.query("select id from batch_runs where state = 'open' and position(id in $1) = 0 limit 1", [except.join(" ")])).length > 0;
  }

  async parts(id: string): Promise<Part[]> {
    return (await this.database.query<{ part: string }>("select part from batch_shards where run = $1 and state = 'done' order by shard", [id])).map(({ part }) => JSON.parse(part) as Part);
  }
  setAside(id: string): Promise<AsideShard[]> {
    return this.database.query<AsideShard & object>("select shard, attempts, coalesce(reason, '') as reason from batch_shards where run = $1 and state = 'aside' order by shard", [id]);
  }
  /** Parts that were committed and whose files are gone are made again. */
  async forget(id: string, parts: readonly Part[]): Promise<void> {
    await this.database.transaction(async (tx) => {
      for (const { shard } of parts) {
        const [was] = await tx.query<{ part: string }>("update batch_shards s set state = 'waiting', attempts = 0 from (select part from batch_shards where run = $1 and shard = $2 for update) b where s.run = $1 and s.shard = $2 and s.state = 'done' returning b.part", [id, shard]);
        if (was === undefined) continue;
        const { rows, bad } = JSON.parse(was.part) as Part;
        await tx.query("update batch_runs set done = done - 1, rows = rows - $2, bad = bad - $3, finish_until = null where id = $1", [id, rows, bad]);
      }
    }, "rows");
  }

  /** Whether `claimEnd` would give it now. */
  async canClaimEnd(id: string): Promise<boolean> {
    return (await this.database.query(`select id from batch_runs where id = $1 and ${END_IS_FREE}`, [id])).length > 0;
  }
  /** The lease on the run's end, where every shard is done or set aside; undefined: there is nothing to end, or another has it. */
  async claimEnd(id: string): Promise<number | undefined> {
    const [claimed] = await this.database.transaction((tx) => tx.query<{ token: number }>(`update batch_runs set finish_token = finish_token + 1, finish_until = now() + lease_ms * interval '1 millisecond' where id = $1 and ${END_IS_FREE} returning finish_token as token`, [id]), "rows");
    return claimed?.token;
  }
  async renewEnd(id: string, token: number): Promise<void> {
    await this.database.transaction((tx) => tx.query("update batch_runs set finish_until = now() + lease_ms * interval '1 millisecond' where id = $1 and finish_token = $2 and state = 'open'", [id, token]), "rows");
  }
  /** Runs `act` once while nobody can take the lease from here; false: somebody has. */
  async fenced(id: string, token: number, act: () => Promise<void> | void): Promise<boolean> {
    let acted = false;
    return this.database.transaction(async (tx) => {
      const [held] = await tx.query("select id from batch_runs where id = $1 and finish_token = $2 and state = 'open' for update", [id, token]);
      if (held === undefined) return false;
      if (!acted) await act();
      acted = true;
      return true;
    }, "rows");
  }
  async end(id: string, token: number, outcome: NonNullable<RunState["outcome"]>): Promise<void> {
    await this.database.transaction((tx) => tx.query("update batch_runs set state = $3, outcome = $4, ended_at = now(), finish_until = null where id = $1 and finish_token = $2 and state = 'open'", [id, token, "summary" in outcome ? "done" : "failed", JSON.stringify(outcome)]), "rows");
  }
}

export function failureOf({ code, kind, message, where, hint }: SlipwayError): Failure {
  return { code, kind, message, where, hint };
}

type Row = Omit<RunState, "outcome"> & { readonly outcome: string | null };
function stateOf({ outcome, ...row }: Row): RunState {
  return { ...row, outcome: outcome === null ? undefined : JSON.parse(outcome) as NonNullable<RunState["outcome"]> };
}
