import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pythonWith } from "../../../../../../scripts/testing-python.ts";
import { loadModelPackage } from "../../../runtime/index.ts";
import { columnsModel, matrixModel } from "../../../runtime/testing.ts";
import { startServer, type RunningServer } from "../../index.ts";

const python = pythonWith("grpc", "grpc_tools");

describe.skipIf(python === undefined)("TensorFlow Serving over gRPC", () => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startServer(await Promise.all([columnsModel(), matrixModel()].map((s) => loadModelPackage(s))), { port: 0, adminPort: 0 });
  });
  afterAll(() => server.close());

  it("answers code that was made from its public interface", async () => {
    const { stdout } = await promisify(execFile)(python!, [`${import.meta.dirname}/ask_with_grpcio.py`, `127.0.0.1:${server.port}`, new URL(server.adminUrl!).host, server.adminKey!]);
    const { errors, ...out } = JSON.parse(stdout) as { errors: Record<string, [string, string] | null> } & Record<string, unknown>;
    expect(out).toEqual({
      lists: [[14, 6], [2], "1.0.0", "serving_default"], content: [14, 6], repeated: [12, 12], half: [6], label: [14, 6],
      columns: [[55, 110], ["yes", "yes"], [2, 2]], filter: ["label", "score"], signature: ["score"],
      classify: [[["no", 0.0067], ["yes", 0.9933]], [["no", 0], ["yes", 1]]], regress: [14], several: [14, 14],
      metadata: [["label", "probabilities", "score", "serving_default"], [["age", 2, [-1]], ["member", 10, [-1]], ["note", 7, [-1]], ["plan", 7, [-1]]], "tensorflow/serving/predict"],
      status: [[30, 0, "version 1.2.0"]],
      reload: [5, expect.stringContaining('failed to load "nobody"')],
    });
    const codes = Object.fromEntries(Object.entries(errors).map(([name, error]) => [name, error?.[0]]));
    expect(codes).toEqual({
      model: "NOT_FOUND", none: "INVALID_ARGUMENT", version: "NOT_FOUND", category: "INVALID_ARGUMENT", content: "INVALID_ARGUMENT", bomb: "INVALID_ARGUMENT", dtype: "INVALID_ARGUMENT",
      output: "INVALID_ARGUMENT", signature: "INVALID_ARGUMENT", classify: "INVALID_ARGUMENT", reload: "UNAUTHENTICATED",
    });
    expect(errors["category"]![1]).toContain('did you mean "pro"?). The model\'s inputs: age DT_DOUBLE [-1]; plan DT_STRING [-1]');
    expect(errors["signature"]![1]).toContain('Did you mean "score"?');
    expect(errors["content"]![1]).toContain("takes 12 bytes, tensor_content has 3");
  });
});
