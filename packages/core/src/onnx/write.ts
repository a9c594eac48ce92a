// A Model as ONNX bytes (onnx.proto, IR version 10). The same model always gives the same bytes: fields in order of their
// numbers, attributes and metadata sorted by name. Tensor data and INTS are written from their typed arrays.

import { asBytes, ProtoWriter } from "../formats/index.ts";
import type { ElementType, Tensor } from "../tensor/index.ts";
import { onnxError } from "./errors.ts";
import type { Graph, Model, Node, TypeStructure, ValueInfo } from "./model.ts";
import { ONNX_TYPE } from "./ops.ts";
import type { Attribute, Dim } from "./value.ts";

export function serializeModel(model: Model): Uint8Array {
  const w = new ProtoWriter();
  w.int(1, model.irVersion);
  w.string(2, model.producerName);
  w.string(3, model.producerVersion);
  if (model.docString) w.string(6, model.docString);
  w.message(7, (g) => writeGraph(g, model.graph));
  for (const { domain, version } of model.opsets) {
    w.message(8, (m) => {
      if (domain !== "") m.string(1, domain);
      m.int(2, version);
    });
  }
  for (const key of Object.keys(model.metadata).sort()) {
    w.message(14, (m) => {
      m.string(1, key);
      m.string(2, model.metadata[key]!);
    });
  }
  return w.finish();
}

function writeGraph(w: ProtoWriter, graph: Graph): void {
  for (const node of graph.nodes) w.message(1, (m) => writeNode(m, node));
  w.string(2, graph.name);
  for (const { name, tensor } of graph.initializers) w.message(5, (m) => writeTensor(m, tensor, name));
  if (graph.docString) w.string(10, graph.docString);
  for (const info of graph.inputs) w.message(11, (m) => writeValueInfo(m, info));
  for (const info of graph.outputs) w.message(12, (m) => writeValueInfo(m, info));
  for (const info of graph.values ?? []) w.message(13, (m) => writeValueInfo(m, info));
}

export function writeNode(w: ProtoWriter, node: Node): void {
  for (const input of node.inputs) w.string(1, input);
  for (const output of node.outputs) w.string(2, output);
  if (node.name !== "") w.string(3, node.name);
  w.string(4, node.opType);
  for (const name of [...node.attributes.keys()].sort()) w.message(5, (m) => writeAttribute(m, name, node.attributes.get(name)!));
  if (node.domain !== "") w.string(7, node.domain);
}

function writeAttribute(w: ProtoWriter, name: string, a: Attribute): void {
  w.string(1, name);
  let type: number;
  if ("float" in a) { w.float(2, a.float); type = 1; }
  else if ("int" in a) { w.int(3, a.int); type = 2; }
  else if ("string" in a) { w.string(4, a.string); type = 3; }
  else if ("tensor" in a) { w.message(5, (m) => writeTensor(m, a.tensor, "")); type = 4; }
  else if ("graph" in a) { w.message(6, (m) => writeGraph(m, a.graph)); type = 5; }
  else if ("floats" in a) { w.packedFloats(7, a.floats); type = 6; }
  else if ("ints" in a) { w.packedInts(8, a.ints); type = 7; }
  else { for (const s of a.strings) w.string(9, s); type = 8; }
  w.int(20, type);
}

/** Up to this many integers are written as varints: sizes, axes and indices are small and take a byte or two in place of eight. */
const FEW_INTEGERS = 64;

/** TensorProto: strings one by one, a few integers as int64_data, everything else as raw_data. */
function writeTensor(w: ProtoWriter, tensor: Tensor, name: string): void {
  w.packedInts(1, tensor.shape);
  w.int(2, ONNX_TYPE[tensor.type]);
  const few = tensor.type === "int64" && tensor.data.length <= FEW_INTEGERS;
  if (tensor.type === "string") for (const s of tensor.data as readonly string[]) w.string(6, s);
  if (few) w.packedInts(7, tensor.data as BigInt64Array);
  if (name !== "") w.string(8, name);
  if (tensor.type !== "string" && !few) w.bytes(9, asBytes(tensor.data as Float64Array));
}

export function writeValueInfo(w: ProtoWriter, info: ValueInfo): void {
  const structure: TypeStructure | undefined = info.type === null ? info.structure : { kind: "tensor", type: info.type, shape: info.shape };
  if (structure === undefined) throw onnxError("onnx-internal", `${info.typeText ?? "a value without a type"} cannot be written`, { where: info.name });
  w.string(1, info.name);
  w.message(2, (m) => writeType(m, structure));
}

function writeType(w: ProtoWriter, structure: TypeStructure): void {
  if (structure.kind === "sequence") w.message(4, (m) => m.message(1, (of) => writeType(of, structure.of)));
  else if (structure.kind === "map") {
    w.message(5, (m) => {
      m.int(1, ONNX_TYPE[structure.key]);
      m.message(2, (value) => writeType(value, structure.value));
    });
  } else w.message(1, (m) => writeTensorType(m, structure.type, structure.shape));
}

function writeTensorType(w: ProtoWriter, type: ElementType, shape: readonly Dim[] | null): void {
  w.int(1, ONNX_TYPE[type]);
  if (shape === null) return;
  w.message(2, (s) => {
    for (const dim of shape) {
      s.message(1, (d) => {
        if (typeof dim === "number") d.int(1, dim);
        else if (dim !== null) d.string(2, dim);
      });
    }
  });
}
