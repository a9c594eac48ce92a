// The audit log on SQLite and on a real Postgres: that it only grows, and that every way of changing it is found.

import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { testDatabases } from "../../../../scripts/testing-databases.ts";
import { migrate, openDatabase, type Database } from "../database/index.ts";
import { appendAudit, AUDIT_MIGRATIONS, canonicalJson, exportAudit, hashEntry, latestAudit, listAudit, parseAudit, verifyAudit, verifyEntries, type Actor } from "./index.ts";

const databases = testDatabases("audit");
const { folder, real } = databases;

const kim: Actor = { name: "kim", roles: ["developer"], groups: [], how: "local" };
const failure = async (run: Promise<unknown>): Promise<{ code: string; seq?: unknown }> =>
  run.then(() => ({ code: "none" }), (error: { code?: string; data?: { seq: unknown } }) => ({ code: error.code ?? String(error), ...(error.data ? { seq: error.data.seq } : {}) }));

describe.each(["sqlite", "postgres"])("on %s", (dialect) => {
  let count = 0;
  const using = async (work: (db: Database, tamper: (sql: string) => void) => Promise<void>): Promise<void> => {
    const name = `a${count++}`;
    const path = join(folder, `${name}.db`);
    const db = await openDatabase(dialect === "sqlite" ? `sqlite:${path}` : databases.postgres.create(name));
    try {
      await migrate(db, "audit", AUDIT_MIGRATIONS);
      await work(db, (sql) => {
        if (dialect === "postgres") {
          databases.postgres.run(`alter table audit disable trigger all; ${sql}; alter table audit enable trigger all`, name);
          return;
        }
        const raw = new DatabaseSync(path);
        raw.exec(`drop trigger if exists audit_no_update; drop trigger if exists audit_no_delete; ${sql}`);
        raw.close();
      });
    } finally {
      await db.close();
    }
  };
  const write = (db: Database, n: number): Promise<unknown> => db.transaction((tx) => appendAudit(tx, { actor: kim, action: "alias.moved", model: n % 2 ? "churn" : "credit", version: n, detail: { alias: "production", from: n - 1, note: "ä €", gone: undefined } }));
  const test = it.skipIf(dialect === "postgres" && !real);

  test("entries are chained in the transaction of what they tell, many at once", () => using(async (db) => {
    await Promise.all(Array.from({ length: 30 }, (_, i) => write(db, i + 1)));
    await db.transaction(async (tx) => {
      await appendAudit(tx, { actor: kim, action: "never.happened" });
      throw new Error("undone");
    }).catch(() => {});
    const proof = await verifyAudit(db);
    const entries = await listAudit(db, { limit: 1000 });
    expect(entries.map((e) => e.seq)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    expect(entries.map((e) => e.version).sort((a, b) => a! - b!)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    expect(proof).toEqual({ entries: 30, head: entries.at(-1)!.hash });
    expect((await listAudit(db, { model: "churn", after: 10, limit: 3 })).every((e) => e.model === "churn" && e.seq > 10)).toBe(true);
    expect(await listAudit(db, { actor: "nobody" })).toEqual([]);
    expect((await latestAudit(db, 1))[0]!.seq).toBe(30);
  }));

  test("nothing can be changed or removed by a statement", () => using(async (db) => {
    await write(db, 1);
    for (const sql of ["update audit set actor = 'robin'", "delete from audit", ...(dialect === "postgres" ? ["truncate audit"] : [])]) {
      expect((await failure(db.query(sql))).code).toBe("database-constraint");
    }
    expect((await verifyAudit(db)).entries).toBe(1);
  }));

  test.each([
    ["a changed field", "update audit set actor = 'robin' where seq = 3", 3],
    ["a changed detail", "update audit set detail = replace(detail, 'production', 'staging') where seq = 2", 2],
    ["a detail that is no JSON", "update audit set detail = '{' where seq = 2", 2],
    ["a removed entry", "delete from audit where seq = 3", 3],
    ["the first removed", "delete from audit where seq = 1", 1],
    ["an entry with a hash of its own", "update audit set hash = '00' where seq = 4", 4],
    ["two changed places", "update audit set seq = 99 where seq = 2; update audit set seq = 2 where seq = 3; update audit set seq = 3 where seq = 99", 2],
  ])("%s is found, and the first broken entry named", (_, sql, seq) => using(async (db, tamper) => {
    for (let i = 1; i <= 5; i++) await write(db, i);
    tamper(sql);
    expect(await failure(verifyAudit(db))).toEqual({ code: "audit-broken", seq });
  }));

  test("an end that was cut off is found by an earlier head", () => using(async (db, tamper) => {
    for (let i = 1; i <= 3; i++) await write(db, i);
    const { head } = await verifyAudit(db);
    await write(db, 4);
    expect((await verifyAudit(db, { head })).entries).toBe(4);
    tamper("delete from audit where seq > 2");
    expect((await verifyAudit(db)).entries).toBe(2);
    expect(await failure(verifyAudit(db, { head }))).toEqual({ code: "audit-broken", seq: 3 });
  }));

  test("an export is verified without the database", () => using(async (db) => {
    for (let i = 1; i <= 4; i++) await write(db, i);
    let text = "";
    for await (const line of exportAudit(db)) text += line;
    expect(await verifyEntries(parseAudit(text))).toEqual(await verifyAudit(db));
    expect(await failure(verifyEntries(parseAudit(text.replace("kim", "kit"))))).toEqual({ code: "audit-broken", seq: 1 });
    expect((await failure(Promise.resolve().then(() => verifyEntries(parseAudit(`${text}{"seq":5}\n`))))).code).toBe("audit-malformed");
  }));
});

describe("canonical JSON", () => {
  it("is RFC 8785's example", () => {
    const value = JSON.parse(String.raw`{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001], "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}`) as unknown;
    expect(canonicalJson(value)).toBe(String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`);
  });
  it("does not depend on the order of keys", () => {
    const entry = { seq: 1, time: "t", actor: "a", how: "local", action: "x", model: null, version: null, detail: { b: 1, a: { d: 2, c: 3 } }, previousHash: "0" };
    expect(hashEntry(entry)).toBe(hashEntry({ ...entry, detail: { a: { c: 3, d: 2 }, b: 1 } }));
  });
});
