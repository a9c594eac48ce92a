// convert with inputs of the caller's choice, and as one process for many conversions.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const bin = join(root, "packages", "slipway", "bin", "slipway.mjs");
const model = join(root, "corpus", "cases", "logistic-three-sk15", "model.pkl");
const folder = mkdtempSync(join(tmpdir(), "slipway-convert-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function slipway(args: readonly string[], input = ""): { code: number | null; out: string; err: string } {
  const done = spawnSync(process.execPath, [bin, ...args], { cwd: folder, input, encoding: "utf8" });
  return { code: done.status, out: done.stdout, err: done.stderr };
}

describe("slipway convert", () => {
  it("takes names, types and shapes of the inputs from a file", () => {
    const inputs = join(folder, "inputs.json");
    writeFileSync(inputs, JSON.stringify([{ name: "flower", elem: "float32", shape: [null, 4] }]));
    const done = slipway(["convert", model, "-o", "out.onnx", "--inputs", inputs, "--json"]);
    expect(done).toMatchObject({ code: 0, err: "" });
    expect(JSON.parse(done.out)).toMatchObject({ inputs: [{ name: "flower", type: "float" }], outputs: expect.arrayContaining([expect.objectContaining({ name: "probabilities" })]) });
    writeFileSync(inputs, "[{]");
    expect(slipway(["convert", model, "-o", "out.onnx", "--inputs", inputs])).toMatchObject({ code: 2, err: expect.stringContaining("bad-argument") });
  });
  it("answers every line on standard input, and goes on after a bad one", () => {
    const spec = join(folder, "spec.json");
    const out = join(folder, "worker.onnx");
    writeFileSync(spec, JSON.stringify({ inputs: [{ name: "X", kind: "tensor", elem: "float64", shape: [null, 4] }], outputs: null, options: [] }));
    const lines = ["not JSON", JSON.stringify({ id: 1, model: join(folder, "none.pkl"), spec, out }), JSON.stringify({ id: 2, model, spec }), JSON.stringify({ id: 3, model, spec, out })];
    const done = slipway(["convert", "--stdio"], `${lines.join("\n")}\n`);
    expect(done.code).toBe(0);
    const answers = done.out.trim().split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(answers).toMatchObject([{ id: null, ok: false, kind: "error" }, { id: 1, ok: false, kind: "error" }, { id: 2, ok: false, kind: "error" }, { id: 3, ok: true }]);
    for (const { error } of answers.slice(0, 3)) expect(error).toMatch(/^[^\n]+$/);
    expect(existsSync(out)).toBe(true);
  });
});
