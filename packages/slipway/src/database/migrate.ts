// Changes of the tables, in the order in which they were made: a numbered list for each room, forward only.

import type { Database, Dialect } from "./database.ts";
import { databaseError } from "./errors.ts";

export interface Migration {
  /** What it does, for people. */
  readonly title: string;
  readonly statements: (dialect: Dialect) => readonly string[];
}

/**
 * Brings a room's tables to where this program expects them, in one transaction. The list only ever grows: what is
 * released is not changed any more.
 * @throws database-newer when the store holds more than the list
 */
export async function migrate(database: Database, room: string, migrations: readonly Migration[]): Promise<void> {
  const { last } = (await database.query<{ last: number }>("select coalesce(max(number), 0) as last from slipway_migrations where room = $1", [room]))[0]!;
  if (last === migrations.length) return;
  await database.transaction(async (tx) => {
    const done = await tx.query<{ number: number }>("select number from slipway_migrations where room = $1 order by number", [room]);
    if (done.length > migrations.length) {
      throw databaseError("database-newer", `the store's ${room} is at change ${done.length}, and this Slipway knows ${migrations.length}`, { hint: "Use the newer Slipway that wrote it." });
    }
    for (const [i, migration] of migrations.entries()) {
      if (i < done.length) continue;
      for (const statement of migration.statements(tx.dialect)) await tx.query(statement);
      await tx.query("insert into slipway_migrations (room, number, title, applied_at) values ($1, $2, $3, $4)", [room, i + 1, migration.title, new Date().toISOString()]);
    }
  });
}
