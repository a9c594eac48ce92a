// Schedules over SQLite and over a real Postgres, with a clock of the test's own and runs in real processes.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { hasPostgres, startPostgres, type TestPostgres } from "../../../../scripts/testing-postgres.ts";
import { AUDIT_MIGRATIONS, latestAudit, type Actor } from "../audit/index.ts";
import { startWorker, type TestWorker } from "../batch/distributed/testing.ts";
import { expectedCsv, loanCsv, loanPackage, loanRows } from "../batch/testing-run.ts";
import { migrate, openDatabase, type Database } from "../database/index.ts";
import { runJob } from "./child/run-job.ts";
import { claimRun, keepSelection, LEASE_MS } from "./claim.ts";
import { fillIn, type Definition } from "./definition.ts";
import { planDue } from "./due.ts";
import { readDefinitions, Scheduler, Schedules, type SchedulerOptions, type ScheduleRun } from "./index.ts";
import type { RunFailure, Selection } from "./messages.ts";

const actor: Actor = { name: "Olga", roles: ["operator"], groups: [], how: "key" };
const folder = mkdtempSync(join(tmpdir(), "slipway-schedules-"));
const at = (name: string): string => join(folder, name);
let postgres: TestPostgres | undefined;
beforeAll(async () => {
  if (hasPostgres()) postgres = await startPostgres();
  writeFileSync(at("loan.slip"), (await loanPackage()).bytes);
}, 60_000);
afterAll(async () => {
  await postgres?.stop();
  rmSync(folder, { recursive: true });
});

async function until(look: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 600 && !(await look()); i++) await sleep(50);
  expect(await look()).toBe(true);
}

let stores = 0;
describe.each(["sqlite", "postgres"] as const)("schedules over %s", (dialect) => {
  const skip = dialect === "postgres" && !hasPostgres();
  let database: Database;
  let schedules: Schedules;
  let now: Date;
  let errors: unknown[];
  let dir: string;
  beforeEach(async () => {
    if (skip) return;
    dir = at(`s${++stores}`);
    mkdirSync(dir);
    errors = [];
    now = new Date("2026-10-31T12:00:00Z");
    database = await openDatabase(dialect === "sqlite" ? `sqlite:${join(dir, "store.db")}` : postgres!.create(`s${stores}`));
    await migrate(database, "audit", AUDIT_MIGRATIONS);
    schedules = await Schedules.open(database);
  });
  afterEach(() => (skip ? undefined : database.close()));

  const define = (given: Partial<Definition> = {}, name = "sales"): Promise<void> => schedules.define(readDefinitions({ [name]: {
    model: "loan.slip", input: [join(dir, "in/{{date}}.csv")], output: join(dir, "out/{{date}}.csv"), every: "0 3 1 * *", tz: "Europe/Berlin", catchUp: "latest", retries: 1, backoff: 60_000, timeout: 60_000,
    maxErrors: "0.1%", newFiles: false, overwrite: false, skipBroken: false, ids: false, keep: ["id"], outputs: ["score"], ...given } }, postgres?.url), actor, { whole: true, now });
  const scheduler = (more: Partial<SchedulerOptions> = {}): Scheduler => new Scheduler({ schedules, openModel: async () => ({ path: at("loan.slip") }), now: () => now, onError: (e) => errors.push(e), ...more });
  const put = (name: string, text: string): void => {
    mkdirSync(join(dir, "in"), { recursive: true });
    writeFileSync(join(dir, "in", name), text);
  };
  const rounds = async (one: Scheduler): Promise<void> => {
    await one.tick();
    await one.settled();
  };
  const outputs = (): string[] => readdirSync(join(dir, "out")).filter((n) => !n.endsWith(".run.json")).sort();
  const told = async (): Promise<string[]> => (await latestAudit(database, 20)).reverse().map((e) => e.action).filter((a) => !a.startsWith("schedule."));
  const states = async (): Promise<(readonly [string, string, string])[]> => (await schedules.runs()).reverse().map((r: ScheduleRun) => [r.dueAt.slice(0, 16), r.cause, r.state] as const);

  it.skipIf(skip)("are due in their time zone, and of several servers one makes the run", async () => {
    await define();
    put("2026-11-01.csv", loanCsv(loanRows(50)));
    const servers = [scheduler(), scheduler(), scheduler()];
    await Promise.all(servers.map(rounds));
    expect(await states()).toEqual([]);
    expect((await schedules.get("sales")).nextAt).toBe("2026-11-01T02:00:00.000Z");
    now = new Date("2026-11-01T02:00:01Z");
    await Promise.all(servers.map(rounds));
    await Promise.all(servers.map(rounds));
    expect(await states()).toEqual([["2026-11-01T02:00", "schedule", "succeeded"]]);
    expect(outputs()).toEqual(["2026-11-01.csv"]);
    const [run] = await schedules.runs();
    expect(run).toMatchObject({ rows: 50, bad: 0, percent: 100, attempt: 1 });
    const { log, summary } = await schedules.run("sales", run!.id);
    expect(log).toContain("50 of 50 rows scored");
    expect(summary).toMatchObject({ rows: 50, columns: ["id", "score"] });
    expect(await told()).toEqual(["batch.run.succeeded"]);
    expect((await schedules.get("sales")).nextAt).toBe("2026-12-01T02:00:00.000Z");
    expect(errors).toEqual([]);
  });

  it.skipIf(skip)("make up for what was missed as they are told to", async () => {
    const missed = async (catchUp: Definition["catchUp"]): Promise<(readonly [string, string, string])[]> => {
      now = new Date("2026-10-31T12:00:00Z");
      await define({ catchUp, every: "0 3 * * *" }, `sales-${catchUp}`);
      now = new Date("2026-11-03T12:00:00Z");
      await planDue(database, now);
      return (await schedules.runs({ schedule: `sales-${catchUp}` })).reverse().map((r) => [r.dueAt.slice(0, 16), r.cause, r.state] as const);
    };
    expect(await missed("none")).toEqual([["2026-11-03T02:00", "schedule", "skipped"]]);
    expect(await missed("latest")).toEqual([["2026-11-02T02:00", "schedule", "skipped"], ["2026-11-03T02:00", "catch-up", "waiting"]]);
    expect(await missed("all")).toEqual([["2026-11-01T02:00", "catch-up", "waiting"], ["2026-11-02T02:00", "catch-up", "waiting"], ["2026-11-03T02:00", "catch-up", "waiting"]]);
    expect((await schedules.runs({ schedule: "sales-none" }))[0]!.reason).toContain("3 times were due while no server ran");
  });

  it.skipIf(skip)("pass over a run that could not begin before the next was due, and never make two at once", async () => {
    await define({ every: "0 * * * *", output: join(dir, "out/{{datetime}}.csv") });
    now = new Date("2026-10-31T13:00:01Z");
    await planDue(database, now);
    const first = await claimRun(database, "one", now);
    expect(first?.run.dueAt).toBe("2026-10-31T13:00:00.000Z");
    for (const time of ["2026-10-31T14:00:01Z", "2026-10-31T15:00:01Z"]) {
      now = new Date(time);
      // It goes on: its holder renews the lease.
      await database.query("update schedule_runs set lease_until = $1 where state = 'running'", [new Date(now.getTime() + LEASE_MS).toISOString()]);
      await planDue(database, now);
      expect(await claimRun(database, "two", now)).toBeUndefined();
    }
    expect((await states()).map(([, , state]) => state)).toEqual(["running", "skipped", "waiting"]);
    await expect(schedules.start("sales", actor, now)).rejects.toMatchObject({ code: "schedule-busy" });
  });

  it.skipIf(skip || dialect === "postgres")("try again what failed, after a pause that grows, and tell when it is in vain", async () => {
    await define({ retries: 2 });
    now = new Date("2026-11-01T02:00:01Z");
    const server = scheduler();
    await rounds(server);
    let [run] = await schedules.runs();
    expect(run).toMatchObject({ state: "waiting", attempt: 1, nextAt: "2026-11-01T02:01:01.000Z", reason: expect.stringContaining("[batch-input-missing]") as string });
    await rounds(server);
    expect((await schedules.runs())[0]!.attempt).toBe(1);
    now = new Date("2026-11-01T02:01:02Z");
    await rounds(server);
    expect((await schedules.runs())[0]).toMatchObject({ state: "waiting", attempt: 2, nextAt: "2026-11-01T02:03:02.000Z" });
    expect(await told()).toEqual([]);
    now = new Date("2026-11-01T02:02:30Z");
    // Whoever asks for a run now does not wait for the end of the pause.
    expect((await schedules.start("sales", actor, now)).id).toBe(run!.id);
    await rounds(server);
    [run] = await schedules.runs();
    expect(run).toMatchObject({ state: "failed", attempt: 3, endedAt: "2026-11-01T02:02:30.000Z" });
    expect((await schedules.run("sales", run!.id)).log.match(/batch-input-missing/g)).toHaveLength(3);
    expect(await told()).toEqual(["batch.run.failed"]);
    // Asked for by a person, and now there is input; as if for that day.
    now = new Date("2026-11-01T09:00:00Z");
    put("2026-11-01.csv", loanCsv(loanRows(5)));
    await schedules.start("sales", actor, now);
    await rounds(server);
    expect((await states()).at(-1)).toEqual(["2026-11-01T09:00", "manual", "succeeded"]);
    expect(outputs()).toEqual(["2026-11-01.csv"]);
  });

  it.skipIf(skip || dialect === "postgres")("do not try again where too many rows are bad", async () => {
    await define();
    put("2026-11-01.csv", `id,age,plan,member\n${"1,x,pro,1\n".repeat(20)}`);
    now = new Date("2026-11-01T02:00:01Z");
    await rounds(scheduler());
    expect((await schedules.runs())[0]).toMatchObject({ state: "failed", attempt: 1, reason: expect.stringContaining("[batch-errors]") as string });
  });

  it.skipIf(skip)("go on where a server was killed, and give up on a run that kills servers", async () => {
    await define();
    put("2026-11-01.csv", loanCsv(loanRows(50)));
    now = new Date("2026-11-01T02:00:01Z");
    await planDue(database, now);
    expect((await claimRun(database, "killed", now))?.run.attempt).toBe(1);
    const server = scheduler();
    await rounds(server);
    expect((await states())[0]![2]).toBe("running");
    await expect(schedules.start("sales", actor, now)).rejects.toMatchObject({ code: "schedule-busy" });
    now = new Date(now.getTime() + LEASE_MS);
    expect((await schedules.start("sales", actor, now)).dueAt).toBe("2026-11-01T02:00:00.000Z");
    await rounds(server);
    expect((await schedules.runs())[0]).toMatchObject({ state: "succeeded", attempt: 2 });
    expect(outputs()).toEqual(["2026-11-01.csv"]);
    now = new Date("2026-12-01T02:00:01Z");
    await planDue(database, now);
    for (let deaths = 0; deaths < 4; deaths++) {
      expect((await claimRun(database, "killed", now))?.run.attempt).toBe(deaths + 1);
      now = new Date(now.getTime() + LEASE_MS);
    }
    expect(await claimRun(database, "killed", now)).toBeUndefined();
    expect((await schedules.runs())[0]).toMatchObject({ state: "failed", reason: expect.stringContaining("4 times") as string });
  });

  it.skipIf(skip || dialect === "postgres")("take only rows beyond the watermark of the last good run", async () => {
    await define({ watermark: "seen_at", every: "0 * * * *", output: join(dir, "out/{{datetime}}.csv"), input: [join(dir, "in/all.csv")] });
    const rows = ["id,age,plan,member,seen_at", "1,30,pro,1,2026-10-31 10:00:00", "2,31,pro,1,2026-10-31 11:30:00.5", "3,32,pro,1,"];
    put("all.csv", `${rows.join("\n")}\n`);
    const server = scheduler();
    const hour = async (h: number): Promise<ScheduleRun> => {
      now = new Date(`2026-10-31T${h}:00:01Z`);
      await rounds(server);
      return (await schedules.runs())[0]!;
    };
    expect(await hour(13)).toMatchObject({ state: "succeeded", rows: 2 });
    expect((await schedules.get("sales")).watermark).toBe("2026-10-31 11:30:00.5");
    expect((await schedules.run("sales", (await schedules.runs())[0]!.id)).log).toContain("1 rows have no seen_at");
    expect(await hour(14)).toMatchObject({ state: "succeeded", rows: 0, output: null, reason: "there was nothing new" });
    put("all.csv", `${[...rows, "4,33,gold,1,2026-10-31 12:00:00", "5,34,pro,1,2026-10-31 12:30:00"].join("\n")}\n`);
    expect(await hour(15)).toMatchObject({ state: "succeeded", rows: 2, bad: 1 });
    expect(outputs().filter((n) => n.endsWith("Z.csv")).map((n) => readFileSync(join(dir, "out", n), "utf8"))).toEqual(["id,score\n1,140\n2,141\n", "id,score\n5,144\n"]);
  });

  it.skipIf(skip || dialect === "postgres")("take the rows that the first try chose, where its server was killed with the output whole and more rows came", async () => {
    await define({ watermark: "seen_at", every: "0 * * * *", output: join(dir, "out/{{datetime}}.csv"), input: [join(dir, "in/all.csv")] });
    const rows = ["id,age,plan,member,seen_at", "1,30,pro,1,2026-10-31", "2,31,pro,1,2026-11-01"];
    put("all.csv", `${rows.join("\n")}\n`);
    now = new Date("2026-10-31T13:00:01Z");
    await planDue(database, now);
    const { run, schedule } = (await claimRun(database, "killed", now))!;
    const chosen: Selection[] = [];
    const { definition } = schedule;
    await runJob({ model: at("loan.slip"), definition, names: fillIn(definition, new Date(run.dueAt)), overwrite: false, since: run.startedAt!, selection: null, after: null, seen: [], databaseUrl: undefined }, (m) => "selection" in m && chosen.push(m.selection));
    await keepSelection(database, run.id, "killed", chosen[0]!);
    put("all.csv", `${[...rows, "3,32,pro,1,2026-11-02"].join("\n")}\n`);
    now = new Date(now.getTime() + LEASE_MS);
    await rounds(scheduler());
    expect((await schedules.runs())[0]).toMatchObject({ state: "succeeded", attempt: 2, rows: 2 });
    expect((await schedules.get("sales")).watermark).toBe("2026-11-01");
    now = new Date("2026-10-31T14:00:01Z");
    await rounds(scheduler());
    expect(outputs().map((n) => readFileSync(join(dir, "out", n), "utf8"))).toEqual(["id,score\n1,140\n2,141\n", "id,score\n3,142\n"]);
  });

  it.skipIf(skip)("take only rows beyond the watermark of a database, in its own words", async () => {
    const address = dialect === "sqlite" ? `sqlite:${join(dir, "people.db")}` : postgres!.create(`people${stores}`);
    const people = await openDatabase(address);
    await people.query("create table people (id integer, age double precision, plan text, member integer, seen_at integer)");
    const add = (id: number, seenAt: number | null): Promise<unknown> => people.query("insert into people (id, age, plan, member, seen_at) values ($1, 30, 'pro', 1, $2)", [id, seenAt]);
    await Promise.all([add(1, 9), add(2, 10), add(3, null)]);
    await define({ watermark: "seen_at", every: "0 * * * *", output: join(dir, "out/{{datetime}}.csv"), input: [`${address.replace(/(postgres:\/\/)[^@/]*/, "$1{{env.PEOPLE_USER}}")}?table=people`] });
    process.env["PEOPLE_USER"] = /postgres:\/\/([^@/]*)/.exec(address)?.[1] ?? "unused";
    const server = scheduler();
    const hour = async (h: number): Promise<ScheduleRun> => {
      now = new Date(`2026-10-31T${h}:00:01Z`);
      await rounds(server);
      return (await schedules.runs())[0]!;
    };
    expect(await hour(13)).toMatchObject({ state: "succeeded", rows: 2 });
    // Numbers, not texts: 100 is beyond 10.
    await add(4, 100);
    expect(await hour(14)).toMatchObject({ state: "succeeded", rows: 1 });
    expect(await hour(15)).toMatchObject({ state: "succeeded", rows: 0 });
    expect((await schedules.get("sales")).watermark).toBe("100");
    await people.close();
    const [run] = await schedules.runs();
    expect((await schedules.run("sales", run!.id)).log).not.toContain(`${process.env["PEOPLE_USER"]}@`);
    delete process.env["PEOPLE_USER"];
  });

  it.skipIf(skip || dialect === "postgres")("take only files that no good run has seen, whatever they are called", async () => {
    await define({ newFiles: true, every: "0 * * * *", output: join(dir, "out/{{datetime}}.csv"), input: [join(dir, "in/*.csv")] });
    put("a.csv", loanCsv(loanRows(3)));
    const server = scheduler();
    const hour = async (h: number): Promise<ScheduleRun> => {
      now = new Date(`2026-10-31T${h}:00:01Z`);
      await rounds(server);
      return (await schedules.runs())[0]!;
    };
    expect(await hour(13)).toMatchObject({ rows: 3 });
    put("copy.csv", loanCsv(loanRows(3)));
    utimesSync(join(dir, "in/a.csv"), 1, 1);
    expect(await hour(14)).toMatchObject({ rows: 0, state: "succeeded" });
    put("b.csv", loanCsv(loanRows(7)));
    expect(await hour(15)).toMatchObject({ rows: 7 });
  });

  it.skipIf(skip)("are paused and resumed, and what was due meanwhile is not made up for", async () => {
    await define({ every: "0 * * * *", output: join(dir, "out/{{datetime}}.csv") });
    now = new Date("2026-10-31T13:00:01Z");
    await planDue(database, now);
    expect(await schedules.pause("sales", actor)).toMatchObject({ state: "paused", nextAt: null });
    await schedules.pause("sales", actor);
    now = new Date("2026-10-31T15:30:00Z");
    await planDue(database, now);
    expect((await states()).map((s) => s[2])).toEqual(["skipped"]);
    // Read again by a server that starts: it stays paused.
    await define({ every: "30 * * * *", output: join(dir, "out/{{datetime}}.csv") });
    expect(await schedules.get("sales")).toMatchObject({ state: "paused", nextAt: null });
    expect(await schedules.resume("sales", actor, now)).toMatchObject({ state: "active", nextAt: "2026-10-31T16:30:00.000Z" });
    await schedules.define([], actor, { whole: true, now });
    expect(await schedules.list()).toEqual([]);
    await expect(schedules.start("sales", actor)).rejects.toMatchObject({ code: "schedule-unknown" });
    expect((await latestAudit(database, 10)).map((e) => e.action).reverse()).toEqual(["schedule.added", "schedule.paused", "schedule.changed", "schedule.resumed", "schedule.removed"]);
  });

  it.skipIf(skip || dialect === "postgres")("end a try that takes too long, and give back what a stopping server has in hand", async () => {
    // No process starts so fast.
    await define({ timeout: 5, retries: 0 });
    put("2026-11-01.csv", loanCsv(loanRows(5)));
    now = new Date("2026-11-01T02:00:01Z");
    await rounds(scheduler());
    expect((await schedules.runs())[0]).toMatchObject({ state: "failed", reason: expect.stringContaining("[schedule-run-timeout]") as string });
    await schedules.start("sales", actor, now);
    const server = scheduler();
    await server.tick();
    await server.stop();
    expect((await schedules.runs())[0]).toMatchObject({ state: "waiting", attempt: 0 });
    expect(existsSync(join(dir, "out/2026-11-01.csv"))).toBe(false);
  });

  it.skipIf(skip || dialect === "sqlite")("are made by workers over Postgres, of which one is killed: one run, its log, its pictures, and the bytes of one process", async () => {
    const workers: TestWorker[] = [];
    const url = postgres!.url.replace(/\/postgres$/, `/s${stores}`);
    const holders = async (): Promise<number[]> => (await database.query<{ pid: number }>("select distinct cast(split_part(worker, ':', 2) as integer) as pid from batch_shards where state = 'leased'")).map((h) => h.pid);
    try {
      await define({ on: "postgres", every: "0 * * * *", output: join(dir, "out/{{datetime}}.csv"), input: [join(dir, "in/all.csv")] });
      put("all.csv", loanCsv(loanRows(600_000)));
      now = new Date("2026-10-31T13:00:01Z");
      const servers = [scheduler({ databaseUrl: url }), scheduler({ databaseUrl: url })];
      // Both look; one of them watches, and nobody makes anything yet.
      await Promise.all(servers.map((s) => s.tick()));
      await until(async () => (await database.query("select 1 from information_schema.tables where table_name = 'batch_shards'")).length > 0 && (await database.query("select shard from batch_shards")).length > 2);
      expect(existsSync(join(dir, "out/20261031T130000Z.csv"))).toBe(false);
      const killed = startWorker(url);
      workers.push(killed);
      await until(async () => (await holders()).includes(killed.process.pid!));
      killed.process.kill("SIGKILL");
      expect(await killed.ended).toBe("SIGKILL");
      await database.query("update batch_shards set lease_until = now() where state = 'leased'");
      workers.push(startWorker(url), startWorker(url));
      await Promise.all(servers.map((s) => s.settled()));
      expect(await states()).toEqual([["2026-10-31T13:00", "schedule", "succeeded"]]);
      const [run] = await schedules.runs();
      const { log, summary } = await schedules.run("sales", run!.id);
      expect(run).toMatchObject({ attempt: 1, rows: 600_000, percent: 100 });
      expect(log).toMatch(/shards wait for workers[^]*600000 of 600000 rows scored/);
      expect(summary).toMatchObject({ rows: 600_000, outputs: [{ name: "score" }] });
      expect(readFileSync(join(dir, "out/20261031T130000Z.csv"), "utf8")).toBe(expectedCsv(loanRows(600_000)));
      expect([outputs(), errors]).toEqual([["20261031T130000Z.csv"], []]);
    } finally {
      for (const { process: child, ended } of workers) {
        child.kill("SIGKILL");
        await ended;
      }
    }
  }, 120_000);

  it.skipIf(skip || dialect === "sqlite")("leave nothing to workers where a run failed for good, and go on with what they made where a server ends", async () => {
    const url = postgres!.url.replace(/\/postgres$/, `/s${stores}`);
    const open = (): Promise<{ id: string; state: string }[]> => database.query("select id, state from batch_runs order by id");
    await define({ on: "postgres", retries: 0 });
    put("2026-11-01.csv", loanCsv(loanRows(500)));
    now = new Date("2026-11-01T02:00:01Z");
    const first = scheduler({ databaseUrl: url });
    await first.tick();
    await until(async () => (await database.query("select 1 from information_schema.tables where table_name = 'batch_runs'")).length > 0 && (await open()).length === 1);
    await first.stop();
    expect((await schedules.runs())[0]).toMatchObject({ state: "waiting", attempt: 0 });
    const [made] = await open();
    expect(made!.state).toBe("open");
    // Another server goes on with that very run; there are no workers until its time is over.
    await define({ on: "postgres", retries: 0, timeout: 3000 });
    await rounds(scheduler({ databaseUrl: url }));
    expect((await schedules.runs())[0]).toMatchObject({ state: "failed", reason: expect.stringContaining("[schedule-run-timeout]") as string });
    expect(await open()).toEqual([{ id: made!.id, state: "canceled" }]);
    expect((await schedules.run("sales", (await schedules.runs())[0]!.id)).log).toContain("wait for workers");
  }, 60_000);

  it.skipIf(skip || dialect === "postgres")("tell a model that is not there, or a registry", async () => {
    await define({ retries: 0 });
    const failed = async (server: Scheduler): Promise<RunFailure["message"]> => {
      await schedules.start("sales", actor, (now = new Date(now.getTime() + 1000)));
      await rounds(server);
      return (await schedules.runs())[0]!.reason!;
    };
    expect(await failed(scheduler({ openModel: async () => ({ path: at("nowhere.slip") }) }))).toMatch(/nowhere\.slip/);
    expect(await failed(scheduler({ openModel: () => Promise.reject(new Error("no registry")) }))).toContain("no registry");
  });
});
