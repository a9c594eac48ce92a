// A process that kills itself with SIGKILL just before its Nth step at the database or the OCI store, while it offers,
// promotes, attaches and removes: `node testing-registry-killed.ts DATABASE STORE N`. Tells each act that is done as a line.

import { writeSync } from "node:fs";
import type { Database } from "../packages/slipway/src/database/index.ts";
import type { BlobStore } from "../packages/slipway/src/oci/index.ts";
import { Registry } from "../packages/slipway/src/registry/index.ts";
import { openPlace } from "./testing-backends.ts";
import { examplePackage, person } from "./testing-packages.ts";

const [databaseUrl, store, last] = process.argv.slice(2) as [string, string, string];
let left = Number(last);
const step = (): void => {
  if (--left === 0) process.kill(process.pid, "SIGKILL");
};

function stepping(database: Database): Database {
  return {
    dialect: database.dialect,
    query: (sql, parameters) => {
      step();
      return database.query(sql, parameters);
    },
    transaction: (work) => {
      step();
      return database.transaction(async (tx) => {
        const result = await work(stepping(tx));
        // Before the commit.
        step();
        return result;
      });
    },
    close: () => database.close(),
  };
}

const opened = await openPlace({ databaseUrl, store });
const blobs = new Proxy(opened.blobs, {
  get(target, name) {
    const value: unknown = Reflect.get(target, name, target);
    if (typeof value !== "function") return value;
    return (...args: unknown[]): unknown => {
      step();
      return (value as (...a: unknown[]) => unknown).apply(target, args);
    };
  },
}) as BlobStore;

const actor = person("kim");
const told = (act: string): void => void writeSync(1, `${act}\n`);
const registry = await Registry.open({ database: stepping(opened.database), blobs });
await registry.offer(await examplePackage("churn", 1), { actor });
told("offered 1");
await registry.setAlias("churn", "production", 1, { actor });
told("moved 1");
await registry.offer(await examplePackage("churn", 2), { actor });
told("offered 2");
await registry.attach("churn", 2, { kind: "gate-report", mediaType: "application/json", bytes: new TextEncoder().encode("{}"), summary: { passed: true }, actor });
told("attached 2");
await registry.setAlias("churn", "production", 2, { actor, expected: 1 });
told("moved 2");
await registry.removeVersion("churn", 1, { actor });
told("removed 1");
await registry.collectGarbage({ graceMs: -1000 });
await registry.close();
told(`whole after ${Number(last) - left}`);
