// Every model that is emitted for the corpus (ONNX files of other writers are served as they are), in both faces, against onnx.checker and our own.

import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findProblems, packedFace, readModel, serializeModel } from "../packages/core/src/onnx/index.ts";
import { openModel } from "../packages/slipway/src/runtime/index.ts";
import { checkByPython, hasOnnx } from "../scripts/check-onnx.ts";
import { listCases } from "./case.ts";

const cases = ["cases", "../../shared/corpus/cases"].flatMap((folder) => listCases(join(import.meta.dirname, folder))).filter((c) => c.expect === "import" && !c.modelFile.endsWith(".onnx"));

describe("the models of the corpus", () => {
  it("are taken by our checker, read back to the byte, and are taken by onnx.checker", async () => {
    const models = new Map<string, Uint8Array>();
    for (const one of cases) {
      const opened = await openModel(one.modelFile).catch(() => undefined);
      if (!opened) continue;
      const bytes = opened.package.model;
      models.set(one.name, bytes);
      models.set(`${one.name}-packed`, packedFace(bytes).bytes);
    }
    for (const [name, bytes] of models) {
      const model = readModel(bytes);
      const problems = findProblems(model);
      // A script whose tensors may be of any rank has no shapes to declare. ONNX Runtime takes that, onnx.checker does not.
      if (problems.length > 0 && problems.every((p) => p.message === "it is declared without a shape")) {
        expect(name).toMatch(/-any-rank-/);
        models.delete(name);
      } else expect(problems, name).toEqual([]);
      expect(Buffer.compare(serializeModel(model), bytes), name).toBe(0);
    }
    expect(models.size).toBeGreaterThan(0);
    if (hasOnnx) expect(Object.entries(checkByPython(models)).filter(([, error]) => error !== null)).toEqual([]);
  });
});
