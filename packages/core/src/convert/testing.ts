// For tests: a pickle's bytes and an input -> every output by name. Uses the project's own runtime.

import { loadModelPackage, type PredictedRow } from "../../../slipway/src/runtime/index.ts";
import { importModel } from "./import-model.ts";
import type { ImportedGraph } from "./imported.ts";

/** `input` as Model.predict takes it: records, rows, columns or texts. */
export async function compileAndRun(bytes: Uint8Array, input: unknown): Promise<{ rows: PredictedRow[]; compiled: ImportedGraph }> {
  const { compiled } = importModel(bytes);
  const model = await loadModelPackage({ model: compiled.model, signature: compiled.signature, manifest: { name: "test", version: "0.0.0" }, digest: "" });
  try {
    return { rows: await model.predict(input), compiled };
  } finally {
    await model.close();
  }
}
