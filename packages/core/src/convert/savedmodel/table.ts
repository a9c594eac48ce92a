// TensorFlow's table format (LevelDB's SSTable: sorted blocks of prefix-compressed keys, each with a checksum), which the
// index of a checkpoint is kept in. Blocks are never compressed there.

import { ByteReader } from "../../base/index.ts";
import { readVarint } from "../../formats/index.ts";
import { malformed, savedModelError } from "./errors.ts";

const FOOTER = 48;
const MAGIC = 0xdb4775248b80fb57n;
const MAX_ENTRIES = 1_000_000;
const MAX_KEY = 65536;
const MAX_KEY_BYTES = 2 ** 27;
const where = "variables/variables.index";

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
  return c >>> 0;
});
/** CRC-32C as TensorFlow stores it: turned and offset. */
export function maskedCrc32c(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) c = crcTable[(c ^ bytes[i]!) & 0xff]! ^ (c >>> 8);
  c = (c ^ 0xffffffff) >>> 0;
  return (((c >>> 15) | (c << 17)) + 0xa282ead8) >>> 0;
}

interface Handle {
  readonly offset: number;
  readonly size: number;
}
const readHandle = (reader: ByteReader): Handle => ({ offset: Number(readVarint(reader)), size: Number(readVarint(reader)) });

/** Every key (as Latin-1, so that it is unique) with its value. */
export function readTable(bytes: Uint8Array): Map<string, Uint8Array> {
  if (bytes.length < FOOTER) throw malformed(`${where} has ${bytes.length} bytes`, where);
  const footer = new ByteReader(bytes, bytes.length - FOOTER);
  readHandle(footer);
  const index = readHandle(footer);
  footer.offset = bytes.length - 8;
  if (footer.u64("the mark at the end") !== MAGIC) throw malformed(`${where} does not end with the mark of a checkpoint's index`, where);
  const out = new Map<string, Uint8Array>();
  const total = { entries: 0, keys: 0 };
  for (const [, handle] of readBlock(bytes, index, total)) {
    for (const [key, value] of readBlock(bytes, readHandle(new ByteReader(handle)), total)) out.set(key, value);
  }
  return out;
}

function readBlock(bytes: Uint8Array, { offset, size }: Handle, total: { entries: number; keys: number }): [string, Uint8Array][] {
  if (!(offset + size + 5 <= bytes.length - FOOTER)) throw malformed(`a block of ${size} bytes at byte ${offset} lies outside ${where}`, where);
  const crc = new ByteReader(bytes, offset + size + 1).u32("a checksum");
  if (bytes[offset + size] !== 0) throw savedModelError("savedmodel-operator", `${where} is compressed, which checkpoints of TensorFlow never are`, { where });
  if (maskedCrc32c(bytes.subarray(offset, offset + size + 1)) !== crc) throw malformed(`the block at byte ${offset} of ${where} is damaged: its checksum does not fit`, where);
  if (size < 4) throw malformed(`the block at byte ${offset} of ${where} is too short`, where);
  const restarts = new ByteReader(bytes, offset + size - 4).u32("the number of restarts");
  const end = offset + size - 4 - 4 * restarts;
  if (end < offset) throw malformed(`the block at byte ${offset} of ${where} has ${restarts} restarts`, where);
  const reader = new ByteReader(bytes, offset, end);
  const out: [string, Uint8Array][] = [];
  let key = "";
  while (reader.left > 0) {
    const [shared, own, length] = [Number(readVarint(reader)), Number(readVarint(reader)), Number(readVarint(reader))];
    if (shared > key.length || shared + own > MAX_KEY) throw malformed(`a key in ${where} takes ${shared} letters of one of ${key.length}`, where);
    total.keys += shared + own;
    if (++total.entries > MAX_ENTRIES || total.keys > MAX_KEY_BYTES) throw savedModelError("savedmodel-limit", `${where} has more than ${MAX_ENTRIES} entries, or keys of more than ${MAX_KEY_BYTES} bytes`);
    key = key.slice(0, shared) + latin1(reader.slice(own, "a key"));
    out.push([key, reader.slice(length, "a value")]);
  }
  return out;
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const b of bytes) text += String.fromCharCode(b);
  return text;
}
