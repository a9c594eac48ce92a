// Zip archives with stored entries, for tests.

import { crc32 } from "../formats/index.ts";

export function storedZip(files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const [name, bytes] of Object.entries(files)) {
    const path = new TextEncoder().encode(name);
    const fields = (signature: number, before: number[], after: number[]): Uint8Array => {
      const out = new Uint8Array(before.length * 2 + 16 + after.length + 4 + path.length);
      const view = new DataView(out.buffer);
      view.setUint32(0, signature, true);
      before.forEach((v, i) => view.setUint16(4 + i * 2, v, true));
      const middle = 4 + before.length * 2;
      view.setUint32(middle, crc32(bytes, 0, bytes.length), true);
      view.setUint32(middle + 4, bytes.length, true);
      view.setUint32(middle + 8, bytes.length, true);
      view.setUint16(middle + 12, path.length, true);
      out.set(after, middle + 14);
      out.set(path, middle + 14 + after.length);
      return out.subarray(0, middle + 14 + after.length + path.length);
    };
    const offset = new Uint8Array(4);
    new DataView(offset.buffer).setUint32(0, at, true);
    const local = fields(0x04034b50, [20, 0, 0, 0, 0], [0, 0]);
    directory.push(fields(0x02014b50, [20, 20, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ...offset]));
    parts.push(local, bytes);
    at += local.length + bytes.length;
  }
  const end = new Uint8Array(22);
  const view = new DataView(end.buffer);
  view.setUint32(0, 0x06054b50, true);
  view.setUint16(8, directory.length, true);
  view.setUint16(10, directory.length, true);
  view.setUint32(12, directory.reduce((n, d) => n + d.length, 0), true);
  view.setUint32(16, at, true);
  return new Uint8Array(Buffer.concat([...parts, ...directory, end]));
}
