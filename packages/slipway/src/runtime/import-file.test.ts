// Preprocessing of files of their own, joined to models of every kind, against what the notebook computed step by step.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { loadModelPackage, openModel, readModelBytes } from "./index.ts";
import { importFile } from "./import-file.ts";
import { splitEntry } from "./split-entry.ts";

const folder = fileURLToPath(new URL("../../../../corpus/joined/", import.meta.url));
const json = <T>(name: string): T => JSON.parse(readFileSync(folder + name, "utf8")) as T;
const expected = json<Record<string, number[][]>>("expected.json");
const at = (place: string): string => (place.startsWith("#") ? place : folder + place);
type Row = Record<string, unknown>;

async function predictions(model: string, preprocess: readonly string[], rows: readonly Row[]): Promise<number[][]> {
  const opened = await openModel(at(model), { preprocess: preprocess.map(at) });
  const loaded = await loadModelPackage(opened.package);
  try {
    const wanted = new Set(loaded.signature.columns.map((c) => c.name));
    const encoded = loaded.encode({ kind: "records", records: rows.map((row) => matching(row, wanted)) as never });
    const { outputs } = await loaded.run(encoded.batch);
    const output = loaded.signature.outputs.find((o) => o.kind === "probabilities") ?? loaded.signature.outputs[0]!;
    const tensor = outputs.find((o) => o.output.name === output.name)! as unknown as { data: ArrayLike<number> };
    const width = output.rowShape[0]!;
    return rows.map((_, i) => Array.from({ length: width }, (__, j) => Number(tensor.data[i * width + j])));
  } finally {
    await loaded.close();
  }
}
/** A matrix's columns are x0, x1 ... */
function matching(row: Row, wanted: ReadonlySet<string>): Row {
  return Object.fromEntries(Object.entries(row).map(([k, v], i) => [wanted.has(`x${i}`) ? `x${i}` : k, v]).filter(([k]) => wanted.has(k as string)));
}
async function refusal(model: string, ...preprocess: string[]): Promise<{ code: string; message: string }> {
  const error = await importFile(at(model), await readModelBytes(at(model)), { preprocess: preprocess.map(at) }).then(() => undefined, (e: unknown) => e);
  expect(error).toBeInstanceOf(Error);
  const { code, message } = error as Error & { code: string };
  return { code, message };
}
const close = (found: number[][], wanted: number[][], tolerance: number): void => {
  expect(found.length).toBe(wanted.length);
  for (const [i, row] of wanted.entries()) for (const [j, v] of row.entries()) expect(Math.abs(found[i]![j]! - v)).toBeLessThanOrEqual(tolerance);
};

describe("preprocessing beside the model", () => {
  const cleaned = ["imputer.joblib", "scaler.pkl"];
  it.each<[string, string, readonly string[], string, string, number]>([
    ["a scikit-learn model", "model.pkl", cleaned, "rows.json", "model", 1e-12],
    ["a model of columns by name, whichever the scaler gives besides", "by-name.pkl", ["named-scaler.pkl"], "full.json", "by_name", 1e-12],
    ["a booster in its own format", "boosted.json", cleaned, "rows.json", "boosted", 1e-6],
    ["a Keras model in HDF5", "network.h5", cleaned, "rows.json", "network.h5", 1e-6],
    ["a Keras archive behind an encoder of texts", "network.keras", ["encoder.joblib"], "full.json", "network.keras", 1e-6],
    ["a TensorFlow Lite model of one row a call", "network.tflite", cleaned, "rows.json", "network.h5", 1e-6],
    ["an ONNX model of operator set 13", "opset13.onnx", cleaned, "rows.json", "opset13.onnx", 1e-6],
    ["an ONNX model of operator set 17", "opset17.onnx", cleaned, "rows.json", "opset17.onnx", 1e-6],
  ])("joins %s", async (_, model, preprocess, rows, key, tolerance) => {
    close(await predictions(model, preprocess, json(rows)), expected[key]!, tolerance);
  });
  it("joins two entries of one file", async () => {
    const rows = json<Row[]>("rows.json");
    for (const [model, scaler] of [["bundle.pkl#model", "#scaler"], ["bundle.pkl", "#scaler"], ["model.pkl", "bundle.pkl#scaler"]] as const) {
      close(await predictions(model, ["imputer.joblib", scaler], rows), expected["model"]!, 1e-12);
    }
  });
  it("tells how a transformer beside the model is joined to it, and no longer once it is", async () => {
    const bundle = at("bundle.pkl");
    const alone = await importFile(bundle, await readModelBytes(bundle));
    expect(alone.imported.compiled.warnings.join()).toContain("--preprocess '#scaler'");
    const joined = await importFile(bundle, await readModelBytes(bundle), { preprocess: ["#scaler"] });
    expect(joined.imported.compiled.warnings).toEqual(["bundle.pkl: ['made'] (\"by a notebook\") is saved beside the model and is not used"]);
    expect(joined.imported.compiled.className).toBe("sklearn.linear_model._logistic.LogisticRegression");
  });
  it("keeps the digests of the files in the package", async () => {
    const { package: pkg } = await openModel(at("model.pkl"), { preprocess: cleaned.map(at) });
    expect(pkg.manifest.lineage).toHaveLength(2);
    expect(pkg.manifest.source.file).toBe("model.pkl");
  });
  it.each<[string, string, string[], string, RegExp]>([
    ["another width", "model.pkl", ["pca.pkl"], "join-mismatch", /PCA \(pca.pkl\) gives 3 columns.* and LogisticRegression \(model.pkl\) takes 4 columns/],
    ["another width than a network's", "network.h5", ["pca.pkl"], "join-mismatch", /PCA \(pca.pkl\) gives numbers \[N, 3\], and the model \(network.h5\) takes .*float \[N, 4\]/],
    ["another width between two transformers", "model.pkl", ["pca.pkl", "scaler.pkl"], "join-mismatch", /takes 4 columns/],
    ["another rank", "windows.h5", ["scaler.pkl"], "join-mismatch", /\[N, 4\], and the model .* takes .*\[N, 4, 1\]/],
    ["a file that predicts", "network.h5", ["model.pkl"], "join-not-a-transformer", /LogisticRegression \(model.pkl\)/],
    ["an encoder of labels", "model.pkl", ["labels.pkl"], "join-not-a-transformer", /LabelEncoder/],
    ["an old operator set", "opset11.onnx", cleaned, "join-unsupported", /operator set ai.onnx 11/],
    ["a network as preprocessing", "model.pkl", ["network.h5"], "join-not-a-transformer", /network.h5/],
  ])("refuses %s, and says both sides", async (_, model, preprocess, code, message) => {
    const found = await refusal(model, ...preprocess);
    expect(found.code).toBe(code);
    expect(found.message).toMatch(message);
  });
  it("takes a file whose own name holds a # as that file", () => {
    expect(splitEntry("nowhere/bundle.pkl#scaler")).toEqual({ path: "nowhere/bundle.pkl", entry: "scaler" });
    expect(splitEntry("nowhere/model.pkl#")).toEqual({ path: "nowhere/model.pkl#" });
  });
});
