// Columns and categories that nothing asks are gone, and every answer is the same to the last bit: of a one-hot encoder with a
// thousand towns of which trees ask two, and of boosters of the corpus; weights that share values.

import { GraphBuilder, Ops, serializeModel } from "@slipway/core/onnx";
import { dropUnusedColumns, sharedValues, shareWeights, tidy } from "@slipway/core/optimize";
import type { Signature } from "@slipway/core/package";
import { Encoder, type Prediction } from "@slipway/core/predict";
import { normalNumbers, randomNumbers } from "@slipway/core/stats";
import { doubles, floats, int64s, strings } from "@slipway/core/tensor";
import { readModel } from "@slipway/core/onnx";
import { describe, expect, it } from "vitest";
import { listCases } from "../../../../corpus/case.ts";
import { answeredOf, madeRows } from "../gate/sample-rows.ts";
import { loadModelPackage, openModel } from "../runtime/index.ts";
import { exactChanges, withoutZeroWeights } from "./candidates.ts";
import { Subject } from "./subject.ts";
import { trainedNetwork } from "./testing.ts";
import { optimize } from "./index.ts";

const TOWNS = Array.from({ length: 1000 }, (_, i) => `town ${i}`);

/** A town is one of a thousand columns, two numbers are scaled; two trees of one decision each ask the columns `asked`. */
function townsModel(asked: readonly [number, number]): { readonly bytes: Uint8Array; readonly signature: Signature } {
  const g = new GraphBuilder();
  const o = new Ops(g);
  const [town, x] = [g.input("town", "string", ["N", 1]), g.input("x", "double", ["N", 2])];
  const codes = g.op("LabelEncoder", [town], { keys_tensor: strings(TOWNS), values_tensor: int64s(TOWNS.map((_, i) => i)), default_tensor: int64s([-1]) });
  const spread = o.gather(codes, int64s(TOWNS.map(() => 0)), 1);
  const features = o.concat([o.cast(o.equal(spread, o.int64s(TOWNS.map((_, i) => i), [1, TOWNS.length])), "double"), o.div(o.sub(x, o.doubles([3, 5], [1, 2])), o.doubles([2, 7], [1, 2]))]);
  const trees = g.op("TreeEnsemble", [features], {
    aggregate_function: 1, n_targets: 1, tree_roots: [0, 1], nodes_featureids: [...asked], nodes_splits: doubles([0.5, 0.25]), nodes_modes: { type: "uint8", shape: [2], data: Uint8Array.from([0, 0]) },
    nodes_truenodeids: [0, 2], nodes_trueleafs: [1, 1], nodes_falsenodeids: [1, 3], nodes_falseleafs: [1, 1], leaf_targetids: [0, 0, 0, 0], leaf_weights: doubles([0.1, 0.7, -0.3, 2]),
  });
  g.output("value", o.squeeze(trees, 1));
  const free = { used: true, missing: "refused", infinite: "refused" } as const;
  return {
    bytes: serializeModel(g.finish()),
    signature: { layout: "columns", columns: [{ name: "town", type: "string", ...free }, { name: "a", type: "double", ...free }, { name: "b", type: "double", ...free }], extraColumns: "refused", outputs: [{ name: "value", graphName: "value", kind: "value", type: "double", rowShape: [] }] } as Signature,
  };
}
const sizes = (bytes: Uint8Array): { readonly categories: number; readonly widest: number } => {
  const { graph } = readModel(bytes);
  const keys = graph.nodes.find((n) => n.opType === "LabelEncoder")?.attributes.get("keys_tensor");
  return { categories: keys !== undefined && "tensor" in keys ? keys.tensor.data.length : 0, widest: Math.max(...graph.initializers.map((i) => i.tensor.data.length)) };
};

describe("columns that no tree asks", () => {
  it("are taken out with the categories that made them, and trees ask what is left", () => {
    const { bytes, signature } = townsModel([7, 1001]);
    const { model, notes } = exactChanges(bytes, signature, undefined);
    expect(notes).toEqual(expect.arrayContaining(["1000 of 1002 columns of features, which no tree asks", "999 of 1000 categories, which nothing asks"]));
    const smaller = serializeModel(model);
    expect(sizes(smaller)).toEqual({ categories: 1, widest: 1 });
    expect(smaller.length).toBeLessThan(bytes.length / 10);
  });
  it("answer as before: known towns, others, every side of a threshold", async () => {
    const random = randomNumbers(3);
    for (const asked of [[7, 1001], [500, 501], [1000, 1001], [7, 7]] as const) {
      const { bytes, signature } = townsModel(asked);
      const columns: Signature = { ...signature, layout: "columns" };
      const records = Array.from({ length: 300 }, (_, i) => ({ town: i % 3 === 0 ? "nowhere" : TOWNS[i % 2 === 0 ? [501, 7, 500][i % 3]! : Math.floor(random() * 1000)]!, a: random() * 9, b: random() * 9 }));
      const tensors = { town: { shape: [300, 1], data: records.map((r) => r.town) }, x: { shape: [300, 2], data: Float64Array.from(records.flatMap((r) => [r.a, r.b])) } };
      const plain: Signature = { layout: "tensors", tensors: [{ name: "town", type: "string", shape: ["N", 1] }, { name: "x", type: "double", shape: ["N", 2] }], tensorRows: "independent", columns: [], extraColumns: "refused", outputs: columns.outputs };
      const { batch } = new Encoder(plain).encode({ kind: "tensors", tensors });
      const answers: Prediction[] = [];
      for (const graph of [bytes, serializeModel(exactChanges(bytes, plain, undefined).model)]) {
        const subject = await Subject.open(graph, plain);
        answers.push(await subject.answer(batch));
        await subject.close();
      }
      expect(answers[1]!.outputs[0]!.data).toEqual(answers[0]!.outputs[0]!.data);
      expect(new Set(answers[0]!.outputs[0]!.data as Float64Array).size).toBeGreaterThan(1);
    }
  });
  it("leave what an output shows as it is", () => {
    const g = new GraphBuilder();
    const o = new Ops(g);
    const x = o.add(g.input("x", "double", ["N", 3]), doubles([1, 2, 3]));
    g.output("seen", x);
    const trees = g.op("TreeEnsemble", [x], { aggregate_function: 1, n_targets: 1, tree_roots: [0], nodes_featureids: [1], nodes_splits: doubles([0.5]), nodes_modes: { type: "uint8", shape: [1], data: Uint8Array.from([0]) }, nodes_truenodeids: [0], nodes_trueleafs: [1], nodes_falsenodeids: [1], nodes_falseleafs: [1], leaf_targetids: [0, 0], leaf_weights: doubles([1, 2]) });
    g.output("value", trees);
    expect(dropUnusedColumns(readModel(serializeModel(g.finish()))).dropped).toBe(0);
  });
  it("change no answer of the corpus's boosters that have some", async () => {
    const cases = listCases("corpus/cases").filter((c) => /^lgb-.*categor/.test(c.name) && c.expect === "import");
    let changed = 0;
    for (const c of cases) {
      const { package: source } = await openModel(c.modelFile);
      const { signature } = source;
      if (dropUnusedColumns(tidy(readModel(source.model))).dropped === 0) continue;
      changed++;
      const model = await loadModelPackage(source, { engine: "onnxruntime", placement: "inline" });
      const rows = await answeredOf(model, madeRows(signature, null, 200, 1));
      await model.close();
      const { batch } = new Encoder(signature).encode({ kind: "records", records: rows });
      const answers: Prediction[] = [];
      for (const graph of [source.model, serializeModel(exactChanges(source.model, signature, undefined).model)]) {
        const subject = await Subject.open(graph, signature);
        answers.push(await subject.answer(batch));
        await subject.close();
      }
      expect(rows.length).toBeGreaterThan(50);
      expect([c.name, answers[1]!.outputs.map((one) => one.data)]).toEqual([c.name, answers[0]!.outputs.map((one) => one.data)]);
    }
    expect(changed).toBeGreaterThan(8);
  });
});

describe("columns that weigh nothing", () => {
  const [COLUMNS, KEPT] = [400, [3, 77, 78, 399]];
  const normal = normalNumbers(randomNumbers(2));
  const rows = Array.from({ length: 120 }, () => Float64Array.from({ length: COLUMNS }, () => normal()));
  /** A linear model over scaled columns, its weights as [F, 1] or transposed. */
  const linear = (transposed: boolean, operator: "Gemm" | "MatMul"): { readonly bytes: Uint8Array; readonly signature: Signature } => {
    const g = new GraphBuilder();
    const o = new Ops(g);
    const weights = Float64Array.from({ length: COLUMNS }, (_, i) => (KEPT.includes(i) ? 1 + i / 7 : 0));
    const x = o.div(g.input("x", "double", ["N", COLUMNS]), o.doubles(Float64Array.from({ length: COLUMNS }, (_, i) => 1 + i), [1, COLUMNS]));
    const w = o.doubles(weights, transposed ? [1, COLUMNS] : [COLUMNS, 1]);
    g.output("y", operator === "MatMul" ? o.matmul(x, w) : g.op("Gemm", [x, w, o.doubles([0.25])], { transB: transposed ? 1 : 0 }));
    return { bytes: serializeModel(g.finish()), signature: { layout: "tensors", tensors: [{ name: "x", type: "double", shape: ["N", COLUMNS] }], tensorRows: "independent", columns: [], extraColumns: "refused", outputs: [{ name: "y", graphName: "y", kind: "value", type: "double", rowShape: [1] }] } };
  };
  it.each([["MatMul", false], ["Gemm", false], ["Gemm", true]] as const)("are left out of a %s, transposed: %s", async (operator, transposed) => {
    const { bytes, signature } = linear(transposed, operator);
    expect(dropUnusedColumns(readModel(bytes))).toMatchObject({ dropped: 0 });
    const { candidate, note } = withoutZeroWeights(exactChanges(bytes, signature, undefined))!;
    expect(note).toContain(`${COLUMNS - KEPT.length} of ${COLUMNS} columns of features`);
    expect(candidate.bytes.length).toBeLessThan(bytes.length / 5);
    const { batch } = new Encoder(signature).encode({ kind: "tensors", tensors: { x: { shape: [rows.length, COLUMNS], data: Float64Array.from(rows.flatMap((r) => [...r])) } } });
    const answers: Float64Array[] = [];
    for (const graph of [bytes, candidate.bytes]) {
      const subject = await Subject.open(graph, signature);
      answers.push((await subject.answer(batch)).outputs[0]!.data as Float64Array);
      await subject.close();
    }
    for (const [i, y] of answers[0]!.entries()) expect(Math.abs(answers[1]![i]! - y)).toBeLessThan(1e-12);
    expect(new Set(answers[0]).size).toBe(rows.length);
  });
  it("are none where every column weighs something", () => {
    const g = new GraphBuilder();
    const o = new Ops(g);
    g.output("y", o.matmul(g.input("x", "double", ["N", 2]), doubles([1, -2], [2, 1])));
    const bytes = serializeModel(g.finish());
    expect(withoutZeroWeights(exactChanges(bytes, linear(false, "MatMul").signature, undefined))).toBeUndefined();
  });
});

describe("weights that share 256 values", () => {
  it("lie nearer to what they were than in steps of equal size", () => {
    const normal = normalNumbers(randomNumbers(1));
    const data = Float32Array.from({ length: 20_000 }, () => normal());
    const { values, codes } = sharedValues(data);
    expect(values.length).toBeLessThanOrEqual(256);
    const error = (approximate: (v: number, i: number) => number): number => data.reduce((sum, v, i) => sum + (v - approximate(v, i)) ** 2, 0);
    const step = Math.max(...data.map(Math.abs)) / 127;
    expect(error((_, i) => values[codes[i]!]!)).toBeLessThan(0.7 * error((v) => Math.round(v / step) * step));
    // Few values are kept as they are.
    const few = sharedValues(Float32Array.from({ length: 2000 }, (_, i) => [0.5, -1, 3][i % 3]!));
    expect(Array.from(few.codes, (c) => few.values[c]!)).toEqual(Array.from({ length: 2000 }, (_, i) => [0.5, -1, 3][i % 3]!));
  });
  it("are a quarter of a network's size, and judged as every other change", async () => {
    const { package: source, rows } = await trainedNetwork(1);
    expect(shareWeights(readModel(source.model))).toBeDefined();
    const made = await optimize(source, { maxDrop: 0.01, maxFlips: 0.005, prefer: "size", input: { kind: "records", records: rows.map(({ x }) => ({ x })) }, truth: rows.map((r) => r.digit) });
    expect(made.table.find((m) => m.name === "weights shared, 256 values")).toMatchObject({ accepted: true, reason: expect.stringMatching(/^7\d% smaller/) });
    const g = new GraphBuilder();
    const o = new Ops(g);
    g.output("y", o.matmul(g.input("x", "float", ["N", 4]), floats(new Float32Array(16), [4, 4])));
    expect(shareWeights(readModel(serializeModel(g.finish())))).toBeUndefined();
  });
});
