// A compiled model whose output says where somebody stands (a vector), what each item is worth (a number an item), or which
// items are nearest (their places) -> the same model, which also gives the ids of the best items.

import { GraphBuilder, Ops, readModel, serializeModel, type Model } from "../../onnx/index.ts";
import type { Output, Recommending, RecommendedItem, Similarity } from "../../package/index.ts";
import { floats } from "../../tensor/index.ts";
import { convertError } from "../conversion/errors.ts";
import type { Matrix } from "../conversion/estimator.ts";
import type { ImportedGraph } from "../imported.ts";
import { joinGraphs } from "../join-graphs.ts";
import { liftGraph } from "../lift-opset.ts";
import type { CompiledRecommender } from "./compile-factors.ts";
import { constantName } from "./constant-name.ts";
import { bestItems, unitRows, unitVectors } from "./find-items.ts";
import { separatorFor } from "./separator.ts";

export interface ItemOptions {
  readonly k: number;
  readonly similarity: Similarity;
  readonly items: readonly RecommendedItem[];
  /** One row an item; undefined: the output itself tells of items. */
  readonly vectors?: Matrix | undefined;
  /** The output, where the model has several that would do. */
  readonly output?: string | undefined;
  readonly cold: Recommending["cold"];
}

const OPSET = 21;
const OLDEST = 13;

/** @throws recommend-items, recommend-unsupported, join-unsupported */
export function addItems(given: ImportedGraph, options: ItemOptions): CompiledRecommender {
  const { items, k, cold } = options;
  const ids = items.map((item) => item.id);
  const { kind, output } = chosen(given, options);
  const vectors = kind === "embedding" ? vectorsFor(output, options) : undefined;
  const most = kind === "neighbors" ? output.rowShape[0]! : items.length;
  if (k > most) throw convertError("recommend-items", `${k} items are to be given, and there are ${most}`, { hint: "Ask for fewer: --k." });
  const back = searchGraph(output, kind, ids, vectors, k, options.similarity);
  const joined = joinGraphs({ front: lifted(readModel(given.model)), from: output.graphName, back, to: "given", rowByRow: false });
  const name = (of: string): string => joined.names.get(of) ?? of;
  const others = given.signature.outputs.filter((o) => o !== output);
  const made: Output[] = [
    { name: unusedName("items", others), graphName: name("items"), kind: "value", type: "string", rowShape: [k] },
    ...(kind === "neighbors" ? [] : [{ name: unusedName("scores", others), graphName: name("scores"), kind: "score", type: output.type, rowShape: [k] } as const]),
  ];
  const { signature } = given;
  const text = signature.layout === "text" ? signature.columns[0]!.name : undefined;
  const distances = kind === "neighbors" ? others.find((o) => o.name === "distances")!.name : undefined;
  return {
    compiled: { ...given, model: serializeModel(joined.model), signature: { ...signature, outputs: [...made, { ...output, graphName: name("echo") }, ...others] }, opsets: Object.fromEntries(joined.model.opsets.map((s) => [s.domain, s.version])) },
    recommend: {
      kind, output: output.name, distances, items, cold, separator: separatorFor(ids), ...(text === undefined ? {} : { seen: text }),
      ...(vectors === undefined ? {} : { similarity: options.similarity, vectors: constantName(joined.model, vectors) }),
    },
  };
}

function chosen({ signature }: ImportedGraph, { vectors, output, items }: ItemOptions): { readonly kind: Recommending["kind"]; readonly output: Output } {
  const { outputs } = signature;
  const refuse = (message: string, hint?: string): Error => convertError("recommend-unsupported", message, { hint });
  if (signature.layout === "tensors" && signature.tensorRows !== "independent") throw refuse("the rows that the model takes may depend on each other, or are a fixed number", "Export it with an open first dimension, the batch.");
  const neighbors = outputs.find((o) => o.name === "neighbors");
  if (neighbors !== undefined && outputs.some((o) => o.name === "distances") && vectors === undefined && (output === undefined || output === "neighbors")) return { kind: "neighbors", output: neighbors };
  const suits = (o: Output): boolean => (o.type === "float" || o.type === "double") && o.rowShape.length === 1 && (vectors === undefined ? o.rowShape[0] === items.length : o.rowShape[0] === vectors.shape[1]);
  const fitting = outputs.filter((o) => (output === undefined ? suits(o) : o.name === output));
  const shown = outputs.map((o) => `${o.name} ${o.type} [${o.rowShape.join(", ")}]`).join("; ");
  const wanted = vectors === undefined ? `one number for each of the ${items.length} items` : `a vector of ${vectors.shape[1]} numbers, as those of the items`;
  if (fitting.length !== 1 || !suits(fitting[0]!)) throw refuse(`the model gives ${shown}, where ${wanted} is expected`, fitting.length > 1 ? "Say which output it is: --query." : vectors === undefined ? "Of a model that gives a vector, the items' vectors are needed: --item-vectors or --item-tower." : "Are the model and the vectors of one training run?");
  return { kind: vectors === undefined ? "scores" : "embedding", output: fitting[0]! };
}

function vectorsFor({ type }: Output, { vectors, items, similarity }: ItemOptions): Float64Array | Float32Array {
  const { shape, data } = vectors!;
  if (shape.length !== 2 || shape[0] !== items.length) throw convertError("recommend-items", `there are ${items.length} items, and vectors of the shape (${shape.join(", ")})`, { hint: "One row an item, in the order of --items." });
  if (!data.every(Number.isFinite)) throw convertError("recommend-items", "the items' vectors hold NaN or infinity");
  const compared = similarity === "cosine" ? unitVectors(data, shape[1]!) : data;
  return type === "float" ? Float32Array.from(compared) : compared;
}

/** `given` [N, width] -> `echo`, `items` and, but for neighbours, `scores`. */
function searchGraph(output: Output, kind: Recommending["kind"], ids: readonly string[], vectors: Float64Array | Float32Array | undefined, k: number, similarity: Similarity): Model {
  const o = new Ops(new GraphBuilder());
  const given = o.graph.input("given", output.type, ["N", output.rowShape[0]!]);
  o.graph.output("echo", o.graph.op("Identity", [given]));
  if (kind === "neighbors") {
    o.graph.output("items", o.gather(o.strings(ids), o.cast(k < output.rowShape[0]! ? o.slice(given, 0, k, 1) : given, "int64"), 0));
    return o.graph.finish();
  }
  const compared = vectors === undefined ? given : o.graph.op("Gemm", [similarity === "cosine" ? unitRows(o, given) : given, o.graph.constant(vectors instanceof Float32Array ? floats(vectors, [ids.length, output.rowShape[0]!]) : { type: "double", shape: [ids.length, output.rowShape[0]!], data: vectors })], { transB: 1 });
  const best = bestItems(o, compared, ids, k);
  o.graph.output("items", best.items);
  o.graph.output("scores", best.scores);
  return o.graph.finish();
}

/** Graphs of other tools are brought to our operator set. */
function lifted(model: Model): Model {
  const version = model.opsets.find((s) => s.domain === "" || s.domain === "ai.onnx")?.version ?? OPSET;
  if (version < OLDEST) throw convertError("join-unsupported", `the model is of the operator set ${version}`, { hint: `Export it with opset ${OLDEST} or later.` });
  if (version >= OPSET) return model;
  return { ...model, graph: liftGraph(model.graph, version, OPSET), opsets: [...model.opsets.filter((s) => s.domain !== "" && s.domain !== "ai.onnx"), { domain: "", version: OPSET }] };
}

function unusedName(name: string, outputs: readonly Output[]): string {
  return outputs.some((o) => o.name === name) ? `recommended_${name}` : name;
}
