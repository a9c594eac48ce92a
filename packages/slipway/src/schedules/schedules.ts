// Schedules and their runs in the database: what there is, and what people do to it. Every act has its row in the audit log.

import { appendAudit, type Actor } from "../audit/index.ts";
import { migrate, newId, type Database } from "../database/index.ts";
import { modelNameOf, occurrencesOf, type Definition } from "./definition.ts";
import { scheduleError } from "./errors.ts";
import { detailsOf, RUN_COLUMNS, runOf, SCHEDULE_COLUMNS, scheduleOf, type Row, type RunDetails, type Schedule, type ScheduleRun } from "./run.ts";
import { SCHEDULE_MIGRATIONS } from "./tables.ts";

const PAGE = 50;
const MOST = 200;

export class Schedules {
  readonly database: Database;

  private constructor(database: Database) {
    this.database = database;
  }
  /** The audit log's table is there already. */
  static async open(database: Database): Promise<Schedules> {
    await migrate(database, "schedules", SCHEDULE_MIGRATIONS);
    return new Schedules(database);
  }

  /**
   * Takes over what the configuration says. A schedule that changed is due next by its new times; one that is there no
   * longer is kept with its runs, and not due any more.
   * @param whole whether schedules that are not among the definitions are gone
   */
  define(definitions: readonly Definition[], actor: Actor, { whole, now = new Date() }: { readonly whole: boolean; readonly now?: Date }): Promise<void> {
    return this.database.transaction(async (tx) => {
      const there = new Map((await tx.query<Row>(`select ${SCHEDULE_COLUMNS} from schedules`)).map((r) => [r["name"] as string, scheduleOf(r)]));
      const time = now.toISOString();
      for (const definition of definitions) {
        const known = there.get(definition.name);
        there.delete(definition.name);
        const text = JSON.stringify(definition);
        if (known !== undefined && known.state !== "gone" && JSON.stringify(known.definition) === text) continue;
        const next = known?.state === "paused" ? null : (occurrencesOf(definition).after(now)?.toISOString() ?? null);
        // What is due already by the same times stays due.
        const keeps = known?.state === "active" && known.definition.every === definition.every && known.definition.tz === definition.tz;
        await tx.query(`insert into schedules (${SCHEDULE_COLUMNS}) values ($1, $2, 'active', $3, null, $4, $5)
          on conflict (name) do update set definition = $2, state = case when schedules.state = 'paused' then 'paused' else 'active' end, next_at = cast($3 as text), changed_at = $4, changed_by = $5`, [
          definition.name, text, keeps ? known.nextAt : next, time, actor.name]);
        await appendAudit(tx, { actor, action: known === undefined ? "schedule.added" : "schedule.changed", model: modelNameOf(definition) ?? undefined, detail: { schedule: definition.name, every: definition.every, tz: definition.tz } });
      }
      if (!whole) return;
      for (const { name, state, definition } of there.values()) {
        if (state === "gone") continue;
        await tx.query("update schedules set state = 'gone', next_at = null, changed_at = $2, changed_by = $3 where name = $1", [name, time, actor.name]);
        await tx.query("update schedule_runs set state = 'skipped', ended_at = $2, reason = 'the schedule is no longer in the configuration' where schedule = $1 and (state = 'waiting' or (state = 'running' and lease_until <= $2))", [name, time]);
        await appendAudit(tx, { actor, action: "schedule.removed", model: modelNameOf(definition) ?? undefined, detail: { schedule: name } });
      }
    });
  }

  async list(): Promise<Schedule[]> {
    return (await this.database.query<Row>(`select ${SCHEDULE_COLUMNS} from schedules where state <> 'gone' order by name`)).map(scheduleOf);
  }
  /** @throws schedule-unknown */
  async get(name: string): Promise<Schedule> {
    const [row] = await this.database.query<Row>(`select ${SCHEDULE_COLUMNS} from schedules where name = $1`, [name]);
    if (row === undefined) throw unknown(name);
    return scheduleOf(row);
  }

  /** Of one schedule or of all, the latest first. `before`: an id; those that are older. */
  async runs({ schedule, before, limit = PAGE }: { readonly schedule?: string | undefined; readonly before?: string | undefined; readonly limit?: number | undefined } = {}): Promise<ScheduleRun[]> {
    // Ids sort by the time they were made.
    const rows = await this.database.query<Row>(`select ${RUN_COLUMNS} from schedule_runs where (cast($1 as text) is null or schedule = $1) and (cast($2 as text) is null or id < $2) order by id desc limit $3`, [schedule ?? null, before ?? null, Math.min(Math.max(1, limit), MOST)]);
    return rows.map(runOf);
  }
  /** @throws schedule-run-unknown */
  async run(schedule: string, id: string): Promise<RunDetails> {
    const [row] = await this.database.query<Row>(`select ${RUN_COLUMNS}, log, summary from schedule_runs where id = $1 and schedule = $2`, [id, schedule]);
    if (row === undefined) throw scheduleError("schedule-run-unknown", `${schedule} has no run ${JSON.stringify(id.slice(0, 60))}`);
    return detailsOf(row);
  }

  /** A run now, beside those of the clock. One that waits (to be tried again, say) waits no longer; one whose server is gone is gone on with. @throws schedule-unknown, schedule-busy */
  start(name: string, actor: Actor, now: Date = new Date()): Promise<ScheduleRun> {
    return this.database.transaction(async (tx) => {
      const { definition } = await current(tx, name);
      const [going] = await tx.query<Row>(`select ${RUN_COLUMNS}, lease_until from schedule_runs where schedule = $1 and state = 'running'`, [name]);
      const busy = going !== undefined && String(going["lease_until"]) > now.toISOString() ? going : undefined;
      if (busy !== undefined) throw scheduleError("schedule-busy", `a run of ${name} goes on already`, { where: String(busy["id"]), hint: "Runs of one schedule do not overlap: wait until it has ended." });
      const [waiting] = await tx.query<Row>(`update schedule_runs set next_at = null where id = (select min(id) from schedule_runs where schedule = $1 and state = 'waiting') returning ${RUN_COLUMNS}`, [name]);
      // Where its server is gone, whoever is next goes on with it.
      const [row] = going !== undefined ? [runOf(going)] : waiting !== undefined ? [runOf(waiting)] : await insertRun(tx, { schedule: name, dueAt: now.toISOString(), cause: "manual", state: "waiting", by: actor.name, now });
      await appendAudit(tx, { actor, action: "schedule.run-asked", model: modelNameOf(definition) ?? undefined, detail: { schedule: name, run: row!.id } });
      return row!;
    });
  }

  /** Runs that are due are not begun any more; one that goes on ends. @throws schedule-unknown */
  pause(name: string, actor: Actor): Promise<Schedule> {
    return this.#turn(name, "paused", actor, null);
  }
  /** What was due meanwhile is not made up for. @throws schedule-unknown */
  async resume(name: string, actor: Actor, now: Date = new Date()): Promise<Schedule> {
    const { definition } = await this.get(name);
    return this.#turn(name, "active", actor, occurrencesOf(definition).after(now)?.toISOString() ?? null);
  }

  #turn(name: string, state: "active" | "paused", actor: Actor, nextAt: string | null): Promise<Schedule> {
    return this.database.transaction(async (tx) => {
      const before = await current(tx, name);
      if (before.state === state) return before;
      const time = new Date().toISOString();
      const [row] = await tx.query<Row>(`update schedules set state = $2, next_at = $3, changed_at = $4, changed_by = $5 where name = $1 returning ${SCHEDULE_COLUMNS}`, [name, state, nextAt, time, actor.name]);
      if (state === "paused") await tx.query("update schedule_runs set state = 'skipped', ended_at = $2, reason = 'the schedule was paused' where schedule = $1 and state = 'waiting' and cause <> 'manual'", [name, time]);
      await appendAudit(tx, { actor, action: state === "paused" ? "schedule.paused" : "schedule.resumed", model: modelNameOf(before.definition) ?? undefined, detail: { schedule: name } });
      return scheduleOf(row!);
    });
  }
}

function unknown(name: string): Error {
  return scheduleError("schedule-unknown", `there is no schedule ${JSON.stringify(name.slice(0, 100))}`, { hint: "slipway schedules list shows those that there are." });
}
/** One that is in the configuration. */
async function current(tx: Database, name: string): Promise<Schedule> {
  const [row] = await tx.query<Row>(`select ${SCHEDULE_COLUMNS} from schedules where name = $1 and state <> 'gone'`, [name]);
  if (row === undefined) throw unknown(name);
  return scheduleOf(row);
}

export interface NewRun {
  readonly schedule: string;
  readonly dueAt: string;
  readonly cause: ScheduleRun["cause"];
  readonly state: "waiting" | "skipped";
  readonly reason?: string;
  readonly by: string;
  readonly now: Date;
}
/** Nothing where there is one for that time already. */
export async function insertRun(tx: Database, { schedule, dueAt, cause, state, reason, by, now }: NewRun): Promise<ScheduleRun[]> {
  const time = now.toISOString();
  return (await tx.query<Row>(`insert into schedule_runs (id, schedule, due_at, cause, state, attempt, reason, created_at, created_by, ended_at, rows_read, rows_bad, percent, log)
    values ($1, $2, $3, $4, $5, 0, $6, $7, $8, $9, 0, 0, 0, '') on conflict (schedule, due_at) do nothing returning ${RUN_COLUMNS}`, [newId(now.getTime()), schedule, dueAt, cause, state, reason ?? null, time, by, state === "skipped" ? time : null])).map(runOf);
}
