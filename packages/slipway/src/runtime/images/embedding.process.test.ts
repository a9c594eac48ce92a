// Embeddings of pictures beside sums made by hand.

import { GraphBuilder, Ops, serializeModel } from "@slipway/core/onnx";
import { floats } from "@slipway/core/tensor";
import { describe, expect, it } from "vitest";
import { loadModelPackage } from "../index.ts";
import { packModel } from "../pack.ts";
import type { EmbeddingSpec } from "./picture-spec.ts";

/** Pixels [N, 3, 2, 2] as three patches of four numbers, four patches of three, a vector or a map. */
function network(form: "last_hidden_state" | "pooler_output" | "features"): Uint8Array {
  const g = new GraphBuilder();
  const x = g.op("Mul", [g.input("pixels", "float", ["N", 3, 2, 2]), g.constant(floats([2], [1]))]);
  const o = new Ops(g);
  g.output(form, form === "last_hidden_state" ? o.reshape(x, [-1, 3, 4]) : form === "pooler_output" ? o.reshape(x, [-1, 12]) : x);
  return serializeModel(g.finish());
}
const first = Array.from({ length: 12 }, (_, i) => i - 5);
const second = Array.from({ length: 12 }, () => 0);
const picture = (values: readonly number[]): number[][][] => [0, 1, 2].map((c) => [[values[4 * c]!, values[4 * c + 1]!], [values[4 * c + 2]!, values[4 * c + 3]!]]);

async function embed(form: Parameters<typeof network>[0], spec: Omit<EmbeddingSpec, "task">): Promise<number[][]> {
  const { package: source } = await packModel("net.onnx", network(form), { task: { task: "embedding", ...spec } });
  const model = await loadModelPackage(source);
  try {
    return (await model.predict({ inputs: { pixels: [picture(first), picture(second)] } })).map((row) => row["embedding"] as number[]);
  } finally {
    await model.close();
  }
}
const unit = (v: readonly number[]): number[] => v.map((x) => x / Math.hypot(...v));
function near(found: readonly number[][], wanted: readonly (readonly number[])[]): void {
  expect(found.map((f) => f.length)).toEqual(wanted.map((w) => w.length));
  wanted.forEach((w, i) => w.forEach((x, k) => expect(found[i]![k]).toBeCloseTo(x, 5)));
}

describe("embeddings of pictures", () => {
  const twice = first.map((x) => 2 * x);
  const mean = [0, 1, 2, 3].map((k) => (twice[k]! + twice[4 + k]! + twice[8 + k]!) / 3);
  it("are the first token, the mean of all, the vector that is pooled already, or the mean of a map", async () => {
    near(await embed("last_hidden_state", {}), [twice.slice(0, 4), [0, 0, 0, 0]]);
    near(await embed("last_hidden_state", { pooling: "mean" }), [mean, [0, 0, 0, 0]]);
    near(await embed("pooler_output", {}), [twice, second]);
    near(await embed("features", {}), [[0, 1, 2].map((c) => twice.slice(4 * c, 4 * c + 4).reduce((a, b) => a + b, 0) / 4), [0, 0, 0]]);
  });
  it("have length 1 where that is asked for, and nothing stays nothing", async () => {
    near(await embed("last_hidden_state", { pooling: "mean", normalize: true }), [unit(mean), [0, 0, 0, 0]]);
  });
  it("are refused where a setting has no effect", async () => {
    await expect(embed("pooler_output", { pooling: "mean" })).rejects.toMatchObject({ code: "picture-task" });
    await expect(embed("features", { pooling: "cls" })).rejects.toMatchObject({ code: "picture-task" });
  });
});
