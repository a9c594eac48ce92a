// For tests: each pair of a database and an OCI store, with the servers that it needs.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasPostgres, startPostgres, type TestPostgres } from "./testing-postgres.ts";
import { openDatabase, type Database } from "../packages/slipway/src/database/index.ts";
import { isOciReference, LayoutStore, parseReference, RegistryStore, type BlobStore } from "../packages/slipway/src/oci/index.ts";
import { dockerRegistry, startDockerRegistry, type TestRegistry } from "../packages/slipway/src/oci/testing-registry.ts";

/** One store's addresses, which other processes can be given, and opening it. */
export interface Place {
  readonly databaseUrl: string;
  /** A folder, or oci://HOST/REPOSITORY. */
  readonly store: string;
  open(): Promise<{ readonly database: Database; readonly blobs: BlobStore }>;
}

export async function openPlace({ databaseUrl, store }: Pick<Place, "databaseUrl" | "store">): Promise<{ readonly database: Database; readonly blobs: BlobStore }> {
  const database = await openDatabase(databaseUrl);
  if (!isOciReference(store)) return { database, blobs: await LayoutStore.open(store, { create: true }) };
  const { host, repository } = parseReference(store);
  return { database, blobs: await RegistryStore.open(host, repository) };
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

function backend(database: "sqlite" | "postgres", store: "layout" | "registry"): Backend {
  let folder = "";
  let postgres: TestPostgres | undefined;
  let registry: TestRegistry | undefined;
  const there = (database === "sqlite" || postgresThere) && (store === "layout" || dockerRegistry !== undefined);
  return {
    name: `${database} and ${store}`, database, store, there,
    async start() {
      folder = mkdtempSync(join(tmpdir(), "slipway-registry-"));
      if (there && database === "postgres") postgres = await startPostgres();
      if (there && store === "registry") registry = await startDockerRegistry();
    },
    place() {
      const n = `r${process.pid}_${count++}`;
      const place = {
        databaseUrl: postgres === undefined ? `sqlite:${join(folder, n, "registry.db")}` : postgres.create(n),
        store: registry === undefined ? join(folder, n, "oci") : `oci://${registry.host}/tests/${n}`,
      };
      return { ...place, open: () => openPlace(place) };
    },
    async stop() {
      await postgres?.stop();
      await registry?.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The embedded registry first, the team's last. */
export const backends: readonly Backend[] = [backend("sqlite", "layout"), backend("postgres", "layout"), backend("sqlite", "registry"), backend("postgres", "registry")];
