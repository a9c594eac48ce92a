// Weights that share 256 values a tensor: a byte for each in place of four, and a list of the values (Han, Mao, Dally, "Deep
// Compression", 2016, 3). The values are those about which the weights lie nearest (k-means in one dimension, from
// quantiles and equal steps on, as weights crowd around zero and reach far). They are made floats again when the model is loaded.

import type { Model } from "../onnx/index.ts";
import { makeNode, Rewriter, weightsOf } from "./weights.ts";

const VALUES = 256;
/** Fewer weights cost more in values than they save. */
const LEAST = 4 * VALUES;
const ROUNDS = 100;
const INT32 = 6;

/** Undefined where there is no weight that it helps. */
export function shareWeights(model: Model): Model | undefined {
  const weights = weightsOf(model).filter((w) => w.tensor.data.length >= LEAST && w.tensor.data.every(Number.isFinite));
  if (weights.length === 0) return undefined;
  const rewriter = new Rewriter(model);
  for (const { node, place, name, tensor } of weights) {
    const { values, codes } = sharedValues(tensor.data);
    const book = rewriter.constant(`${name}.values`, { type: "float", shape: [values.length], data: values });
    const bytes = rewriter.constant(`${name}.codes`, { type: "uint8", shape: tensor.shape, data: codes });
    const [places, whole] = [rewriter.name(`${name}.places`), rewriter.name(`${name}.float`)];
    rewriter.before(place, makeNode("Cast", [bytes], [places], new Map([["to", { int: INT32 }]])));
    rewriter.before(place, makeNode("Gather", [book, places], [whole]));
    rewriter.instead(place, [{ ...node, inputs: node.inputs.map((input, i) => (i === 1 ? whole : input)) }]);
    rewriter.drop(name);
  }
  return rewriter.finish();
}

export function sharedValues(data: Float32Array): { readonly values: Float32Array; readonly codes: Uint8Array } {
  const sorted = Float32Array.from(data).sort();
  const n = sorted.length;
  const sums = new Float64Array(n + 1);
  for (let i = 0; i < n; i++) sums[i + 1] = sums[i]! + sorted[i]!;
  const half = VALUES / 2;
  const step = (sorted[n - 1]! - sorted[0]!) / (half - 1);
  let values = [...new Set(Array.from({ length: half }, (_, k) => [sorted[Math.floor(((k + 0.5) * n) / half)]!, sorted[0]! + k * step]).flat())].sort((a, b) => a - b);
  for (let round = 0; round < ROUNDS; round++) {
    // In order, so that each value's weights are a stretch of the sorted ones.
    const next: number[] = [];
    let start = 0;
    for (let k = 0; k < values.length; k++) {
      const bound = k + 1 < values.length ? (values[k]! + values[k + 1]!) / 2 : Infinity;
      const end = k + 1 < values.length ? firstAbove(sorted, bound, start) : n;
      if (end > start) next.push((sums[end]! - sums[start]!) / (end - start));
      start = end;
    }
    values = next;
  }
  const kept = Float32Array.from(values);
  const codes = Uint8Array.from(data, (v) => nearest(kept, v));
  return { values: kept, codes };
}

function firstAbove(sorted: Float32Array, bound: number, from: number): number {
  let [low, high] = [from, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! > bound) high = middle;
    else low = middle + 1;
  }
  return low;
}
function nearest(values: Float32Array, v: number): number {
  const above = Math.min(values.length - 1, firstAbove(values, v, 0));
  return above > 0 && Math.abs(values[above - 1]! - v) <= Math.abs(values[above]! - v) ? above - 1 : above;
}
