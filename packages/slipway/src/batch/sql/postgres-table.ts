// A table in Postgres: rows go in as texts, by COPY, and become the columns' own types there. Tables that take none (row-level
// security) get them as lists, a few thousand at a time.

import { setTimeout as pause } from "node:timers/promises";
import type pg from "pg";
import { connectPostgres, isBroken, translatePostgres } from "../../database/index.ts";
import { batchError } from "../errors.ts";
import type { ColumnType } from "../output/typed-column.ts";
import { quoted, quotedPart } from "./address.ts";
import { copyIn, copyLine } from "./copy-in.ts";
import { lacking, RUNS, type SqlCell, type SqlColumn, type SqlRows, type SqlTable } from "./sql-destination.ts";

const TYPES: Readonly<Record<ColumnType, string>> = { INT64: "bigint", DOUBLE: "double precision", FLOAT: "real", BOOLEAN: "boolean", STRING: "text" };
/** Of one statement. */
const CELLS = 50_000;
/** Of one message of COPY. */
const CHUNK_BYTES = 2 ** 16;
const NOT_SUPPORTED = "0A000";
const TRIES = 4;
const FIRST_WAIT_MS = 500;

export class PostgresTable implements SqlTable {
  readonly #url: string;
  readonly #table: string;
  constructor(url: string, table: string) {
    this.#url = url;
    this.#table = table;
  }

  async find(run: string): Promise<string | undefined> {
    return this.#connected(async (client) => {
      const { rows: [there] } = await client.query<{ found: string | null }>(`select cast(to_regclass('${RUNS}') as text) as found`);
      if (there?.found == null) return undefined;
      const { rows } = await client.query<{ note: string }>(`select note from ${RUNS} where run = $1 and output = $2`, [run, this.#table]);
      return rows[0]?.note;
    });
  }

  async insert(run: string, note: string, columns: readonly SqlColumn[], parts: () => Iterable<SqlRows>, replace: boolean): Promise<void> {
    await this.#connected(async (client) => {
      await client.query("begin");
      await client.query(`create table if not exists ${RUNS} (run text not null, output text not null, note text not null, at timestamptz not null default now(), primary key (run, output))`);
      if (replace) await client.query(`delete from ${RUNS} where output = $1`, [this.#table]);
      // Another process with the same run waits here until this one is done.
      const noted = await client.query(`insert into ${RUNS} (run, output, note) values ($1, $2, $3) on conflict do nothing`, [run, this.#table, note]);
      if (noted.rowCount === 0) return void await client.query("rollback");
      if (columns.length > 0) await this.#fill(client, columns, parts, replace);
      await client.query("commit");
    });
  }

  async #fill(client: pg.Client, columns: readonly SqlColumn[], parts: () => Iterable<SqlRows>, replace: boolean): Promise<void> {
    const name = quoted(this.#table);
    await client.query(`create table if not exists ${name} (${columns.map((c) => `${quotedPart(c.name)} ${TYPES[c.type]}`).join(", ")})`);
    const { rows } = await client.query<{ name: string; type: string }>("select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped", [name]);
    const types = new Map(rows.map((r) => [r.name, r.type]));
    const missing = columns.filter((c) => !types.has(c.name));
    if (missing.length > 0) throw lacking(this.#table, missing.map((c) => c.name));
    if (replace) await client.query(`delete from ${name}`);
    await client.query("savepoint slipway_copy");
    try {
      await copyIn(client, `copy ${name} (${columns.map((c) => quotedPart(c.name)).join(", ")}) from stdin`, linesOf(columns.length, parts()));
    } catch (error) {
      if ((error as { code?: unknown }).code !== NOT_SUPPORTED) throw error;
      await client.query("rollback to savepoint slipway_copy");
      await this.#insert(client, name, columns, types, parts());
    }
  }

  async #insert(client: pg.Client, name: string, columns: readonly SqlColumn[], types: ReadonlyMap<string, string>, parts: Iterable<SqlRows>): Promise<void> {
    const text = `insert into ${name} (${columns.map((c) => quotedPart(c.name)).join(", ")}) select ${columns.map((c, i) => `c${i}::${types.get(c.name)}`).join(", ")} from unnest(${columns.map((_, i) => `$${i + 1}::text[]`).join(", ")}) as rows(${columns.map((_, i) => `c${i}`).join(", ")})`;
    const step = Math.max(1, Math.floor(CELLS / columns.length));
    for (const part of parts) {
      for (let from = 0; from < part.rows; from += step) {
        const count = Math.min(step, part.rows - from);
        await client.query({ name: "slipway_rows", text, values: columns.map((_, c) => Array.from({ length: count }, (__, i) => textOf(part.cell(from + i, c)))) });
      }
    }
  }

  /** Again with a new connection where one breaks: a transaction that was committed unheard is found by its note. */
  async #connected<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      let client: pg.Client | undefined;
      try {
        client = await connectPostgres(this.#url);
        return await work(client);
      } catch (error) {
        const { cause } = error as { cause?: unknown };
        if (tries < TRIES && (isBroken(error) || isBroken(cause))) await pause(FIRST_WAIT_MS * 2 ** (tries - 1));
        else {
          const state: unknown = (error as { code?: unknown }).code;
          if (!isBroken(error) && typeof state === "string" && /^[0-9A-Z]{5}$/.test(state)) throw batchError("batch-sql", `Postgres: ${(error as Error).message} (${state})`, { where: this.#table, cause: error });
          throw translatePostgres(error);
        }
      } finally {
        await client?.end().catch(() => undefined);
      }
    }
  }
}

function* linesOf(columns: number, parts: Iterable<SqlRows>): Generator<Buffer> {
  let lines: string[] = [];
  let length = 0;
  for (const part of parts) {
    for (let row = 0; row < part.rows; row++) {
      const line = copyLine(Array.from({ length: columns }, (_, c) => part.cell(row, c)));
      lines.push(line);
      length += line.length;
      if (length < CHUNK_BYTES) continue;
      yield Buffer.from(lines.join(""));
      [lines, length] = [[], 0];
    }
  }
  if (length > 0) yield Buffer.from(lines.join(""));
}

function textOf(value: SqlCell): string | null {
  // Postgres has no text with U+0000.
  return value === null ? null : typeof value === "string" ? value.replaceAll("\0", "\uFFFD") : String(value);
}
