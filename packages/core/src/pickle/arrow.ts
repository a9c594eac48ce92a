// Arrow string arrays, which pandas 3 keeps its texts in where pyarrow is installed (columns of a DataFrame, for example).
// After pyarrow 26's Array.__reduce__: `_restore_array((type, length, nulls, offset, buffers, children, dictionary))`, with the
// buffers of the Arrow columnar format 1.5: validity bits, offsets (32-bit, or 64-bit for large_string) and UTF-8.

import { decodeUtf8 } from "./text.ts";
import { PyByteArray, PyBytes, PyList, PyObject, PyTuple, type PyValue } from "./values.ts";

/** The texts of an Array or ChunkedArray of strings, NaN where one is missing. undefined for anything else. */
export function arrowStrings(value: PyValue): PyValue[] | undefined {
  if (!(value instanceof PyObject)) return undefined;
  if (value.className === "pyarrow.lib.chunked_array") {
    const chunks = value.args.items[0];
    if (!(chunks instanceof PyList) || chunks.items.length > 10_000) return undefined;
    const all: PyValue[] = [];
    for (const chunk of chunks.items) {
      const texts = restoredStrings(chunk);
      if (texts === undefined) return undefined;
      for (const text of texts) all.push(text);
    }
    return all;
  }
  return restoredStrings(value);
}

function restoredStrings(value: PyValue): PyValue[] | undefined {
  if (!(value instanceof PyObject) || value.className !== "pyarrow.lib._restore_array") return undefined;
  const parts = value.args.items[0];
  if (!(parts instanceof PyTuple)) return undefined;
  const [type, length, , offset, buffers] = parts.items;
  const width = offsetWidth(type);
  if (width === undefined || typeof length !== "bigint" || typeof offset !== "bigint" || !(buffers instanceof PyList) || buffers.items.length !== 3) return undefined;
  if (length === 0n) return [];
  const [valid, offsets, data] = buffers.items.map(bufferBytes);
  if (offsets === undefined || length < 0n || offset < 0n || (length + offset + 1n) * BigInt(width) > BigInt(offsets.length)) return undefined;
  return slices(Number(offset), Number(length), width, valid, offsets, data ?? new Uint8Array(0));
}

function slices(first: number, count: number, width: 4 | 8, valid: Uint8Array | undefined, offsets: Uint8Array, data: Uint8Array): PyValue[] | undefined {
  if (valid !== undefined && valid.length * 8 < first + count) return undefined;
  const view = new DataView(offsets.buffer, offsets.byteOffset, offsets.byteLength);
  const at = (i: number): number => (width === 8 ? Number(view.getBigInt64(i * 8, true)) : view.getInt32(i * 4, true));
  const texts: PyValue[] = [];
  let previous = at(first);
  for (let i = first; i < first + count; i++) {
    const end = at(i + 1);
    // Offsets only rise, so that all texts together are no longer than the data.
    if (!(previous >= 0 && end >= previous && end <= data.length)) return undefined;
    const isValid = valid === undefined || ((valid[i >> 3]! >> (i & 7)) & 1) === 1;
    const text = isValid ? decodeUtf8(data, previous, end) : Number.NaN;
    if (text === undefined) return undefined;
    texts.push(text);
    previous = end;
  }
  return texts;
}

/** Bytes of one offset; undefined for types other than strings. */
function offsetWidth(type: PyValue | undefined): 4 | 8 | undefined {
  if (!(type instanceof PyObject)) return undefined;
  const alias = type.className === "pyarrow.lib.type_for_alias" ? type.args.items[0] : undefined;
  if (alias === "large_string" || alias === "large_utf8") return 8;
  return alias === "string" || alias === "utf8" ? 4 : undefined;
}

/** `py_buffer(bytes)`. */
function bufferBytes(value: PyValue): Uint8Array | undefined {
  const held = value instanceof PyObject && value.className === "pyarrow.lib.py_buffer" ? value.args.items[0] : undefined;
  return held instanceof PyBytes || held instanceof PyByteArray ? held.bytes : undefined;
}
