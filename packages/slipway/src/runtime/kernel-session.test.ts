import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { KERNEL_VERSION } from "@slipway/core/kernel";
import { GraphBuilder, Ops, serializeModel } from "@slipway/core/onnx";
import { readSlip, writeSlip } from "@slipway/core/package";
import { doubles } from "@slipway/core/tensor";
import { readInput } from "@slipway/core/predict";
import { describe, expect, it } from "vitest";
import { proofRows } from "./proof-rows.ts";
import { loadModelPackage, type ModelSource } from "./model.ts";
import { packModel } from "./pack.ts";
import { columnsModel, matrixModel, textModel } from "./testing.ts";

const RECORDS = [{ age: 30, plan: "pro", member: true, note: "x" }, { age: null, plan: "basic", member: false, note: null }, { age: 50.5, plan: "basic", member: false, note: "" }];

describe("the kernel's session", () => {
  it("is chosen when it answers as ONNX Runtime, which the model tells", async () => {
    const model = await loadModelPackage(columnsModel());
    expect(model.engine).toEqual({ name: "kernel", reason: "proven now" });
    const other = await loadModelPackage(columnsModel(), { engine: "onnxruntime" });
    expect(other.engine).toEqual({ name: "onnxruntime", reason: "asked for" });
    expect(await model.predict(RECORDS)).toEqual(await other.predict(RECORDS));
    await Promise.all([model.close(), other.close()]);
    await expect(model.predict(RECORDS)).rejects.toThrow("was closed");
  });

  it("answers at once", async () => {
    const model = await loadModelPackage(matrixModel());
    const { batch } = model.encode(readInput([[1, 2, 3], [0.5, 0, -1]], model.signature));
    expect(model.runSync(batch)?.outputs[0]!.data).toEqual(Float64Array.of(14, -2.5));
    const other = await loadModelPackage(matrixModel(), { engine: "onnxruntime" });
    expect(other.runSync(batch)).toBeUndefined();
    await Promise.all([model.close(), other.close()]);
    expect(() => model.runSync(batch)).toThrow("was closed");
  });

  it("needs no proof where the package has one of the same version", async () => {
    const source = textModel();
    const proven = await loadModelPackage({ ...source, manifest: { ...source.manifest, kernel: KERNEL_VERSION } });
    expect(proven.engine).toEqual({ name: "kernel", reason: "proven when it was packed" });
    expect(await proven.predict(["Café", "tea"])).toEqual([{ label: 1 }, { label: 0 }]);
    await proven.close();
    const older = await loadModelPackage({ ...source, manifest: { ...source.manifest, kernel: KERNEL_VERSION - 1 } });
    expect(older.engine.reason).toBe("proven now");
    await older.close();
  });

  it("is noted in the package when it is packed with a proof, and only then", async () => {
    const file = fileURLToPath(new URL("../../../../examples/churn/churn.joblib", import.meta.url));
    const bytes = new Uint8Array(readFileSync(file));
    const { package: proven } = await packModel(file, bytes, { prove: true });
    expect(proven.manifest.kernel).toBe(KERNEL_VERSION);
    expect((await readSlip(writeSlip(proven))).manifest.kernel).toBe(KERNEL_VERSION);
    expect((await packModel(file, bytes)).package.manifest.kernel).toBeUndefined();
    const model = await loadModelPackage(proven);
    expect(model.engine.reason).toBe("proven when it was packed");
    const other = await loadModelPackage(proven, { engine: "onnxruntime" });
    const records = [{ contract: "one year", internet: "dsl", tenure_months: 14, monthly_charges: 40, support_calls: 2, senior: false }];
    const [own, reference] = [await model.predict(records), await other.predict(records)];
    expect(own[0]!["label"]).toBe(reference[0]!["label"]);
    await Promise.all([model.close(), other.close()]);
  });

  it("leaves models alone that are to run elsewhere", async () => {
    const model = await loadModelPackage(matrixModel(), { placement: "thread", instances: 1 });
    expect(model.engine).toEqual({ name: "onnxruntime", reason: "it is to run in another thread" });
    await model.close();
  });

  it("is not chosen where the kernel lacks an operator, and refused when it was asked for", async () => {
    const source = unknownOperator();
    const model = await loadModelPackage(source);
    expect(model.engine).toEqual({ name: "onnxruntime", reason: "the kernel has no Erf of this kind: the operator is not known" });
    await model.close();
    await expect(loadModelPackage(source, { engine: "kernel" })).rejects.toMatchObject({ code: "kernel-not-able" });
  });

  it("is not chosen where a check's row comes out otherwise", async () => {
    // Int64 sums beyond 2^53 are not what doubles make of them.
    const model = await loadModelPackage(largeSums());
    expect(model.engine.name).toBe("onnxruntime");
    expect(model.engine.reason).toMatch(/^the kernel differs in value: row \d+: /);
    await model.close();
  });
});

it("rows for proofs are the same every time, and have every category, missing values and boundaries", () => {
  const { signature } = columnsModel();
  const rows = proofRows(signature, new Map([["age", [42.5]]]), [], 192);
  expect(proofRows(signature, new Map([["age", [42.5]]]), [], 192)).toEqual(rows);
  expect(new Set(rows.map((r) => r["plan"]))).toEqual(new Set(["basic", "pro"]));
  expect(rows.some((r) => r["age"] === null)).toBe(true);
  const ages = rows.map((r) => r["age"]);
  expect(ages).toContain(42.5);
  expect(ages.some((a) => typeof a === "number" && a > 42.5 && a < 42.500005)).toBe(true);
  expect(ages.some((a) => typeof a === "number" && a < 42.5 && a > 42.499995)).toBe(true);
});

function matrixOf(build: (o: Ops, x: ReturnType<GraphBuilder["entry"]>) => ReturnType<Ops["add"]>, type: "double" | "int64"): ModelSource {
  const g = new GraphBuilder();
  const x = g.entry("slipway.numbers", "double");
  const value = build(new Ops(g), x);
  g.bindEntryAsInput(x, "X", 3);
  g.output("value", value);
  const { signature, ...rest } = matrixModel();
  return { ...rest, model: serializeModel(g.finish()), signature: { ...signature, outputs: [{ ...signature.outputs[0]!, type }] } };
}
function unknownOperator(): ModelSource {
  return matrixOf((o, x) => o.reshape(o.cast(o.graph.op("Erf", [o.cast(o.matmul(x, doubles([1, 2, 3], [3, 1])), "float")]), "double"), [-1]), "double");
}
function largeSums(): ModelSource {
  return matrixOf((o, x) => {
    let n = o.cast(o.add(o.mul(o.matmul(x, doubles([1, 2, 3], [3, 1])), 0), 2 ** 52 + 1), "int64");
    for (let i = 0; i < 2; i++) n = o.add(n, n);
    return o.reshape(o.add(n, 1), [-1]);
  }, "int64");
}
