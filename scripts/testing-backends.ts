// For tests: each pair of a database and an OCI store, with the servers that it needs.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasPostgres, startPostgres, type TestPostgres } from "./testing-postgres.ts";
import { openDatabase, type Database } from "../packages/slipway/src/database/index.ts";
import { LayoutStore, type BlobStore } from "../packages/slipway/src/oci/index.ts";

/** One store's addresses, and opening it. */
export interface Place {
  readonly databaseUrl: string;
  readonly store: string;
  open(): Promise<{ readonly database: Database; readonly blobs: BlobStore }>;
}
export interface Backend {
  readonly name: string;
  readonly database: "sqlite" | "postgres";
  readonly store: "layout" | "registry";
  /** Whether this machine has what it needs. */
  readonly there: boolean;
  start(): Promise<void>;
  /** An empty store of its own. */
  place(): Place;
  stop(): Promise<void>;
}

const postgresThere = hasPostgres();
let count = 0;

function backend(database: "sqlite" | "postgres", store: "layout"): Backend {
  let folder = "";
  let postgres: TestPostgres | undefined;
  const there = database === "sqlite" || postgresThere;
  return {
    name: `${database} and ${store}`, database, store, there,
    async start() {
      folder = mkdtempSync(join(tmpdir(), "slipway-registry-"));
      if (there && database === "postgres") postgres = await startPostgres();
    },
    place() {
      const n = `r${process.pid}_${count++}`;
      const databaseUrl = postgres === undefined ? `sqlite:${join(folder, n, "registry.db")}` : postgres.create(n);
      const at = join(folder, n, "oci");
      return { databaseUrl, store: at, open: async () => ({ database: await openDatabase(databaseUrl), blobs: await LayoutStore.open(at, { create: true }) }) };
    },
    async stop() {
      await postgres?.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const backends: readonly Backend[] = [backend("sqlite", "layout"), backend("postgres", "layout")];
