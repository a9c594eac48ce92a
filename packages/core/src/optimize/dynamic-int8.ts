// Dynamic quantisation of MatMul and Gemm: weights in int8 with a scale for each column, activations in uint8 with the range
// that the batch at hand has. A row's answer then depends, in its last digits, on the rows beside it.

import type { Model, Node } from "../onnx/index.ts";
import { makeNode, quantizeWeight, Rewriter, weightsOf } from "./weights.ts";

const FLOAT = 1;

/** Undefined where there is no weight that it helps. */
export function dynamicInt8(model: Model): Model | undefined {
  const weights = weightsOf(model).filter((w) => w.node.opType !== "Conv");
  if (weights.length === 0) return undefined;
  const rewriter = new Rewriter(model);
  for (const weight of weights) {
    const { node, place, name, tensor, axis } = weight;
    const { values, scales } = quantizeWeight(weight);
    const [rows, columns] = axis === 1 ? tensor.shape as [number, number] : [tensor.shape[1]!, tensor.shape[0]!];
    const upright = axis === 1 ? values : transposed(values, columns, rows);
    const w = rewriter.constant(`${name}.int8`, { type: "int8", shape: [rows, columns], data: upright });
    const s = rewriter.constant(`${name}.scale`, { type: "float", shape: [columns], data: scales });
    const [q, scale, zero, sum, sums, both, product] = ["q", "scale", "zero", "sum", "sums", "both", "product"].map((what) => rewriter.name(`${node.outputs[0]!}.${what}`)) as [string, string, string, string, string, string, string];
    const bias = node.inputs[2] ?? "";
    const last = bias === "" ? node.outputs[0]! : product;
    const nodes: Node[] = [
      makeNode("DynamicQuantizeLinear", [node.inputs[0]!], [q, scale, zero]),
      makeNode("MatMulInteger", [q, w, zero], [sum]),
      makeNode("Cast", [sum], [sums], new Map([["to", { int: FLOAT }]])),
      makeNode("Mul", [scale, s], [both]),
      makeNode("Mul", [sums, both], [last]),
    ];
    if (bias !== "") nodes.push(makeNode("Add", [product, bias], [node.outputs[0]!]));
    rewriter.instead(place, nodes);
    rewriter.drop(name);
  }
  return rewriter.finish();
}

/** [rows, columns] -> [columns, rows] */
function transposed(data: Int8Array, rows: number, columns: number): Int8Array {
  const out = new Int8Array(data.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = data[i * columns + j]!;
  return out;
}
