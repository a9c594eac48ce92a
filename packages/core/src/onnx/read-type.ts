// ValueInfoProto: names, types and shapes of inputs and outputs.

import type { ByteReader } from "../base/index.ts";
import { readFields } from "../formats/index.ts";
import type { ElementType } from "../tensor/index.ts";
import { onnxError } from "./errors.ts";
import { typeOf } from "./infer/types.ts";
import type { ValueInfo } from "./model.ts";
import { isNumber, part, text } from "./read-fields.ts";
import type { Dim } from "./value.ts";

/** Types within types: sequence of map of ... */
const MAX_TYPE_DEPTH = 8;

interface TypeRead {
  readonly type: ElementType | null;
  readonly shape: readonly Dim[] | null;
  readonly text: string | undefined;
}

export function readValueInfo(r: ByteReader): ValueInfo {
  let name = "";
  let read: TypeRead = { type: null, shape: null, text: undefined };
  for (const f of readFields(r)) {
    if (f.number === 1) name = text(r, f);
    else if (f.number === 2) read = readType(part(r, f), 0);
  }
  return { name, type: read.type, shape: read.shape, ...(read.type === null && read.text !== undefined ? { typeText: read.text } : {}) };
}

function readType(r: ByteReader, depth: number): TypeRead {
  if (depth > MAX_TYPE_DEPTH) throw onnxError("onnx-limit", `types are nested deeper than ${MAX_TYPE_DEPTH}`, { where: `byte ${r.offset}` });
  let read: TypeRead = { type: null, shape: null, text: undefined };
  for (const f of readFields(r)) {
    const inner = (): string => {
      let found = "?";
      const p = part(r, f);
      for (const g of readFields(p)) if (g.wire === 2) found = readType(part(p, g), depth + 1).text ?? "?";
      return found;
    };
    if (f.number === 1) read = readTensorType(part(r, f));
    else if (f.number === 4) read = { type: null, shape: null, text: `sequence(${inner()})` };
    else if (f.number === 5) read = { type: null, shape: null, text: `map(${inner()})` };
    else if (f.number === 8) read = { type: null, shape: null, text: "sparse tensor" };
    else if (f.number === 9) read = { type: null, shape: null, text: `optional(${inner()})` };
  }
  return read;
}

function readTensorType(r: ByteReader): TypeRead {
  let dataType = 0;
  let shape: Dim[] | null = null;
  for (const f of readFields(r)) {
    if (f.number === 1) dataType = Number(isNumber(f).value);
    else if (f.number === 2) {
      shape = [];
      const dims = part(r, f);
      for (const d of readFields(dims)) if (d.number === 1) shape.push(readDim(part(dims, d)));
    }
  }
  const type = typeOf(dataType) ?? null;
  return { type, shape, text: type ?? `tensor of type ${dataType}` };
}

function readDim(r: ByteReader): Dim {
  let dim: Dim = null;
  for (const f of readFields(r)) {
    if (f.number === 1) {
      const value = BigInt.asIntN(64, isNumber(f).value);
      if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw onnxError("onnx-malformed", `a dimension is ${value}`, { where: `byte ${f.at}` });
      // Some writers put -1 for a dimension that is not known.
      dim = value < 0n ? null : Number(value);
    } else if (f.number === 2) dim = text(r, f) || null;
  }
  return dim;
}
