// Everything that is promised of a database, on SQLite and on a real Postgres.

import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { testDatabases } from "../../../../scripts/testing-databases.ts";
import { migrate, openDatabase, shownUrl, type Database, type Migration } from "./index.ts";

const databases = testDatabases("db");
const { folder, real } = databases;

let count = 0;
const fresh = (dialect: string): string => (dialect === "sqlite" ? `sqlite:${join(folder, `${count++}`, "x.db")}` : databases.postgres.create(`t${count++}`));
const code = async (run: Promise<unknown>): Promise<string> => run.then(() => "none", (error: { code?: string }) => error.code ?? String(error));

describe.each(["sqlite", "postgres"])("on %s", (dialect) => {
  const test = it.skipIf(dialect === "postgres" && !real);
  const using = async (work: (db: Database, again: () => Promise<Database>) => Promise<void>): Promise<void> => {
    const url = fresh(dialect);
    const opened = [await openDatabase(url)];
    try {
      await opened[0]!.query("create table things (id integer primary key, name text unique, big bigint, real double precision)");
      await work(opened[0]!, async () => {
        opened.push(await openDatabase(url));
        return opened.at(-1)!;
      });
    } finally {
      for (const db of opened) await db.close();
    }
  };

  test("values come back as they went in", () => using(async (db) => {
    const sql = "insert into things (id, name, big, real) values ($1, $2, $3, $4) returning id, name, big, real";
    expect(await db.query(sql, [1, "ä'\"; --", 2 ** 53 - 1, 0.1])).toEqual([{ id: 1, name: "ä'\"; --", big: 2 ** 53 - 1, real: 0.1 }]);
    expect(await db.query(sql, [2, null, -5, null])).toEqual([{ id: 2, name: null, big: -5, real: null }]);
    expect(await db.query("select count(*) as n, max(big) as most from things")).toEqual([{ n: 2, most: 2 ** 53 - 1 }]);
    expect(await db.query("select id from things where cast($1 as text) is null or name = $1 order by id limit $2", [null, 1])).toEqual([{ id: 1 }]);
  }));

  test("a text with NUL in it is refused with a code, wherever it stands", () => using(async (db) => {
    for (const sql of ["insert into things (id, name) values (1, $1)", "select id from things where name = $1"]) await expect(db.query(sql, ["a\0b"])).rejects.toMatchObject({ code: "database-text" });
    expect(await db.query("select id from things")).toEqual([]);
  }));

  test("transactions that lock rows only do not wait for each other", () => using(async (db, again) => {
    await db.query("insert into things (id, name) values (1, 'a'), (2, 'b')");
    const other = await again();
    const skip = dialect === "postgres" ? "for update skip locked" : "";
    const taken = await db.transaction(async (tx) => {
      const mine = await tx.query(`select id from things order by id limit 1 ${skip}`);
      // SQLite has one writer at a time, so there the other one comes afterwards.
      const theirs = dialect === "postgres" ? await other.transaction((ty) => ty.query(`select id from things order by id limit 1 ${skip}`), "rows") : [];
      await tx.query("update things set name = 'c' where id = 1");
      return [...mine, ...theirs];
    }, "rows");
    expect(taken).toEqual(dialect === "postgres" ? [{ id: 1 }, { id: 2 }] : [{ id: 1 }]);
    await expect(db.transaction(async (tx) => {
      await tx.query("update things set name = 'd' where id = 1");
      throw new Error("changed my mind");
    }, "rows")).rejects.toThrow("changed my mind");
    expect(await db.query("select name from things order by id")).toEqual([{ name: "c" }, { name: "b" }]);
  }));

  test("a transaction is kept whole or not at all, and nobody sees half of it", () => using(async (db) => {
    await expect(db.transaction(async (tx) => {
      await tx.query("insert into things (id) values (1)");
      expect(await db.query("select id from things")).toEqual([]);
      await tx.transaction((inner) => inner.query("insert into things (id) values (2)"));
      throw new Error("changed my mind");
    })).rejects.toThrow("changed my mind");
    expect(await db.query("select id from things")).toEqual([]);
    await db.transaction((tx) => tx.query("insert into things (id) values (3)"));
    expect(await db.query("select id from things")).toEqual([{ id: 3 }]);
  }));

  test("no update is lost between connections", () => using(async (db, again) => {
    const all = [db, await again(), await again()];
    await db.query("insert into things (id, big) values (1, 0)");
    await Promise.all(Array.from({ length: 90 }, (_, i) => all[i % 3]!.transaction(async (tx) => {
      const [row] = await tx.query<{ big: number }>("select big from things where id = 1");
      await sleep(0);
      await tx.query("update things set big = $1 where id = 1", [row!.big + 1]);
    })));
    expect(await db.query("select big from things")).toEqual([{ big: 90 }]);
  }));

  test("a rule of the table is a coded conflict", () => using(async (db) => {
    await db.query("insert into things (id, name) values (1, 'a')");
    expect(await code(db.query("insert into things (id, name) values (2, 'a')"))).toBe("database-constraint");
    expect(await code(db.query("insert into nothing (id) values (2)"))).toBe("database-fault");
    expect(await code(db.query("select nothing"))).toBe("database-fault");
  }));

  test("a transaction that would wait for itself is refused, and one that is over takes no statement", () => using(async (db) => {
    expect(await code(db.transaction(() => db.transaction(() => Promise.resolve())))).toBe("database-fault");
    const kept = await db.transaction((tx) => Promise.resolve(tx));
    expect(await code(kept.query("select 1"))).toBe("database-fault");
  }));

  test("migrations run once, in their order, by whoever comes first; a newer store is refused", () => using(async (db, again) => {
    const other = await again();
    const list: Migration[] = [
      { title: "one", statements: () => ["create table steps (n integer)"] },
      { title: "two", statements: (d) => [`insert into steps (n) values (${d === "sqlite" ? 2 : 2})`] },
    ];
    await Promise.all([migrate(db, "room", list), migrate(other, "room", list), migrate(db, "room", list)]);
    expect(await db.query("select n from steps")).toEqual([{ n: 2 }]);
    expect(await code(migrate(db, "room", [...list, { title: "three", statements: () => ["insert into steps (n) values (3)", "no sql"] }]))).toBe("database-fault");
    expect(await db.query("select n from steps")).toEqual([{ n: 2 }]);
    expect(await code(migrate(db, "room", list.slice(0, 1)))).toBe("database-newer");
  }));
});

describe("SQLite", () => {
  it("is its owner's only", async () => {
    const path = join(folder, "own", "store.db");
    const database = await openDatabase(`sqlite:${path}`);
    await database.query("create table t (x integer)");
    expect(readdirSync(dirname(path)).map((name) => [name, statSync(join(dirname(path), name)).mode & 0o777])).toEqual(expect.arrayContaining([["store.db", 0o600], ["store.db-wal", 0o600]]));
    await database.close();
  });
  it("refuses what is no database, and a folder that cannot be written", async () => {
    const path = join(folder, "text.db");
    writeFileSync(path, "this is no database at all, just a long enough text".repeat(20));
    expect(await code(openDatabase(`sqlite:${path}`))).toBe("database-damaged");
    expect(await code(openDatabase(`sqlite:${path}/in/a/file.db`))).toBe("database-unwritable");
  });
});

describe.skipIf(!real)("Postgres", () => {
  const insert = (db: Database, id: number): Promise<unknown> => db.transaction(async (tx) => {
    await tx.query("insert into things (id) values ($1)", [id]);
    await sleep(1);
  });

  it.each(["fast", "kill"] as const)("is restarted (%s) in the middle, and nothing is lost or done twice", async (how) => {
    const db = await openDatabase(fresh("postgres"));
    // No unique key: what is done twice would be there twice.
    await db.query("create table things (id integer)");
    const progress = { done: 0 };
    const busy = Promise.all(Array.from({ length: 4 }, async (_, w) => {
      for (let i = 0; i < 60; i++) {
        await insert(db, w * 1000 + i);
        progress.done++;
      }
    }));
    for (const at of [30, 90]) {
      while (progress.done < at) await sleep(1);
      await databases.postgres.end(how);
      await sleep(50);
      await databases.postgres.start();
    }
    await busy;
    expect(await db.query("select count(*) as n, count(distinct id) as different from things")).toEqual([{ n: 240, different: 240 }]);
    await db.close();
  });

  it("a session that the administrator ends is replaced, while idle and inside a transaction", async () => {
    const db = await openDatabase(fresh("postgres"));
    await db.query("create table things (id integer)");
    const cut = (): string => databases.postgres.run("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'slipway'");
    cut();
    expect(await db.query("select 1 as one")).toEqual([{ one: 1 }]);
    let tries = 0;
    await db.transaction(async (tx) => {
      await tx.query("insert into things (id) values (1)");
      if (tries++ === 0) cut();
      await tx.query("insert into things (id) values (2)");
    });
    expect(tries).toBe(2);
    expect(await db.query("select id from things order by id")).toEqual([{ id: 1 }, { id: 2 }]);
    await db.close();
  });

  it("wants the right password, and no error shows it", async () => {
    const hba = join(databases.postgres.data, "pg_hba.conf");
    const before = readFileSync(hba, "utf8");
    databases.postgres.run("create role kim login password 'open sesame/@1'");
    databases.postgres.create("kims");
    databases.postgres.run("alter database kims owner to kim");
    writeFileSync(hba, `host all kim 127.0.0.1/32 scram-sha-256\n${before}`);
    databases.postgres.run("select pg_reload_conf()");
    await sleep(200);
    const url = (password: string, name = "kims"): string => `postgres://kim:${encodeURIComponent(password)}@127.0.0.1:${databases.postgres.port}/${name}`;
    const db = await openDatabase(url("open sesame/@1"));
    expect(await db.query("select current_user as me")).toEqual([{ me: "kim" }]);
    await db.close();
    const failures = await Promise.all([url("secret-word"), url("secret-word", "missing"), url("secret-word").replace(`:${databases.postgres.port}`, ":five"), `${url("secret-word")}?sslmode=verify-full&sslrootcert=/no/such/secret`, url("secret-word").replace("postgres:", "mysql:"), `${url("secret-word")}?sslmode=require`]
      .map((u) => openDatabase(u).then(() => ({ code: "none", text: "" }), (error: Error & { code: string }) => ({ code: error.code, text: `${error.message} ${error.stack} ${JSON.stringify(error)}` }))));
    expect(failures.map((f) => f.code)).toEqual(["database-login", "database-login", "database-url", "database-url", "database-url", "database-unreachable"]);
    for (const { text } of failures) expect(text).not.toContain("secret-word");
    expect(shownUrl(url("secret-word"))).toBe(`postgres://...@127.0.0.1:${databases.postgres.port}/kims`);
    writeFileSync(hba, before);
    databases.postgres.run("select pg_reload_conf()");
  });
});
