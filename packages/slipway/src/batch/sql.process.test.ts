// Databases as input and output: a real Postgres, SQLite, DuckDB.

import { readdirSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasPostgres, startPostgres, type TestPostgres } from "../../../../scripts/testing-postgres.ts";
import { planBatch } from "./index.ts";
import { openDuckDB, sqlText } from "./input/duckdb.ts";
import { parseSqlAddress } from "./sql/address.ts";
import { expectedCsv, loanPackage, loanRows, loanScore, TestRuns } from "./testing-run.ts";

const rows = loanRows(40_000);
let runs: TestRuns;
let home: string;
beforeAll(async () => {
  runs = new TestRuns(await loanPackage());
  home = process.cwd();
  // What goes elsewhere is made in .slipway/batch of the folder that one is in.
  process.chdir(runs.folder);
}, 60_000);
afterAll(() => {
  process.chdir(home);
  runs.remove();
});
const left = (): string[] => readdirSync(runs.at(".slipway/batch")).filter((n) => !/\.(?:run\.json|errors\.jsonl)$/.test(n));

describe.skipIf(!hasPostgres())("Postgres", () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
    postgres.run(`create table people as select i::bigint as id, case when i % 10 = 3 then null else (i % 70) + 18.25 end::numeric(8,2) as age, case when i % 3 = 0 then 'pro' else 'basic' end as plan, i % 4 = 0 as member, case when i % 5 = 0 then null else 'note ' || (i % 7) end as note from generate_series(0, 39999) as i`);
  }, 60_000);
  afterAll(() => postgres?.stop());
  const count = (table: string): string => postgres.run(`select count(*), count(distinct id), round(sum(score)::numeric, 2) from ${table}`).trim();
  const sum = rows.reduce((n, r) => n + (loanScore(r) ?? 0), 0).toFixed(2);

  it("is read with a query in its own words, and from one moment", async () => {
    expect(await runs.run(postgres.url, "pg.csv", { query: "select * from people order by id;" })).toMatchObject({ rows: 40_000, bad: 0 });
    expect(runs.text("pg.csv")).toBe(expectedCsv(rows));
    expect(await runs.run(`${postgres.url}?table=public.people`, "few.csv", { limit: 10 })).toMatchObject({ rows: 10 });
    expect(runs.text("pg.csv.run.json")).not.toContain("postgres@");
    expect(await planBatch(runs.options(postgres.url, "planned.csv", { query: "select * from people order by id" }))).toMatchObject({ input: { rows: 40_000, exact: true }, sample: { bad: 0 } });
  });
  it("takes all rows of a run in one transaction, once, with their types", async () => {
    const out = `${postgres.url}?table=scores`;
    expect(await runs.run(`${postgres.url}?table=people`, out)).toMatchObject({ rows: 40_000, output: expect.stringContaining("table=scores") as string });
    expect(count("scores")).toBe(`40000|40000|${sum}`);
    expect(postgres.run("select id, score from scores where id in (0, 3) order by id").trim()).toBe(`0|${loanScore(rows[0]!)}\n3|`);
    expect(postgres.run("select string_agg(format_type(atttypid, -1), ',' order by attnum) from pg_attribute where attrelid = 'scores'::regclass and attnum > 0").trim()).toBe("bigint,double precision");
    expect(left()).toEqual([]);
    // The same run again: gone on with it is done, begun anew it is refused, unless it is to replace.
    expect(await runs.run(`${postgres.url}?table=people`, out, { resume: true })).toMatchObject({ rows: 40_000, resumed: 40_000 });
    await expect(runs.run(`${postgres.url}?table=people`, out)).rejects.toMatchObject({ code: "batch-output-exists" });
    await runs.run(`${postgres.url}?table=people`, out, { overwrite: true });
    expect(count("scores")).toBe(`40000|40000|${sum}`);
    // Another one adds to it.
    await runs.run(postgres.url, out, { query: "select * from people where id < 5" });
    expect(count("scores").split("|").slice(0, 2)).toEqual(["40005", "40000"]);
  });
  it("keeps none of a run that fails, and ends one that was stopped while it was handed over", async () => {
    postgres.run("create table picky (id bigint primary key, score double precision not null)");
    await expect(runs.run(`${postgres.url}?table=people`, `${postgres.url}?table=picky`)).rejects.toMatchObject({ code: "batch-sql" });
    expect(postgres.run("select count(*) from picky").trim()).toBe("0");
    postgres.run("alter table picky alter score drop not null");
    expect(await runs.run(`${postgres.url}?table=people`, `${postgres.url}?table=picky`, { resume: true })).toMatchObject({ rows: 40_000, resumed: 40_000 });
    expect(count("picky")).toBe(`40000|40000|${sum}`);
    postgres.run("create table narrow (id bigint)");
    await expect(runs.run(`${postgres.url}?table=people`, `${postgres.url}?table=narrow`)).rejects.toMatchObject({ code: "batch-sql", message: expect.stringContaining('"score"') as string });
  });
  it("takes texts with whatever stands in them, also where rules for rows rule out COPY", async () => {
    const note = "a\tb\\N \r\n\\.\n";
    postgres.run("create table odd (id bigint, age double precision, plan text, member boolean, note text)");
    postgres.run(`insert into odd select i, 20, 'pro', false, e'a\tb\\\\N \r\n\\\\.\n' from generate_series(1, 3) as i`);
    const out = `${postgres.url}?table=kept`;
    await runs.run(`${postgres.url}?table=odd`, out, { keep: ["id", "note"] });
    const kept = (): unknown => JSON.parse(postgres.run("select json_agg(note order by id) from kept"));
    expect(kept()).toEqual([note, note, note]);
    // The owner is bound by them too; then COPY is refused by name.
    postgres.run("create role writer login; grant select on odd to writer; grant select, insert, delete, update on slipway_batch_runs to writer; alter table kept owner to writer; alter table kept enable row level security; alter table kept force row level security; create policy all_rows on kept using (true) with check (true); grant create on schema public to writer");
    const writer = out.replace(/\/\/[^@/]*@/, "//writer@");
    await runs.run(`${postgres.url}?table=odd`, writer, { keep: ["id", "note"], overwrite: true });
    expect(postgres.run("select count(*), count(distinct note) from kept").trim()).toBe("3|1");
  });
  it("is refused by a code where the query, the table or the address is wrong", async () => {
    const refused = (input: string, query?: string): Promise<unknown> => runs.run(input, "no.csv", { query }).catch((error: unknown) => error);
    expect(await refused(postgres.url, "select nothing from people")).toMatchObject({ code: "batch-sql" });
    expect(await refused(postgres.url, "delete from people returning *")).toMatchObject({ code: "batch-sql" });
    expect(await refused(postgres.url, "select id, age as id from people")).toMatchObject({ code: "batch-sql" });
    expect(await refused(postgres.url)).toMatchObject({ code: "batch-source-address" });
    const gone = await refused(postgres.url.replace(/\/\/postgres@/, "//someone:secret@").replace("/postgres", "/nowhere"), "select 1");
    expect(gone).toMatchObject({ code: "database-login" });
    expect(JSON.stringify(gone)).not.toContain("secret");
    expect(postgres.run("select count(*) from people").trim()).toBe("40000");
  });
});

describe("SQLite and DuckDB", () => {
  it("are read, and SQLite is written, once", async () => {
    const database = new DatabaseSync(runs.at("in.db"));
    database.exec("create table people (id integer, age real, plan text, member integer, note text)");
    const insert = database.prepare("insert into people values (?, ?, ?, ?, ?)");
    database.exec("begin");
    for (const { id, age, plan, member, note } of rows.slice(0, 3000)) insert.run(id, age, plan, member ? 1 : 0, note);
    database.exec("commit");
    database.close();
    expect(await runs.run(`sqlite:${runs.at("in.db")}`, "lite.csv", { query: "select * from people order by id" })).toMatchObject({ rows: 3000, bad: 0 });
    expect(runs.text("lite.csv")).toBe(expectedCsv(rows.slice(0, 3000)));
    const duck = await openDuckDB({ threads: 1, memoryMb: 128, temporary: runs.at("tmp") });
    await duck.run(`ATTACH ${sqlText(runs.at("in.duckdb"))} AS d`);
    await duck.run("CREATE TABLE d.people AS SELECT i AS id, 30.0 AS age, 'pro' AS plan, true AS member, CAST(NULL AS VARCHAR) AS note FROM range(500) t(i)");
    await duck.run("DETACH d");
    duck.closeSync();
    expect(await runs.run(`duckdb:${runs.at("in.duckdb")}?table=people`, "duck.csv")).toMatchObject({ rows: 500, bad: 0 });
    for (const options of [{}, { resume: true }]) await runs.run(runs.at("in.duckdb").replace(/^/, "duckdb:"), `sqlite:${runs.at("out.db")}?table=the scores`, { ...options, query: "select * from people" });
    const out = new DatabaseSync(runs.at("out.db"), { readOnly: true });
    expect(out.prepare('select count(*) as n, sum(score) as s, min(typeof(id)) as t from "the scores"').get()).toEqual({ n: 500, s: 500 * 140, t: "integer" });
    out.close();
    expect(left().filter((n) => n.endsWith("the_scores"))).toEqual([]);
  });
  it("are refused by a code where they are not what they seem", async () => {
    await expect(runs.run(`sqlite:${runs.at("nowhere.db")}?table=a`, "no.csv")).rejects.toMatchObject({ code: "batch-input-missing" });
    await expect(runs.run(`sqlite:${runs.at("lite.csv")}?table=a`, "no.csv")).rejects.toMatchObject({ code: "batch-sql" });
    await expect(runs.run(`sqlite:${runs.at("in.db")}`, "no.csv", { query: "select 1 as id, x'00' as age" })).rejects.toMatchObject({ code: "batch-sql" });
    await expect(runs.run(`duckdb:${runs.at("lite.csv")}?table=a`, "no.csv")).rejects.toMatchObject({ code: "batch-input-damaged" });
    for (const address of ["sqlite:a?table=", "sqlite:a?b=c", "sqlite:?table=a", "postgres://h/d?table=a.b.c"]) expect(() => parseSqlAddress(address), address).toThrow(expect.objectContaining({ code: "batch-source-address" }));
    expect(parseSqlAddress("postgres://u:p@h/d?sslmode=require&table=s.t")).toEqual({ kind: "postgres", database: "postgres://u:p@h/d?sslmode=require", table: "s.t", shown: "postgres://...@h/d?sslmode=require&table=s.t" });
  });
});
