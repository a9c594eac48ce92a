import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pythonWith } from "../../../../scripts/testing-python.ts";
import { loadModelPackage } from "../runtime/index.ts";
import { columnsModel, matrixModel, textModel } from "../runtime/testing.ts";
import { startServer, type RunningServer } from "./index.ts";

const python = pythonWith("tritonclient.http", "numpy");

describe.skipIf(python === undefined)("tritonclient", () => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startServer(await Promise.all([columnsModel(), matrixModel(), textModel()].map((s) => loadModelPackage(s))), { port: 0 });
  });
  afterAll(() => server.close());

  it("finds what it expects everywhere", async () => {
    const { stdout } = await promisify(execFile)(python!, [`${import.meta.dirname}/protocols/ask_with_tritonclient.py`, `127.0.0.1:${server.port}`]);
    const out = JSON.parse(stdout);
    expect(out).toMatchObject({ live: true, ready: true, model_ready: true, unknown_ready: false, server: "slipway", config: 0 });
    expect(out["inputs"]).toEqual([["age", "FP64", [-1, 1]], ["plan", "BYTES", [-1, 1]], ["member", "BOOL", [-1, 1]], ["note", "BYTES", [-1, 1]]]);
    expect(out["index"].map((m: { name: string; state: string }) => [m.name, m.state])).toEqual([["loan", "READY"], ["linear", "READY"], ["tickets", "READY"]]);
    for (const way of ["binary", "json", "float32", "int32"]) expect(out[way]).toEqual([[55, 110], [2, 2], ["yes", "yes"]]);
    expect([out["nan"], out["nan_json"]]).toEqual(["[nan]", "[nan]"]);
    expect([out["matrix"], out["text"], out["empty"], out["many"]]).toEqual([[6, 14], [1, 0], [], [6, 14]]);
    expect(out["errors"]["model"][1]).toContain("Request for unknown model");
    expect([out["errors"]["model"][0], out["errors"]["version"][0], out["errors"]["output"][0], out["errors"]["category"][0]]).toEqual(["404", "404", "400", "400"]);
    expect(out["errors"]["category"][1]).toContain('row 1, column "plan": expected one of "basic", "pro", found text "por" (did you mean "pro"?)');
    // One failure: what asks for a version that is not there asks no model.
    expect(out["stats"]).toEqual([true, true, 1]);
  });
});
