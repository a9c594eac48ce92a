// The frames of an Arrow IPC stream, looked at before they are read: each is its marker, the length of its metadata,
// the metadata (a flatbuffer, padded to 8 bytes) and a body whose length the metadata tell. A length that is negative or
// reaches past the end would send a reader in circles.

/** @throws Error where a frame is not one */
export function checkFraming(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at + 4 <= bytes.length) {
    let size = view.getInt32(at, true);
    at += 4;
    if (size === -1) {
      if (at + 4 > bytes.length) throw new Error("a frame is cut off");
      size = view.getInt32(at, true);
      at += 4;
    }
    if (size === 0) return;
    if (size < 8 || size > bytes.length - at) throw new Error("a frame reaches past the end");
    const body = bodyLength(view, at, size);
    at += size;
    if (body < 0n || body > BigInt(bytes.length - at)) throw new Error("a frame's body reaches past the end");
    at += Number(body);
  }
}

/** One frame by itself, for readers that take them one by one. @throws Error where it is none */
export const messageOf: {
  /** @param head the first eight bytes of a frame */
  readonly frame: (head: Uint8Array) => { readonly metadata: number; readonly start: number };
  /** `rows`: of a record batch. @param metadata of a frame */
  readonly describe: (metadata: Uint8Array) => { readonly kind: number; readonly body: number; readonly rows: number };
} = {
  frame(head) {
    if (head.length < 8) throw new Error("a frame is cut off");
    const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
    const marked = view.getInt32(0, true) === -1;
    const metadata = view.getInt32(marked ? 4 : 0, true);
    if (metadata < 0 || metadata > 2 ** 28) throw new Error("a frame's metadata are damaged");
    return { metadata, start: marked ? 8 : 4 };
  },
  describe(metadata) {
    if (metadata.length < 8) throw new Error("a frame's metadata are damaged");
    const view = new DataView(metadata.buffer, metadata.byteOffset, metadata.byteLength);
    const body = bodyLength(view, 0, metadata.length);
    if (body < 0n || body > 2n ** 40n) throw new Error("a frame's body is damaged");
    const table = view.getUint32(0, true);
    const vtable = table - view.getInt32(table, true);
    const field = view.getUint16(vtable, true) < 8 ? 0 : view.getUint16(vtable + 6, true);
    if (field !== 0 && table + field >= metadata.length) throw new Error("a frame's metadata are damaged");
    const kind = field === 0 ? 0 : metadata[table + field]!;
    return { kind, body: Number(body), rows: kind === RECORD_BATCH ? batchRows(view, table, vtable) : 0 };
  },
};

const RECORD_BATCH = 3;

/** Field 0 of the table RecordBatch, which field 2 of the Message points to. A place outside is a RangeError. */
function batchRows(view: DataView, table: number, vtable: number): number {
  const field = view.getUint16(vtable, true) < 10 ? 0 : view.getUint16(vtable + 8, true);
  if (field === 0) throw new Error("a frame's metadata are damaged");
  const header = table + field + view.getUint32(table + field, true);
  const fields = header - view.getInt32(header, true);
  const length = view.getUint16(fields, true) < 6 ? 0 : view.getUint16(fields + 4, true);
  const rows = length === 0 ? 0n : view.getBigInt64(header + length, true);
  if (rows < 0n || rows > 2n ** 40n) throw new Error("a record batch's length is damaged");
  return Number(rows);
}

/** Field 3 of the table Message. */
function bodyLength(view: DataView, start: number, size: number): bigint {
  const table = view.getUint32(start, true);
  if (table + 4 > size) throw new Error("a frame's metadata are damaged");
  const vtable = table - view.getInt32(start + table, true);
  if (vtable < 0 || vtable + 4 > size) throw new Error("a frame's metadata are damaged");
  const vtableSize = view.getUint16(start + vtable, true);
  if (vtableSize < 12) return 0n;
  if (vtable + 12 > size) throw new Error("a frame's metadata are damaged");
  const field = view.getUint16(start + vtable + 10, true);
  if (field === 0) return 0n;
  if (table + field + 8 > size) throw new Error("a frame's metadata are damaged");
  return view.getBigInt64(start + table + field, true);
}
