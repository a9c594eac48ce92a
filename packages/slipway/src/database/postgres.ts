// Postgres (12 or later) through `pg`: a bounded pool, serializable transactions, connections that break.
//
// A transaction begins by locking the table of migrations against other writers. LOCK TABLE takes no snapshot, so what the
// transaction reads is from after the lock was had: writers come one after the other as in SQLite, and none fails because
// of another (explicit-locking.html, "explicitly lock before the first query"). Serializable stays as the guard beneath.
//
// Where the connection breaks while a commit is under way nobody knows whether it was kept. So a transaction that writes
// leaves a mark of its own, and the next connection looks for it once it has the lock, when the old one is surely over.
// (pg_xact_status would not do: a server that crashed gives the number of what it lost to another transaction.)

import { randomUUID } from "node:crypto";
import pg from "pg";
import { checkTexts, onlyReads, type Database, type Locks, type Value } from "./database.ts";
import { databaseError } from "./errors.ts";
import { alone } from "./nesting.ts";
import { Patience } from "./patience.ts";
import { isBroken, isRace, translatePostgres } from "./postgres-errors.ts";

const MAX_CONNECTIONS = 8;
const INT8 = 20;
const LIMITS = "set local lock_timeout = '30s'; set local statement_timeout = '60s'; set local idle_in_transaction_session_timeout = '60s'";
const BEGIN: Readonly<Record<Locks, string>> = {
  all: `begin isolation level serializable; ${LIMITS}; lock table slipway_migrations in exclusive mode`,
  rows: `begin isolation level read committed; ${LIMITS}`,
};
/** Any number: it keeps two first openings from making the table at once. */
const FIRST_OPENING = 7_317_200_145;
const FIRST_TABLES = "create table if not exists slipway_migrations (room text not null, number integer not null, title text not null, applied_at text not null, primary key (room, number)); "
  + "create table if not exists slipway_commits (id text primary key, at timestamptz not null default now()); create index if not exists slipway_commits_by_time on slipway_commits (at)";
/** Marks are looked for within seconds; after a day they are removed, now and then. */
const SWEEP_EVERY = 500;

export class PostgresDatabase implements Database {
  readonly dialect = "postgres" as const;
  readonly #pool: pg.Pool;
  #commits = 0;

  private constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** @throws database-url, database-login, database-unreachable */
  static async open(url: string): Promise<PostgresDatabase> {
    const database = new PostgresDatabase(makePool(url));
    try {
      await database.#prepare();
      return database;
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  async #prepare(): Promise<void> {
    await this.#patiently(async () => {
      const { rows } = await this.#pool.query<{ found: string | null }>("select cast(to_regclass('slipway_commits') as text) as found");
      if (rows[0]!.found === null) await this.#pool.query(`begin; select pg_advisory_xact_lock(${FIRST_OPENING}); ${FIRST_TABLES}; commit`);
    });
  }

  query<R extends object = Record<string, Value>>(sql: string, parameters: readonly Value[] = []): Promise<R[]> {
    if (onlyReads(sql)) return this.#patiently(async () => {
      checkTexts(parameters);
      return (await this.#pool.query<R>(sql, [...parameters])).rows;
    });
    return this.transaction((tx) => tx.query<R>(sql, parameters));
  }

  transaction<T>(work: (tx: Database) => Promise<T>, locks: Locks = "all"): Promise<T> {
    return alone(this, () => this.#patiently(() => this.#transact(work, locks)));
  }

  async #transact<T>(work: (tx: Database) => Promise<T>, locks: Locks): Promise<T> {
    const client = await this.#pool.connect();
    let over = false;
    let broken = false;
    let wrote = false;
    const tx: Database = {
      dialect: this.dialect,
      query: async <R extends object>(sql: string, parameters: readonly Value[] = []) => {
        if (over) throw databaseError("database-fault", "a statement came after its transaction's end");
        checkTexts(parameters);
        wrote ||= !onlyReads(sql);
        try {
          return (await client.query<R>(sql, [...parameters])).rows;
        } catch (error) {
          // Translated only where it cannot be tried again: `#patiently` looks at the original.
          throw isBroken(error) || isRace(error) ? error : translatePostgres(error);
        }
      },
      transaction: (inner) => inner(tx),
      close: () => Promise.resolve(),
    };
    try {
      await client.query(BEGIN[locks]);
      const result = await work(tx);
      const mark = wrote && locks === "all" ? await leaveMark(client, this.#commits++ % SWEEP_EVERY === 0) : undefined;
      try {
        await client.query("commit");
      } catch (error) {
        if (!isBroken(error)) throw error;
        broken = true;
        if (mark === undefined || !(await this.#wasKept(mark))) throw error;
      }
      return result;
    } catch (error) {
      if (isBroken(error)) broken = true;
      else if (!broken) await client.query("rollback").catch(() => (broken = true));
      throw error;
    } finally {
      over = true;
      client.release(broken);
    }
  }

  /** Whether the transaction that left this mark was committed. */
  async #wasKept(mark: string): Promise<boolean> {
    try {
      return await this.#patiently(() => this.#transact(async (tx) => (await tx.query("select id from slipway_commits where id = $1", [mark])).length > 0, "all"));
    } catch (error) {
      throw databaseError("database-unreachable", "the connection broke during a commit, and the database does not come back to say whether it was kept", { hint: "Look whether the change is there before you make it again.", cause: error });
    }
  }

  async #patiently<T>(run: () => Promise<T>): Promise<T> {
    const patience = new Patience();
    for (;;) {
      try {
        return await run();
      } catch (error) {
        if (!(isBroken(error) || isRace(error)) || !(await patience.wait())) throw translatePostgres(error);
      }
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

async function leaveMark(client: pg.PoolClient, sweep: boolean): Promise<string> {
  const mark = randomUUID();
  await client.query("insert into slipway_commits (id) values ($1)", [mark]);
  if (sweep) await client.query("delete from slipway_commits where at < now() - interval '1 day'");
  return mark;
}

/** One connection, for what is neither short nor serializable. @throws database-url, database-login, database-unreachable */
export async function connectPostgres(url: string): Promise<pg.Client> {
  let client: pg.Client;
  try {
    client = new pg.Client({ connectionString: libpqAddress(url), connectionTimeoutMillis: 10_000, keepAlive: true, application_name: "slipway" });
  } catch (error) {
    throw databaseError("database-url", `the database's address cannot be used: ${(error as Error).message.replaceAll(url, "...").slice(0, 300)}`);
  }
  // A connection that ends between two statements: the next one says so.
  client.on("error", () => {});
  try {
    await client.connect();
    return client;
  } catch (error) {
    throw translatePostgres(error);
  }
}

/** sslmode=require encrypts, verify-ca and verify-full also check. */
function libpqAddress(url: string): string {
  return /[?&]uselibpqcompat=/.test(url) ? url : `${url}${url.includes("?") ? "&" : "?"}uselibpqcompat=true`;
}

function makePool(url: string): pg.Pool {
  const settings: pg.PoolConfig = {
    connectionString: libpqAddress(url), max: MAX_CONNECTIONS, connectionTimeoutMillis: 10_000, idleTimeoutMillis: 30_000, keepAlive: true, application_name: "slipway",
    types: { getTypeParser: (id: number, format?: string) => (id === INT8 && format !== "binary" ? wholeNumber : pg.types.getTypeParser(id, format as "text")) as never },
  };
  let pool: pg.Pool;
  try {
    // The pool looks at the address only when it connects; this looks at once.
    void new pg.Client(settings);
    pool = new pg.Pool(settings);
  } catch (error) {
    throw databaseError("database-url", `the database's address cannot be used: ${(error as Error).message.replaceAll(url, "...").slice(0, 300)}`);
  }
  // A connection that ends while nobody uses it is replaced by the pool; without these the process would end.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw databaseError("database-fault", `the database's ${text} is larger than a number can hold exactly`);
  return value;
}
