// Weights kept in 16 bits: half the size. They are made floats again when the model is loaded, so what is computed costs the
// same, and only what 11 bits cannot hold is lost.

import type { Model } from "../onnx/index.ts";
import { numberToHalf } from "../tensor/index.ts";
import { makeNode, Rewriter, weightsOf } from "./weights.ts";

const MOST = 65504;
const FLOAT = 1;

/** Undefined where there is no weight that it helps. */
export function halveWeights(model: Model): Model | undefined {
  const weights = weightsOf(model).filter((w) => w.tensor.data.every((v) => Math.abs(v) <= MOST));
  if (weights.length === 0) return undefined;
  const rewriter = new Rewriter(model);
  for (const { node, place, name, tensor } of weights) {
    const half = rewriter.constant(`${name}.half`, { type: "float16", shape: tensor.shape, data: Uint16Array.from(tensor.data, numberToHalf) });
    const whole = rewriter.name(`${name}.float`);
    rewriter.before(place, makeNode("Cast", [half], [whole], new Map([["to", { int: FLOAT }]])));
    rewriter.instead(place, [{ ...node, inputs: node.inputs.map((input, i) => (i === 1 ? whole : input)) }]);
    rewriter.drop(name);
  }
  return rewriter.finish();
}
