// Schemathesis (https://schemathesis.readthedocs.io) reads the document and asks what it describes: valid and broken
// requests, and methods that are not described. No fault of the server, no status, type or shape that is not described.

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pythonWith } from "../../../../../scripts/testing-python.ts";
import { loadModelPackage } from "../../runtime/index.ts";
import { columnsModel } from "../../runtime/testing.ts";
import { startServer, type RunningServer } from "../index.ts";

const python = pythonWith("schemathesis");
const CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,unsupported_method,response_schema_conformance";

describe.skipIf(python === undefined)("schemathesis", () => {
  let server: RunningServer;
  // It keeps what it found in the working folder.
  const folder = mkdtempSync(join(tmpdir(), "slipway-schemathesis-"));
  beforeAll(async () => {
    server = await startServer([await loadModelPackage(columnsModel())], { port: 0 });
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("finds the server as its document describes it", async () => {
    const args = ["run", `${server.url}/openapi.json`, "--max-examples", "2", "--phases", "examples,coverage,fuzzing", "--checks", CHECKS, "--no-color", "--generation-database", "none", "--seed", "1"];
    const { code, stdout } = await promisify(execFile)(python!, ["-m", "schemathesis.cli", ...args], { maxBuffer: 2 ** 26, cwd: folder })
      .then(({ stdout: text }) => ({ code: 0, stdout: text }), (e: { code: number; stdout: string }) => ({ code: e.code, stdout: e.stdout }));
    expect([code, code === 0 ? "" : stdout.slice(-6000)]).toEqual([0, ""]);
    expect(Number(/(\d+) generated/.exec(stdout)![1])).toBeGreaterThan(1000);
  });
});
