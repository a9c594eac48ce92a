// For test files that run on SQLite and on a real Postgres: a folder, and the server where this machine has one. Both are gone
// when the file's tests are over.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { hasPostgres, startPostgres, type TestPostgres } from "./testing-postgres.ts";

export interface TestDatabases {
  readonly folder: string;
  /** Whether there is a Postgres. */
  readonly real: boolean;
  /** Only while tests run. */
  readonly postgres: TestPostgres;
}

export function testDatabases(name: string): TestDatabases {
  const folder = mkdtempSync(join(tmpdir(), `slipway-${name}-`));
  const real = hasPostgres();
  let server: TestPostgres | undefined;
  beforeAll(async () => {
    if (real) server = await startPostgres();
  }, 60_000);
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);
  return {
    folder, real,
    get postgres() {
      if (server === undefined) throw new Error("there is no Postgres here, or it has not started yet");
      return server;
    },
  };
}
