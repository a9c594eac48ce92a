// What stands behind a network that describes pictures: one vector a picture, pooled, and of length 1 where that is asked for.

import { describeOnnx, type ValueInfo } from "@slipway/core/onnx";
import { imageError } from "./errors.ts";
import { GraphSteps } from "./graph-steps.ts";
import type { EmbeddingSpec } from "./picture-spec.ts";

export const EMBEDDING = "embedding";
/** Vectors that are whole already, then those of patches. */
const OUTPUTS = ["image_embeds", "pooler_output", "last_hidden_state"];

/** @throws SlipwayError picture-task */
export function planEmbedding(bytes: Uint8Array, { pooling, normalize = false }: EmbeddingSpec, where: string): { readonly steps: GraphSteps; readonly width: number } {
  const { outputs } = describeOnnx(bytes);
  const floats = outputs.filter((o) => o.type === "float" || o.type === "float16" || o.type === "double");
  const order = pooling === undefined ? OUTPUTS : ["last_hidden_state"];
  const source = order.map((name) => floats.find((o) => o.name === name)).find((o) => o !== undefined) ?? (floats.length === 1 ? floats[0] : undefined);
  if (source === undefined) throw imageError("picture-task", `none of the outputs is an embedding: ${outputs.map((o) => o.name).join(", ").slice(0, 300)}`, { where, hint: `One of ${OUTPUTS.join(", ")} is taken, or the only output.` });
  const rank = source.shape?.length ?? 0;
  const width = size(source, rank - (rank === 4 ? 3 : 1));
  if (width === undefined || rank < 2 || rank > 4) throw imageError("picture-task", `the output ${source.name} [${source.shape?.map((d) => d ?? "?").join(", ") ?? "?"}] is no vector of a known length`, { where });
  if (rank === 2 && pooling !== undefined) throw imageError("picture-task", `the output ${source.name} is pooled already: pooling has no effect`, { where, hint: "Leave it out." });
  if (rank === 4 && pooling === "cls") throw imageError("picture-task", `the output ${source.name} is a map of features, which has no token of its own for the whole`, { where, hint: 'Leave it out, or say "mean".' });
  const g = new GraphSteps();
  const whole = pooled(g, g.op("Cast", [source.name], { to: { int: 1 } }), rank, width, pooling ?? (rank === 4 ? "mean" : "cls"));
  g.output(EMBEDDING, normalize ? normalized(g, whole, width) : whole, "float", ["N", width]);
  return { steps: g, width };
}

function size(info: ValueInfo, axis: number): number | undefined {
  const d = info.shape?.[axis];
  return typeof d === "number" && d > 0 ? d : undefined;
}

/** [N, D], [N, T, D] or [N, D, H, W] -> [N, D]. */
function pooled(g: GraphSteps, x: string, rank: number, width: number, pooling: "cls" | "mean"): string {
  if (rank === 2) return x;
  if (rank === 4) return g.reshape(g.op("GlobalAveragePool", [x]), [0, width]);
  if (pooling === "cls") return g.reshape(g.slice(x, 1, 0, 1), [0, width]);
  return g.reshape(g.op("GlobalAveragePool", [g.transpose(x, [0, 2, 1])]), [0, width]);
}

/** As torch.nn.functional.normalize: a vector of nothing stays one. */
function normalized(g: GraphSteps, x: string, width: number): string {
  // A product with ones is the sum of squares: ReduceL2 takes its axes in another way from operator set 18 on.
  const squares = g.op("MatMul", [g.op("Mul", [x, x]), g.floats(Array.from({ length: width }, () => 1), [width, 1])]);
  return g.op("Div", [x, g.op("Max", [g.op("Sqrt", [squares]), g.floats([1e-12], [])])]);
}
