// SQLite through node:sqlite: one file, write-ahead log, a connection that writes and one that reads.
//
// node:sqlite is synchronous. A lock that another process holds is therefore not waited for inside SQLite for long
// (it would stop the event loop) but asked for again after a pause. `begin immediate` takes the write lock first, so a
// transaction never finds at its end that what it read has changed.

import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { checkTexts, onlyReads, type Database, type Value } from "./database.ts";
import { databaseError } from "./errors.ts";
import { alone } from "./nesting.ts";
import { Patience } from "./patience.ts";
import { translateSqlite, isBusy } from "./sqlite-errors.ts";

const MAX_STATEMENTS = 200;
const MIGRATIONS = "create table if not exists slipway_migrations (room text not null, number integer not null, title text not null, applied_at text not null, primary key (room, number))";

/** One connection and its prepared statements. */
class Connection {
  readonly #db: DatabaseSync;
  readonly #statements: Map<string, StatementSync> = new Map();

  constructor(path: string) {
    this.#db = new DatabaseSync(path, { timeout: 5, enableForeignKeyConstraints: true, enableDoubleQuotedStringLiterals: false });
  }
  exec(sql: string): void {
    this.#db.exec(sql);
  }
  query<R>(sql: string, parameters: readonly Value[]): R[] {
    checkTexts(parameters);
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      if (this.#statements.size >= MAX_STATEMENTS) this.#statements.clear();
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    // A number would be bound as a double; a whole one must be an integer.
    const bound = Object.fromEntries(parameters.map((value, i) => [`$${i + 1}`, Number.isSafeInteger(value) ? BigInt(value as number) : value]));
    const rows = parameters.length === 0 ? statement.all() : statement.all(bound);
    return rows.map((row) => ({ ...row })) as R[];
  }
  close(): void {
    this.#statements.clear();
    this.#db.close();
  }
}

export class SqliteDatabase implements Database {
  readonly dialect = "sqlite" as const;
  readonly #path: string;
  readonly #writer: Connection;
  readonly #reader: Connection;
  #turn: Promise<void> = Promise.resolve();

  private constructor(path: string, writer: Connection, reader: Connection) {
    this.#path = path;
    this.#writer = writer;
    this.#reader = reader;
  }

  /** One that is gone with this process. Reads take their turn with transactions, as there is one connection only. */
  static inMemory(): SqliteDatabase {
    const connection = new Connection(":memory:");
    connection.exec(MIGRATIONS);
    return new SqliteDatabase(":memory:", connection, connection);
  }

  static async open(path: string): Promise<SqliteDatabase> {
    try {
      mkdirSync(dirname(path), { recursive: true });
      // Its owner's only: it holds sessions and the secrets of webhooks. SQLite gives its other files the same mode.
      closeSync(openSync(path, "a", 0o600));
    } catch (error) {
      throw databaseError("database-unwritable", `${path} cannot be made (${(error as NodeJS.ErrnoException).code})`, { cause: error });
    }
    const connect = (): Promise<Connection> => patiently(path, () => {
      const connection = new Connection(path);
      try {
        // FULL: what was answered as done is on the disk, also after a power cut.
        connection.exec("pragma journal_mode = wal; pragma synchronous = full; pragma trusted_schema = off");
        return connection;
      } catch (error) {
        connection.close();
        throw error;
      }
    });
    const writer = await connect();
    await patiently(path, () => writer.exec(MIGRATIONS));
    return new SqliteDatabase(path, writer, await connect());
  }

  query<R extends object = Record<string, Value>>(sql: string, parameters: readonly Value[] = []): Promise<R[]> {
    if (onlyReads(sql)) {
      const read = (): Promise<R[]> => patiently(this.#path, () => this.#reader.query<R>(sql, parameters));
      return this.#reader === this.#writer ? alone(this, () => this.#inTurn(read)) : read();
    }
    return this.transaction((tx) => tx.query<R>(sql, parameters));
  }

  transaction<T>(work: (tx: Database) => Promise<T>): Promise<T> {
    return alone(this, () => this.#inTurn(() => this.#transact(work)));
  }

  /** One transaction of this process at a time. */
  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(run);
    this.#turn = result.then(() => {}, () => {});
    return result;
  }

  async #transact<T>(work: (tx: Database) => Promise<T>): Promise<T> {
    await patiently(this.#path, () => this.#writer.exec("begin immediate"));
    let over = false;
    const tx: Database = {
      dialect: this.dialect,
      query: async <R extends object>(sql: string, parameters: readonly Value[] = []) => {
        if (over) throw databaseError("database-fault", "a statement came after its transaction's end");
        return translated(this.#path, () => this.#writer.query<R>(sql, parameters));
      },
      transaction: (inner) => inner(tx),
      close: () => Promise.resolve(),
    };
    try {
      const result = await work(tx);
      translated(this.#path, () => this.#writer.exec("commit"));
      return result;
    } catch (error) {
      try {
        this.#writer.exec("rollback");
      } catch {
        // SQLite has undone it itself.
      }
      throw error;
    } finally {
      over = true;
    }
  }

  async close(): Promise<void> {
    await this.#turn;
    if (this.#reader !== this.#writer) this.#reader.close();
    this.#writer.close();
  }
}

async function patiently<T>(path: string, run: () => T): Promise<T> {
  const patience = new Patience();
  for (;;) {
    try {
      return run();
    } catch (error) {
      if (!isBusy(error) || !(await patience.wait())) throw translateSqlite(path, error);
    }
  }
}

function translated<T>(path: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw translateSqlite(path, error);
  }
}
