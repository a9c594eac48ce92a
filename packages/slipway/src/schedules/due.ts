// What is due becomes runs that wait, once for all servers over the database: the schedule's next time moves on in the same
// transaction.

import { appendAudit, type Actor } from "../audit/index.ts";
import type { Database } from "../database/index.ts";
import { modelNameOf, occurrencesOf } from "./definition.ts";
import { SCHEDULE_COLUMNS, scheduleOf, type Row, type Schedule } from "./run.ts";
import { insertRun } from "./schedules.ts";

export const CLOCK: Actor = { name: "slipway", roles: [], groups: [], how: "local" };

/** What is later than this was missed. */
const ON_TIME_MS = 60_000;
/** Of what was missed, the latest so many can be made up for. */
const MOST_MISSED = 366;

export async function planDue(database: Database, now: Date): Promise<void> {
  const due = await database.query<{ name: string }>("select name from schedules where state = 'active' and next_at <= $1 order by name", [now.toISOString()]);
  for (const { name } of due) {
    await database.transaction(async (tx) => {
      const [row] = await tx.query<Row>(`select ${SCHEDULE_COLUMNS} from schedules where name = $1 and state = 'active' and next_at <= $2`, [name, now.toISOString()]);
      // Another server was faster.
      if (row !== undefined) await planOne(tx, scheduleOf(row), now);
    });
  }
}

async function planOne(tx: Database, { name, definition, nextAt }: Schedule, now: Date): Promise<void> {
  const occurrences = occurrencesOf(definition);
  const due = occurrences.between(new Date(nextAt!), now, MOST_MISSED + 1);
  const latest = due.at(-1);
  const { catchUp } = definition;
  const made = latest === undefined ? [] : catchUp === "all" ? due : catchUp === "latest" || !isLate(latest, now) ? [latest] : [];
  const missed = due.filter((d) => !made.includes(d));
  if (missed.length > 0) {
    const [first, last] = [missed[0]!.toISOString(), missed.at(-1)!.toISOString()];
    const reason = missed.length === 1 ? "it was due while no server ran" : `${missed.length} times were due while no server ran, from ${first}`;
    await insertRun(tx, { schedule: name, dueAt: last, cause: "schedule", state: "skipped", reason, by: CLOCK.name, now });
    await appendAudit(tx, { actor: CLOCK, action: "batch.run.skipped", model: modelNameOf(definition) ?? undefined, detail: { schedule: name, first, last, times: missed.length } });
  }
  // Where only the latest counts, one that could not begin before it was due again is passed over.
  if (made.length > 0 && catchUp !== "all") {
    await tx.query("update schedule_runs set state = 'skipped', ended_at = $3, reason = 'the next one was due before it could begin' where schedule = $1 and state = 'waiting' and attempt = 0 and cause <> 'manual' and due_at < $2", [name, made[0]!.toISOString(), now.toISOString()]);
  }
  for (const at of made) await insertRun(tx, { schedule: name, dueAt: at.toISOString(), cause: isLate(at, now) ? "catch-up" : "schedule", state: "waiting", by: CLOCK.name, now });
  await tx.query("update schedules set next_at = $2 where name = $1", [name, occurrences.after(now)?.toISOString() ?? null]);
}

function isLate(at: Date, now: Date): boolean {
  return now.getTime() - at.getTime() > ON_TIME_MS;
}
