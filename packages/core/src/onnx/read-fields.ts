// Fields of ONNX messages: the checks and conversions that all readers share.

import { ByteReader, type SlipwayError } from "../base/index.ts";
import { readVarint, type ProtoField } from "../formats/index.ts";
import { onnxError } from "./errors.ts";

const utf8 = new TextDecoder();

export function malformed(message: string, f: ProtoField): SlipwayError {
  return onnxError("onnx-malformed", message, { where: `byte ${f.at}` });
}
export function isLength(f: ProtoField): ProtoField {
  if (f.wire !== 2) throw malformed(`field ${f.number} has the wrong form`, f);
  return f;
}
export function isNumber(f: ProtoField): ProtoField {
  if (f.wire !== 0) throw malformed(`field ${f.number} has the wrong form`, f);
  return f;
}
export function text(r: ByteReader, f: ProtoField): string {
  isLength(f);
  return utf8.decode(r.bytes.subarray(f.start, f.end));
}
/** The message inside a field. */
export function part(r: ByteReader, f: ProtoField): ByteReader {
  isLength(f);
  return new ByteReader(r.bytes, f.start, f.end);
}

/** A repeated int field, one by one or packed, as int64. */
export function readInts(r: ByteReader, fields: readonly ProtoField[]): BigInt64Array {
  let count = 0;
  for (const f of fields) {
    if (f.wire === 0) count++;
    else {
      isLength(f);
      for (let i = f.start; i < f.end; i++) if (r.bytes[i]! < 0x80) count++;
    }
  }
  const out = new BigInt64Array(count);
  let at = 0;
  for (const f of fields) {
    if (f.wire === 0) {
      out[at++] = f.value;
      continue;
    }
    const inner = new ByteReader(r.bytes, f.start, f.end);
    while (inner.left > 0) out[at++] = readVarint(inner);
  }
  return out;
}
