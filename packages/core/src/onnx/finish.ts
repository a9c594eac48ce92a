// Turns a built graph into a Model: resolves lazy constants and entries, drops what is dead or does nothing, gives names, checks.

import { VERSION } from "../base/index.ts";
import { inferNode, type BuiltGraph, type BuiltNode, type BuiltValue } from "./built.ts";
import { findProblems } from "./check.ts";
import { Emitter } from "./emit.ts";
import { onnxError } from "./errors.ts";
import { guardFusions } from "./guard.ts";
import { tensorContent } from "./infer/context.ts";
import type { Model } from "./model.ts";
import { OPSETS } from "./schema.ts";
import { findLive, simplify } from "./simplify.ts";

export interface FinishOptions {
  readonly name?: string;
  readonly docString?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

const PRODUCER = "slipway";
const IR_VERSION = 10;

export function finishGraph(graph: BuiltGraph, options: FinishOptions): Model {
  const ends = graph.outputs.map((o) => o.value);
  for (const v of findLive(graph.nodes, ends).values) if (v.make) resolveLazy(v);
  for (const node of graph.nodes) sharpen(node, graph.anyKernel);
  const same = new Map<BuiltValue, BuiltValue>();
  const nodes = simplify(graph.nodes, same);
  const outputs = graph.outputs.map((o) => ({ name: o.name, value: same.get(o.value) ?? o.value }));
  const live = findLive(nodes, outputs.map((o) => o.value));
  const kept = nodes.filter((n) => live.nodes.has(n));
  const emitted = new Emitter().emit({ ...graph, outputs, nodes: graph.anyKernel ? kept : guardFusions(kept) }, live.values, options.name ?? "slipway");
  const model: Model = {
    irVersion: IR_VERSION,
    opsets: Object.entries(OPSETS).filter(([domain]) => emitted.domains.has(domain)).map(([domain, version]) => ({ domain, version })),
    producerName: PRODUCER,
    producerVersion: VERSION,
    ...(options.docString === undefined ? {} : { docString: options.docString }),
    graph: emitted.graph,
    metadata: { ...options.metadata, ...emitted.metadata },
  };
  const [problem] = findProblems(model);
  if (problem) throw onnxError("onnx-internal", `the finished graph is not valid: ${problem.message}`, { where: problem.where });
  return model;
}

function resolveLazy(v: BuiltValue): void {
  const tensor = v.make!();
  if (tensor.type !== v.type || tensor.shape.join() !== v.shape?.join()) {
    throw onnxError("onnx-internal", `a lazy constant ${v.type}[${v.shape?.join()}] became ${tensor.type}[${tensor.shape.join()}]`);
  }
  v.constant = tensor;
  v.content = tensorContent(tensor);
  v.make = undefined;
}

/** Infers once more, now that entries and lazy constants are known. */
function sharpen(node: BuiltNode, anyKernel: boolean): void {
  for (const body of node.bodies.values()) for (const inner of body.nodes) sharpen(inner, anyKernel);
  if (node.inputs.some((v) => v?.make)) return;
  inferNode(node, node.outputs.length, anyKernel).forEach((o, i) => {
    node.outputs[i]!.shape = o.shape;
    node.outputs[i]!.content = o.content;
  });
}
