// Users' and items' factors -> a graph that takes a user, the items that were seen and those that are not to be shown, and gives
// the best items. All in doubles. Who is not known stands where the items that were seen stand on average; who has seen nothing
// gets the most popular items.

import { GraphBuilder, Ops, serializeModel, type Value } from "../../onnx/index.ts";
import { REFUSED_OUTPUT, type Column, type Recommending, type RecommendedItem, type Signature, type Similarity } from "../../package/index.ts";
import { convertError } from "../conversion/errors.ts";
import type { ImportedGraph } from "../imported.ts";
import { bestItems, unitRows, unitVectors } from "./find-items.ts";
import type { FactorModel } from "./factors.ts";
import { constantName } from "./constant-name.ts";
import { separatorFor } from "./separator.ts";

export interface FactorOptions {
  readonly k: number;
  readonly similarity: Similarity;
  readonly userIds: readonly string[];
  /** In the order of the factors. */
  readonly items: readonly RecommendedItem[];
  readonly cold: Recommending["cold"];
}
export interface CompiledRecommender {
  readonly compiled: ImportedGraph;
  readonly recommend: Recommending;
}

/** @throws recommend-items, recommend-unsupported */
export function compileFactors(model: FactorModel, { k, similarity, userIds, items, cold }: FactorOptions): CompiledRecommender {
  const biased = model.userBias !== undefined || model.itemBias !== undefined;
  if (biased && similarity === "cosine") throw convertError("recommend-unsupported", "the model adds biases to the product of the factors, which a cosine has no place for", { hint: "Leave --similarity out." });
  if (k > items.length) throw convertError("recommend-items", `${k} items are to be given, and there are ${items.length}`, { hint: "Ask for fewer: --k." });
  const factors = model.users.shape[1]!;
  const width = factors + (biased ? 2 : 0);
  const users = widened(model.users.data, factors, biased ? (row) => [1, (model.userBias?.[row] ?? 0) + model.mean] : undefined);
  const wide = widened(model.items.data, factors, biased ? (row) => [model.itemBias?.[row] ?? 0, 1] : undefined);
  const vectors = similarity === "cosine" ? unitVectors(wide, width) : wide;
  const ids = items.map((item) => item.id);
  const separator = separatorFor(ids);

  const o = new Ops(new GraphBuilder());
  const asked = o.graph.entry("slipway.strings", "string");
  const column = (place: number): Value => o.squeeze(o.columns(asked, [place]), 1);
  o.graph.bindEntry(asked, [{ name: "user", type: "string" }, { name: "seen", type: "string" }, { name: "exclude", type: "string" }]);
  const placeIn = (texts: Value, known: readonly string[]): Value => o.graph.op("LabelEncoder", [texts], { keys_strings: known, values_int64s: BigInt64Array.from(known, (_, i) => BigInt(i)), default_int64: known.length });
  const list = (texts: Value): Value => placeIn(o.graph.ops("StringSplit", [texts], { delimiter: separator }, 2)[0]!, ids);

  const user = placeIn(column(0), userIds);
  const known = o.unsqueeze(o.less(user, userIds.length), 1);
  const table = new Float64Array(users.length + width);
  table.set(users);
  const own = o.gather(o.doubles(table, [userIds.length + 1, width]), user, 0);
  const matrix = o.doubles(vectors, [items.length, width]);

  const seen = list(column(1));
  const there = o.cast(o.less(seen, items.length), "double");
  const count = o.sum(there, 1, true);
  const rows = o.mul(o.gather(matrix, o.minimum(seen, items.length - 1), 0), o.unsqueeze(there, 2));
  const mean = o.div(o.sum(rows, 1), o.maximum(count, 1));
  // The biases are the user's own, which the items do not tell.
  const standing = biased ? o.mul(mean, o.doubles(Float64Array.from({ length: width }, (_, i) => (i < factors ? 1 : 0)))) : mean;
  const raw = o.where(known, own, standing);
  const embedding = similarity === "cosine" ? unitRows(o, raw) : raw;

  const compared = o.graph.op("Gemm", [embedding, matrix], { transB: 1 });
  const nobody = o.and(o.not(known), o.equal(count, 0));
  const scores = cold === "popular" ? o.where(nobody, o.doubles(items.map((i) => i.popularity ?? 0), [1, items.length]), compared) : compared;
  // One place more, for what is no item, and for rows that leave nothing out.
  const hidden = o.concat([o.unsqueeze(o.add(o.mul(user, 0), items.length), 1), seen, list(column(2))], 1);
  const zeros = o.graph.op("Expand", [o.scalar(0), o.concat([o.graph.op("Shape", [user]), o.int64s([items.length + 1])], 0)]);
  const never = o.graph.op("Expand", [o.scalar(-Infinity), o.graph.op("Shape", [hidden])]);
  const mask = o.slice(o.graph.op("ScatterElements", [zeros, hidden, never], { axis: 1 }), 0, items.length, 1);
  const best = bestItems(o, o.add(scores, mask), ids, k);
  o.graph.output("items", best.items);
  o.graph.output("scores", best.scores);
  o.graph.output("embedding", embedding);
  if (cold === "refused") o.graph.output(REFUSED_OUTPUT, o.cast(o.squeeze(nobody, 1), "int64"));
  const graph = o.graph.finish({ name: model.className });
  const text = (name: string, example: string): Column => ({ name, example, type: "string", used: true, missing: "allowed", infinite: "allowed", wholeNumbers: true });
  const signature: Signature = {
    layout: "columns", columns: [text("user", userIds[0]!), text("seen", ids[0]!), text("exclude", ids.at(-1)!)], extraColumns: "refused", rowCells: width * 8 + items.length,
    ...(cold === "refused" ? { rowChecks: ["the user is not known, and no known item was seen"] } : {}),
    outputs: [
      { name: "items", graphName: "items", kind: "value", type: "string", rowShape: [k] },
      { name: "scores", graphName: "scores", kind: "score", type: "double", rowShape: [k] },
      { name: "embedding", graphName: "embedding", kind: "transformed", type: "double", rowShape: [width] },
    ],
  };
  return {
    compiled: { model: serializeModel(graph), signature, opsets: Object.fromEntries(graph.opsets.map((s) => [s.domain, s.version])), className: model.className, warnings: [] },
    recommend: { kind: "embedding", output: "embedding", similarity, vectors: constantName(graph, vectors), ...(biased ? { factors } : {}), user: "user", seen: "seen", separator, cold, items },
  };
}

/** Each row with some numbers more. */
function widened(data: Float64Array, width: number, more: ((row: number) => readonly number[]) | undefined): Float64Array {
  if (more === undefined) return data;
  const rows = data.length / width;
  const added = more(0).length;
  const wide = new Float64Array(rows * (width + added));
  for (let row = 0; row < rows; row++) {
    wide.set(data.subarray(row * width, (row + 1) * width), row * (width + added));
    wide.set(more(row), row * (width + added) + width);
  }
  return wide;
}
