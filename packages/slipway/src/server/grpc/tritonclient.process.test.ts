import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pythonWith } from "../../../../../scripts/testing-python.ts";
import { loadModelPackage } from "../../runtime/index.ts";
import { columnsModel, matrixModel, textModel } from "../../runtime/testing.ts";
import { startServer, type RunningServer } from "../index.ts";

const python = pythonWith("tritonclient.grpc", "numpy");

describe.skipIf(python === undefined)("tritonclient over gRPC", () => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startServer(await Promise.all([columnsModel(), matrixModel(), textModel()].map((s) => loadModelPackage(s))), { port: 0 });
  });
  afterAll(() => server.close());

  it("finds what it expects everywhere", async () => {
    const { stdout } = await promisify(execFile)(python!, [`${import.meta.dirname}/ask_with_tritonclient.py`, `127.0.0.1:${server.port}`]);
    const out = JSON.parse(stdout);
    expect(out).toMatchObject({ live: true, ready: true, model_ready: true, unknown_ready: false, server: "slipway", shared_memory: [0, 0], log: { bool_param: false }, trace: { value: ["OFF"] } });
    expect(out["inputs"]).toEqual([["age", "FP64", [-1, 1]], ["plan", "BYTES", [-1, 1]], ["member", "BOOL", [-1, 1]], ["note", "BYTES", [-1, 1]]]);
    expect(out["config"]).toEqual(["linear", 0, [["X", 12, [-1, 3]]]]);
    expect(out["index"]).toEqual([["loan", "READY"], ["linear", "READY"], ["tickets", "READY"]]);
    for (const way of ["plain", "float32", "int32", "gzip", "parameters"]) expect(out[way], way).toEqual([[55, 110], [2, 2], ["yes", "yes"]]);
    expect([out["classes"], out["matrix"], out["text"], out["big"], out["async"]]).toEqual([[["1", "yes"], ["0", "no"]], [6, 14], [1, 0], [1_800_000], true]);
    expect(out["stream"]).toEqual(Array.from({ length: 20 }, (_, i) => (i === 7 ? "error" : String(i))));
    const status = Object.fromEntries(Object.entries(out["errors"] as Record<string, [string, string]>).map(([name, [code]]) => [name, code]));
    expect(status).toEqual({
      model: "StatusCode.NOT_FOUND", version: "StatusCode.NOT_FOUND", output: "StatusCode.INVALID_ARGUMENT", category: "StatusCode.INVALID_ARGUMENT",
      late: "StatusCode.DEADLINE_EXCEEDED", region: "StatusCode.UNAUTHENTICATED", load: "StatusCode.UNAUTHENTICATED",
    });
    expect(out["errors"]["category"][1]).toContain('row 1, column "plan": expected one of "basic", "pro", found text "por" (did you mean "pro"?)');
    expect(out["stats"]).toEqual([true, true]);
  });
});
