import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GraphBuilder, Ops, serializeModel } from "@slipway/core/onnx";
import { parseSignature, signatureToJson } from "@slipway/core/package";
import { doubles } from "@slipway/core/tensor";
import { loadModelPackage, type Model } from "./index.ts";
import { columnsModel, matrixModel, textModel } from "./testing.ts";

let loan: Model;
let linear: Model;
let tickets: Model;
beforeAll(async () => {
  [loan, linear, tickets] = await Promise.all([columnsModel(), matrixModel(), textModel()].map((s) => loadModelPackage(s))) as [Model, Model, Model];
});
afterAll(() => Promise.all([loan, linear, tickets].map((m) => m.close())));

describe("a model whose rows depend on each other", () => {
  it("computes each request whole and alone, in every layout", async () => {
    const g = new GraphBuilder();
    const o = new Ops(g);
    const x = g.entry("slipway.numbers", "double");
    const sum = g.op("ReduceSum", [x], { keepdims: 1 });
    g.bindEntryAsInput(x, "X", 3);
    g.output("value", o.reshape(o.add(o.mul(o.columns(x, [0]), doubles([0])), sum), [-1]));
    const source = matrixModel();
    const model = await loadModelPackage({ ...source, model: serializeModel(g.finish()), signature: parseSignature(JSON.parse(JSON.stringify(signatureToJson({ ...source.signature, tensorRows: "together" })))) });
    const [one, two, many] = await Promise.all([model.predict([[1, 1, 1]]), model.predict([[2, 2, 2], [3, 3, 3]]), model.predict(Array.from({ length: 20_000 }, () => [1, 1, 1]))]);
    expect([one, two, many.length, many[0], many.at(-1)]).toEqual([[{ value: 3 }], [{ value: 15 }, { value: 15 }], 20_000, { value: 60_000 }, { value: 60_000 }]);
    await model.close();
  });
});

describe("a model", () => {
  it("predicts a record with every output by name", async () => {
    const [row] = await loan.predict({ age: 45, plan: "pro", member: false, note: "hi" });
    expect(row).toEqual({ label: "yes", probabilities: { no: expect.closeTo(1 - 1 / (1 + Math.exp(-5.5)), 12), yes: expect.closeTo(1 / (1 + Math.exp(-5.5)), 12) }, score: 55.5 });
  });
  it("is not asked for texts that its engine would cut off", async () => {
    const model = await loadModelPackage(textModel(), { engine: "onnxruntime" });
    await expect(model.predict(["cafe\0s"])).rejects.toMatchObject({ code: "request-invalid", message: expect.stringContaining("U+0000") });
    expect(await model.predict(["cafe"])).toEqual([{ label: 1 }]);
    await model.close();
  });
  it("gives the same for records, rows, columns and chunks of any size", async () => {
    const records = Array.from({ length: 3000 }, (_, i) => ({ age: i % 90, plan: i % 3 ? "pro" : "basic", member: i % 2 === 0, note: i % 5 ? "x" : null }));
    const expected = await loan.predict(records);
    const columns = { age: records.map((r) => r.age), plan: records.map((r) => r.plan), member: records.map((r) => r.member), note: records.map((r) => r.note) };
    expect(await loan.predict({ columns })).toEqual(expected);
    expect(await loan.predict(columns)).toEqual(expected);
    expect(await loan.predict({ rows: records.map((r) => [r.age, r.plan, r.member, r.note, 7]) })).toEqual(expected);
    for (const i of [0, 1, 255, 256, 2999]) expect((await loan.predict(records[i]))[0]).toEqual(expected[i]);
  });
  it("takes a matrix as rows, one row as a list of numbers, and records by x0, x1", async () => {
    expect(await linear.predict([[1, 1, 1], [0, 0, 2]])).toEqual([{ value: 6 }, { value: 6 }]);
    expect(await linear.predict([1, 2, 3])).toEqual([{ value: 14 }]);
    expect(await linear.predict({ x0: 1, x1: 2, x2: 3 })).toEqual([{ value: 14 }]);
  });
  it("takes texts and normalizes them before the graph", async () => {
    expect(await tickets.predict(["Café", "tea"])).toEqual([{ label: 1 }, { label: 0 }]);
    expect(await tickets.predict("CAFE")).toEqual([{ label: 1 }]);
    expect(await tickets.predict([{ text: "cafe" }])).toEqual([{ label: 1 }]);
  });
  it("computes only the outputs asked for", async () => {
    expect(await loan.predict({ age: 1, plan: "pro", member: true }, { outputs: ["score"] })).toEqual([{ score: 111 }]);
    await expect(loan.predict({ age: 1, plan: "pro", member: true }, { outputs: ["scores"] })).rejects.toMatchObject({ code: "output-unknown" });
  });
  it("answers bad rows beside the good ones when asked to", async () => {
    const rows = await loan.predict([{ age: 1, plan: "pro", member: true }, { age: "x", plan: "pro", member: true }, { age: 2, plan: "pro", member: true }], { onInvalid: "rows", outputs: ["score"] });
    expect(rows).toEqual([{ score: 111 }, { error: expect.objectContaining({ column: "age", found: 'text "x"' }) }, { score: 112 }]);
  });
  it("predicts nothing for no rows, and stops when told to", async () => {
    expect(await loan.predict({ records: [] })).toEqual([]);
    const signal = AbortSignal.abort(new Error("gone"));
    await expect(loan.predict({ age: 1, plan: "pro", member: true }, { signal })).rejects.toThrow("gone");
  });
});
