// Inputs and outputs that are not tensors: maps and sequences, which a graph under construction does not know. They are put
// before and behind a finished model, in place of tensors of a name of their own.

import { onnxError } from "./errors.ts";
import type { Model, Node, TypeStructure, ValueInfo } from "./model.ts";
import { OPSETS } from "./schema.ts";
import type { Attribute } from "./value.ts";

export type MapKeys = { readonly type: "int64"; readonly values: readonly bigint[] } | { readonly type: "string"; readonly values: readonly string[] };

/** The output `part`, float [N, C], becomes `name`: a sequence of one map for each row, key k -> column k. */
export function zipOutput(model: Model, part: string, name: string, keys: MapKeys): Model {
  const labels: [string, Attribute] = keys.type === "int64" ? ["classlabels_int64s", { ints: BigInt64Array.from(keys.values) }] : ["classlabels_strings", { strings: keys.values }];
  const node: Node = { name: `out/${name}`, opType: "ZipMap", domain: "ai.onnx.ml", inputs: [part], outputs: [name], attributes: new Map([labels]) };
  return behind(model, node, { kind: "sequence", of: { kind: "map", key: keys.type, value: { kind: "tensor", type: "float", shape: [] } } });
}

/** The outputs `parts`, of one type, become one sequence `name` at the place of the first. */
export function sequenceOutput(model: Model, parts: readonly string[], name: string): Model {
  const type = model.graph.outputs.find((o) => o.name === parts[0])?.type;
  if (!type) throw onnxError("onnx-internal", `there is no tensor output ${parts[0]}`);
  const node: Node = { name: `out/${name}`, opType: "SequenceConstruct", domain: "", inputs: parts, outputs: [name], attributes: new Map() };
  return behind(model, node, { kind: "sequence", of: { kind: "tensor", type, shape: null } });
}

/** The input `part`, [N, keys], becomes `name`: a map of one row. A key that a row lacks is 0. */
export function mapInput(model: Model, part: string, name: string, keys: MapKeys): Model {
  const type = model.graph.inputs.find((i) => i.name === part)?.type;
  if (!type) throw onnxError("onnx-internal", `there is no tensor input ${part}`);
  const vocabulary: [string, Attribute] = keys.type === "int64" ? ["int64_vocabulary", { ints: BigInt64Array.from(keys.values) }] : ["string_vocabulary", { strings: keys.values }];
  const node: Node = { name: `in/${name}`, opType: "DictVectorizer", domain: "ai.onnx.ml", inputs: [name], outputs: [part], attributes: new Map([vocabulary]) };
  const structure: TypeStructure = { kind: "map", key: keys.type, value: { kind: "tensor", type, shape: [] } };
  const inputs = model.graph.inputs.map((i): ValueInfo => (i.name === part ? { name, type: null, shape: null, structure } : i));
  return withDomain({ ...model, graph: { ...model.graph, inputs, nodes: [node, ...model.graph.nodes] } }, "ai.onnx.ml");
}

function behind(model: Model, node: Node, structure: TypeStructure): Model {
  const { graph } = model;
  const outputs = graph.outputs.flatMap((o): ValueInfo[] => {
    if (o.name === node.inputs[0]) return [{ name: node.outputs[0]!, type: null, shape: null, structure }];
    return node.inputs.includes(o.name) ? [] : [o];
  });
  return withDomain({ ...model, graph: { ...graph, outputs, nodes: [...graph.nodes, node] } }, node.domain);
}

function withDomain(model: Model, domain: string): Model {
  return model.opsets.some((o) => o.domain === domain) ? model : { ...model, opsets: [...model.opsets, { domain, version: OPSETS[domain]! }] };
}
