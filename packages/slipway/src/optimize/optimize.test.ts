// A network that is trained here, with rows that it never saw; trees; and graphs with what is there twice.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { GraphBuilder, Ops, readModel, serializeModel } from "@slipway/core/onnx";
import { keepOutputs, staticInt8, tidy, calibrationModel, dynamicInt8, halveWeights } from "@slipway/core/optimize";
import { compareOutputs, parseProfile, type ModelPackage, type Signature } from "@slipway/core/package";
import { Encoder, type ModelInput } from "@slipway/core/predict";
import { normalNumbers, randomNumbers } from "@slipway/core/stats";
import { floats } from "@slipway/core/tensor";
import { beforeAll, describe, expect, it } from "vitest";
import { loadModelPackage } from "../runtime/index.ts";
import { packModel } from "../runtime/pack.ts";
import { optimize, type Measured, type Optimized, type OptimizeOptions } from "./index.ts";
import { Subject } from "./subject.ts";
import { trainedNetwork, type Trained } from "./testing.ts";

const BUDGET = { maxDrop: 0.01, maxFlips: 0.005, prefer: "size" } as const;
const of = ({ table }: Optimized, name: string): Measured => table.find((m) => m.name === name)!;

async function run({ package: source, rows }: Trained, options: Partial<OptimizeOptions> = {}): Promise<Optimized> {
  return optimize(source, { ...BUDGET, input: { kind: "records", records: rows.map(({ x }) => ({ x })) }, truth: rows.map((r) => r.digit), ...options });
}

describe("a network", () => {
  let clear: Trained;
  let mixed: Trained;
  beforeAll(async () => {
    clear = await trainedNetwork(1);
    mixed = await trainedNetwork(3);
  });

  it("is kept in int8 where that costs nothing, and the package says what was done", async () => {
    const made = await run(clear);
    expect(of(made, "as it is").bytes).toBeGreaterThan(150_000);
    for (const name of ["int8, dynamic", "int8, static"]) expect(of(made, name)).toMatchObject({ accepted: true, reason: expect.stringMatching(/^7\d% smaller/) });
    expect(made.chosen).toMatch(/^int8/);
    const { manifest, card, model } = made.package;
    expect(manifest).toMatchObject({ lineage: [clear.package.digest], origin: { optimised: made.chosen } });
    expect(card).toContain(`Optimised from ${clear.package.digest}: ${made.chosen}`);
    expect(model.length).toBeLessThan(0.3 * clear.package.model.length);
    const loaded = await loadModelPackage(made.package);
    const right = (await loaded.predict(clear.rows.slice(0, 100).map(({ x }) => ({ x })))).filter((row, i) => {
      const p = row["probabilities"] as Record<string, number>;
      return Object.keys(p).every((k) => p[k]! <= p[clear.rows[i]!.digit]!);
    });
    expect(right.length).toBeGreaterThan(95);
    await loaded.close();
  });
  it("stays in floats, or in half of them, where labels would flip, and both figures are told", async () => {
    const made = await run(mixed);
    for (const name of ["int8, dynamic", "int8, static"]) expect(of(made, name)).toMatchObject({ accepted: false, reason: expect.stringMatching(/of the labels flip|falls by/) });
    expect(of(made, "int8, static").cost!.metric).toMatchObject({ name: "accuracy", of: "the labelled rows" });
    expect(of(made, "weights in float16")).toMatchObject({ accepted: true, reason: "49% smaller" });
    expect(made.chosen).toBe("weights in float16");
  });
  it("ships as it is where no cost is allowed, byte by byte", async () => {
    const noise = await run(mixed, { maxDrop: 0, maxFlips: 0, truth: undefined });
    const float16 = of(noise, "weights in float16");
    if (!float16.accepted) expect(noise.package).toBe(mixed.package);
    expect(of(noise, "int8, static").accepted).toBe(false);
  });
  it("is not quantised without rows, nor with too few", async () => {
    const made = await optimize(clear.package, BUDGET);
    expect([made.chosen, made.package, made.notes.join()]).toEqual(["as it is", clear.package, expect.stringContaining("the package holds no checked rows")]);
    await expect(run({ ...clear, rows: clear.rows.slice(0, 5) })).rejects.toMatchObject({ code: "optimize-rows" });
  });
});

describe("convolutions", () => {
  it("are computed in int8 near to what floats give, in every form", async () => {
    const normal = normalNumbers(randomNumbers(4));
    const weights = (n: number): Float32Array => Float32Array.from({ length: n }, () => 0.3 * normal());
    const g = new GraphBuilder();
    const o = new Ops(g);
    const x = g.input("x", "float", ["N", 3, 8, 8]);
    const one = o.relu(g.op("Conv", [x, g.constant(floats(weights(12 * 27), [12, 3, 3, 3])), g.constant(floats(weights(12)))], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }));
    const two = g.op("Conv", [one, g.constant(floats(weights(8 * 12), [8, 12, 1, 1]))], { kernel_shape: [1, 1] });
    g.output("y", o.matmul(o.reshape(two, [-1, 512]), floats(weights(512 * 4), [512, 4])));
    const signature: Signature = { layout: "tensors", tensors: [{ name: "x", type: "float", shape: ["N", 3, 8, 8] }], tensorRows: "independent", columns: [], extraColumns: "refused", outputs: [{ name: "y", graphName: "y", kind: "value", type: "float", rowShape: [4] }] };
    const bytes = serializeModel(g.finish());
    const input: ModelInput = { kind: "tensors", tensors: { x: { shape: [40, 3, 8, 8], data: Float32Array.from({ length: 40 * 192 }, () => normal()) } } };
    const { batch } = new Encoder(signature).encode(input);
    const model = readModel(bytes);
    const answer = async (changed: Uint8Array): Promise<ArrayLike<number>> => {
      const subject = await Subject.open(changed, signature);
      const { outputs } = await subject.answer(batch);
      await subject.close();
      return outputs[0]!.data as ArrayLike<number>;
    };
    const calibration = calibrationModel(model)!;
    const seen = await Subject.open(serializeModel(calibration.model), signature);
    const ranges = await seen.ranges(batch, calibration.names);
    await seen.close();
    const float = await answer(bytes);
    const spread = Math.max(...Array.from(float, Math.abs));
    const off = (other: ArrayLike<number>): number => Math.max(...Array.from(float, (v, i) => Math.abs(v - other[i]!))) / spread;
    expect(off(await answer(serializeModel(halveWeights(model)!)))).toBeLessThan(1e-3);
    expect(off(await answer(serializeModel(dynamicInt8(model)!)))).toBeLessThan(0.03);
    const fixed = staticInt8(model, ranges)!;
    const error = off(await answer(serializeModel(fixed)));
    expect(error).toBeGreaterThan(0);
    expect(error).toBeLessThan(0.05);
    expect(fixed.graph.initializers.filter((i) => i.tensor.type === "float" && i.tensor.data.length > 100)).toEqual([]);
  });
});

describe("exact changes", () => {
  it("leave out outputs that nobody asks for, and what only they need", async () => {
    const folder = fileURLToPath(new URL("../../../../examples/churn/", import.meta.url));
    const source: ModelPackage = (await packModel(`${folder}churn.joblib`, readFileSync(`${folder}churn.joblib`), { prove: true, check: { file: "check.csv", text: readFileSync(`${folder}check.csv`, "utf8") } })).package;
    const made = await optimize(source, { ...BUDGET, outputs: ["label"] });
    expect(made.chosen).toBe("exact changes");
    expect(made.notes.join()).toContain("not quantised: trees compare a number with a threshold");
    const { package: smaller } = made;
    expect(smaller.signature.outputs.map((o) => o.name)).toEqual(["label"]);
    expect(Object.keys(smaller.checks!.expected)).toEqual(["label"]);
    expect(parseProfile(smaller.profile)!.outputs.map((o) => o.name)).toEqual(["label"]);
    expect(smaller.manifest.kernel).toBe(source.manifest.kernel);
    const model = await loadModelPackage(smaller);
    const { outputs } = await model.run(model.encode({ kind: "records", records: smaller.checks!.inputs }).batch);
    expect(compareOutputs(smaller.checks!.expected, outputs, smaller.checks!.tolerance).passed).toBe(true);
    await model.close();
  });
  it("take out identities and what is there twice, and nothing that draws or is given out", () => {
    const bytes = (): Uint8Array => {
      const g = new GraphBuilder();
      const o = new Ops(g);
      const x = g.input("x", "float", ["N", 2]);
      g.output("a", o.relu(o.mul(x, floats([1, 2]))));
      g.output("b", o.exp(o.relu(o.mul(x, floats([1, 2])))));
      g.output("c", o.mul(x, floats([1, 3])));
      return serializeModel(g.finish());
    };
    const model = readModel(bytes());
    const tidied = tidy(model);
    expect(tidied.graph.outputs.map((o) => o.name)).toEqual(["a", "b", "c"]);
    expect(tidied.graph.nodes.filter((n) => n.opType === "Mul").length).toBe(2);
    // As other tools write it.
    const [first, ...others] = tidied.graph.initializers;
    const written = { ...tidied, graph: { ...tidied.graph, initializers: others, nodes: [{ name: "k", opType: "Constant", domain: "", inputs: [], outputs: [first!.name], attributes: new Map([["value", { tensor: first!.tensor }]]) }, ...tidied.graph.nodes] } };
    expect(tidy(written).graph.initializers.map((i) => i.name).toSorted()).toEqual(tidied.graph.initializers.map((i) => i.name).toSorted());
    expect(tidy(written).graph.nodes.map((n) => n.opType)).not.toContain("Constant");
    const alone = keepOutputs(tidied, ["c"]);
    expect(alone.graph.nodes.map((n) => n.opType)).toEqual(["Mul"]);
    expect(alone.graph.inputs).toEqual(model.graph.inputs);
  });
});
