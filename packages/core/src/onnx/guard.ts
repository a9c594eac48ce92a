// ONNX Runtime's graph optimiser replaces some patterns of nodes by fused ones whose factors are floats, or which have no
// kernel in double. In double these are rewritten here so that it leaves them alone (found by comparing optimised with
// unoptimised runs of random graphs, onnxruntime 1.30; fusion.test.ts keeps doing that):
//   - a scalar factor beside a MatMul becomes FusedMatMul's float `alpha`: matrices go through Gemm, and beside other
//     products the scalar becomes a vector, which is not fused;
//   - x / sqrt(mean(x^2) + eps) * scale becomes (Simplified)LayerNormalization, which loses eps: the mean is spelled out;
//   - Relu before Clip (or brought there by moving transposes) is merged in float, and fails in double: it becomes Max;
//   - x * Sigmoid(x) becomes QuickGelu, which has no double kernel: Sigmoid is spelled out.

import { doubles, type Tensor } from "../tensor/index.ts";
import { BuiltBody, BuiltValue, type BuiltNode } from "./built.ts";
import { onnxError } from "./errors.ts";
import { findSchema } from "./schema.ts";
import type { Attribute, Dim } from "./value.ts";

type Dims = readonly Dim[] | null;

export function guardFusions(nodes: readonly BuiltNode[]): BuiltNode[] {
  const by = new Map<BuiltValue, BuiltNode>();
  const users = new Map<BuiltValue, BuiltNode[]>();
  for (const node of nodes) {
    for (const v of node.outputs) by.set(v, node);
    for (const v of node.inputs) if (v) users.set(v, [...(users.get(v) ?? []), node]);
  }
  const clips = nodes.some((n) => n.schema.name === "Clip" && n.outputs[0]!.type === "double");
  const vectors = new Set<BuiltNode>();
  const means = new Set<BuiltNode>();
  for (const node of nodes) {
    if (node.outputs[0]?.type !== "double") continue;
    if (isBatched(node)) for (const scale of scalesBeside(node, by, users)) vectors.add(scale);
    const mean = meanUnderRoot(node, by);
    if (mean) means.add(mean);
  }
  return nodes.flatMap((node) => {
    const name = node.schema.name;
    if (node.bodies.size > 0) {
      const bodies = new Map([...node.bodies].map(([key, b]) => [key, new BuiltBody(b.inputs, guardFusions(b.nodes), b.outputs)] as const));
      return [{ ...node, bodies }];
    }
    if (node.outputs[0]?.type !== "double") return [node];
    if (name === "MatMul" && !isBatched(node)) return [made("Gemm", node.inputs, node.outputs)];
    if (name === "Sigmoid") return spellSigmoid(node);
    if (name === "Relu" && clips) return [made("Max", [node.inputs[0]!, constant(doubles([0], []))], node.outputs)];
    if (vectors.has(node)) return [withVector(node)];
    return means.has(node) ? spellMean(node) : [node];
  });
}

const isBatched = (node: BuiltNode): boolean => node.schema.name === "MatMul" && node.inputs.some((v) => v!.shape?.length !== 2);
const isScalar = (v: BuiltValue | null | undefined): boolean => v?.constant?.data.length === 1;
const isScale = (node: BuiltNode | undefined): boolean => (node?.schema.name === "Mul" || node?.schema.name === "Div") && node.inputs.some(isScalar);

/** The scalar factors next to a product, also behind transposes. */
function scalesBeside(node: BuiltNode, by: ReadonlyMap<BuiltValue, BuiltNode>, users: ReadonlyMap<BuiltValue, readonly BuiltNode[]>): BuiltNode[] {
  const found: BuiltNode[] = [];
  const upward = (v: BuiltValue | null): void => {
    const from = v ? by.get(v) : undefined;
    if (from?.schema.name === "Transpose") upward(from.inputs[0]!);
    else if (from && isScale(from)) found.push(from);
  };
  const downward = (v: BuiltValue): void => {
    for (const to of users.get(v) ?? []) {
      if (to.schema.name === "Transpose") downward(to.outputs[0]!);
      else if (isScale(to)) found.push(to);
    }
  };
  for (const v of node.inputs) upward(v);
  downward(node.outputs[0]!);
  return found;
}

/** The ReduceMean of a / sqrt(ReduceMean(b) + eps). */
function meanUnderRoot(node: BuiltNode, by: ReadonlyMap<BuiltValue, BuiltNode>): BuiltNode | undefined {
  if (node.schema.name !== "Div" && node.schema.name !== "Reciprocal") return undefined;
  const of = (v: BuiltValue | null | undefined, name: string): BuiltNode | undefined => {
    const from = v ? by.get(v) : undefined;
    return from?.schema.name === name ? from : undefined;
  };
  const root = of(node.inputs.at(-1), "Sqrt");
  const sum = of(root?.inputs[0], "Add");
  return of(sum?.inputs[0], "ReduceMean") ?? of(sum?.inputs[1], "ReduceMean");
}

function made(name: string, inputs: BuiltNode["inputs"], outputs: BuiltNode["outputs"], attributes: ReadonlyMap<string, Attribute> = new Map()): BuiltNode {
  return { schema: findSchema(name)!, inputs, outputs, attributes, bodies: new Map() };
}
const between = (shape: Dims): BuiltValue => new BuiltValue("%guard", "double", shape, "node");
function constant(tensor: Tensor): BuiltValue {
  const value = new BuiltValue("%guard", tensor.type, tensor.shape, "constant");
  value.constant = tensor;
  return value;
}

function withVector(node: BuiltNode): BuiltNode {
  const width = node.outputs[0]!.shape?.at(-1);
  if (typeof width !== "number" || width < 2) {
    throw onnxError("onnx-internal", `${node.schema.name} by a number beside a product of more than two dimensions: the engine would round the number to a float`);
  }
  return { ...node, inputs: node.inputs.map((v) => (isScalar(v) ? constant(doubles(new Float64Array(width).fill((v!.constant!.data as Float64Array)[0]!))) : v)) };
}

function spellMean(node: BuiltNode): BuiltNode[] {
  const data = node.inputs[0]!;
  const axes = node.inputs[1]?.content;
  const sizes = axes?.map((a) => (typeof a === "number" ? data.shape?.at(a) : undefined));
  if (!sizes?.every((d) => typeof d === "number")) throw onnxError("onnx-internal", "a mean under a square root over a dimension of unknown size: the engine would fuse it wrongly");
  const count = (sizes as number[]).reduce((a, b) => a * b, 1);
  const sum = between(node.outputs[0]!.shape);
  return [made("ReduceSum", node.inputs, [sum], node.attributes), made("Div", [sum, constant(doubles([count], []))], node.outputs)];
}

function spellSigmoid(node: BuiltNode): BuiltNode[] {
  const one = constant(doubles([1], []));
  const [minus, power, below] = [between(node.inputs[0]!.shape), between(node.inputs[0]!.shape), between(node.inputs[0]!.shape)];
  return [made("Neg", node.inputs, [minus]), made("Exp", [minus], [power]), made("Add", [power, one], [below]), made("Div", [one, below], node.outputs)];
}
