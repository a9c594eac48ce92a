// The packed face of a compiled model: the same graph without the head that joins one-column inputs, so that the engine is
// given few tensors. Works on the bytes: everything but the head and the inputs is copied as it lies.

import { ByteReader } from "../base/index.ts";
import { ProtoWriter, readFields, type ProtoField } from "../formats/index.ts";
import { onnxError } from "./errors.ts";
import { typeOf } from "./infer/types.ts";
import type { Node, ValueInfo } from "./model.ts";
import { part, text } from "./read-fields.ts";
import { readNode } from "./read.ts";
import { readValueInfo } from "./read-type.ts";
import { writeValueInfo } from "./write.ts";

export interface PackedInput extends ValueInfo {
  /** The columns of the portable face that its columns were; the input's own name where it was one already. */
  readonly columns: readonly string[];
}
export interface PackedFace {
  readonly bytes: Uint8Array;
  readonly inputs: readonly PackedInput[];
}

const HEAD = "head/";

/** `bytes` is a model that Slipway wrote. @throws SlipwayError onnx-malformed where it was changed since */
export function packedFace(bytes: Uint8Array): PackedFace {
  const file = new ByteReader(bytes);
  const top = [...readFields(file)];
  const graphField = top.find((f) => f.number === 7);
  if (!graphField) throw onnxError("onnx-malformed", "the file holds no graph");
  const graph = part(file, graphField);
  const fields = [...readFields(graph)];
  const heads = new Map<ProtoField, Node>();
  const inputs = new Map<ProtoField, ValueInfo>();
  for (const f of fields) {
    if (f.number === 1 && nodeName(part(graph, f)).startsWith(HEAD)) {
      const node = readNode(part(graph, f));
      if (node.outputs.length > 0) heads.set(f, node);
    } else if (f.number === 11) inputs.set(f, readValueInfo(part(graph, f)));
  }
  const infos = new Map([...inputs.values()].map((i) => [i.name, i]));
  if (heads.size === 0) return { bytes, inputs: [...infos.values()].map((i) => ({ ...i, columns: [i.name] })) };

  const packed = packedInputs([...heads.values()], infos);
  const gone = new Set(packed.flatMap((p) => p.columns));
  const kept = [...inputs].filter(([, info]) => !gone.has(info.name));
  const w = new ProtoWriter();
  for (const f of top) {
    if (f !== graphField) w.raw(bytes.subarray(f.at, f.end));
    else w.message(7, (g) => {
      let written = false;
      for (const field of fields) {
        if (heads.has(field)) continue;
        const info = inputs.get(field);
        if (info && gone.has(info.name)) {
          if (!written) for (const p of packed) g.message(11, (m) => writeValueInfo(m, p));
          written = true;
        } else g.raw(bytes.subarray(field.at, field.end));
      }
    });
  }
  return { bytes: w.finish(), inputs: [...packed, ...kept.map(([, info]) => ({ ...info, columns: [info.name] }))] };
}

/** What the head makes: every result that no other head node takes. */
function packedInputs(heads: readonly Node[], infos: ReadonlyMap<string, ValueInfo>): PackedInput[] {
  const by = new Map(heads.map((n) => [n.outputs[0]!, n]));
  const taken = new Set(heads.flatMap((n) => n.inputs));
  return heads.filter((n) => !taken.has(n.outputs[0]!)).map((end) => {
    const parts = end.opType === "Concat" ? end.inputs : [end.outputs[0]!];
    const columns = parts.map((name) => by.get(name)?.inputs[0] ?? name);
    const cast = [end, by.get(parts[0]!)].find((n) => n?.opType === "Cast")?.attributes.get("to");
    const type = cast && "int" in cast ? (typeOf(Number(cast.int)) ?? null) : (infos.get(columns[0]!)?.type ?? null);
    if (type === null) throw onnxError("onnx-malformed", "columns that are joined have no element type", { where: end.outputs[0]! });
    return { name: end.outputs[0]!, type, shape: ["N", columns.length], columns };
  });
}

function nodeName(r: ByteReader): string {
  for (const f of readFields(r)) if (f.number === 3) return text(r, f);
  return "";
}
