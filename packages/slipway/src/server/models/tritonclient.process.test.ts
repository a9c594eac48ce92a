import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { pythonWith } from "../../../../../scripts/testing-python.ts";
import { ModelDirectory, Repository, startServer } from "../index.ts";
import { writePackage } from "./testing-packages.ts";

const python = pythonWith("tritonclient.http", "numpy");

it.skipIf(python === undefined)("tritonclient loads, unloads and brings models, and finds the states it expects", async () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-triton-"));
  for (const v of [1, 2]) await writePackage(join(folder, `models/linear/${v}/model.slip`), { factor: v });
  await writePackage(join(folder, "other.slip"), { factor: 7 });
  const repository = new Repository(new ModelDirectory([]), { folder: join(folder, "models"), uploads: true });
  await repository.sync();
  const server = await startServer(repository, { port: 0, auth: { anonymous: "admin", administration: "any-port" } });
  try {
    const { stdout } = await promisify(execFile)(python!, [`${import.meta.dirname}/load_with_tritonclient.py`, `127.0.0.1:${server.port}`, join(folder, "other.slip")]);
    expect(JSON.parse(stdout)).toEqual({
      start: [12, [["linear", "2", "READY"]]],
      unloaded: ["503", [["linear", "2", "UNAVAILABLE"]], false],
      all: [12, 6, [["linear", "1", "READY"], ["linear", "2", "READY"]], true],
      file: [42, [["linear", "7", "READY"]]],
      specific: [6, [["linear", "1", "READY"]]],
      nobody: ["404", expect.stringContaining('failed to load "nobody"')],
    });
  } finally {
    await server.close();
    rmSync(folder, { recursive: true });
  }
});
