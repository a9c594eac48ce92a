// LZ4 frames, after the LZ4 Frame Format Description 1.6.4 and the block format. Header, block and content checksums are
// verified. Several frames and skippable frames are read; the legacy frame and preset dictionaries are not.

import { BoundedOutput, compressionError, cutOff, damaged, type Decompressed, type ExpansionLimits } from "./bounded-output.ts";
import { xxHash32 } from "./checksums.ts";

const frameMagic = 0x184d2204;
const window = 65_535;

function u32(file: Uint8Array, at: number): number {
  if (at + 4 > file.length) throw cutOff("lz4", file.length);
  return (file[at]! | (file[at + 1]! << 8) | (file[at + 2]! << 16) | (file[at + 3]! << 24)) >>> 0;
}

export function decompressLz4(file: Uint8Array, limits: ExpansionLimits): Decompressed {
  const out = new BoundedOutput("lz4", file.length, limits);
  let at = 0;
  do {
    const word = u32(file, at);
    if (word === frameMagic) at = readFrame(file, at, out);
    else at += 8 + u32(file, at + 4);
    if (at > file.length) throw cutOff("lz4", file.length);
  } while (at + 4 <= file.length && (u32(file, at) === frameMagic || (u32(file, at) & 0xfffffff0) === 0x184d2a50));
  return { bytes: out.finish(), consumed: at };
}

/** One block without a frame, as Parquet keeps them; `size` is what it must expand to. */
export function decompressLz4Block(block: Uint8Array, size: number, limits: ExpansionLimits): Uint8Array {
  const out = new BoundedOutput("lz4", block.length, limits);
  readBlock(block, 0, block.length, out, 0, size);
  if (out.length !== size) throw damaged("lz4", "the content has another size than announced", block.length);
  return out.finish();
}

function readFrame(file: Uint8Array, start: number, out: BoundedOutput): number {
  const descriptor = start + 4;
  if (descriptor + 3 > file.length) throw cutOff("lz4", file.length);
  const flags = file[descriptor]!;
  if (flags >> 6 !== 1 || flags & 2) throw compressionError("compressed-unsupported", "the lz4 data use a version that is not known");
  if (flags & 1) throw compressionError("compressed-unsupported", "the lz4 data need a preset dictionary");
  const linked = (flags & 0x20) === 0;
  const blockChecksums = (flags & 0x10) !== 0;
  const hasSize = (flags & 8) !== 0;
  const contentChecksum = (flags & 4) !== 0;
  const sizeCode = (file[descriptor + 1]! >> 4) & 7;
  if (sizeCode < 4) throw damaged("lz4", "an impossible block size", descriptor + 1);
  const maxBlock = 2 ** (2 * sizeCode + 8);
  let at = descriptor + 2 + (hasSize ? 8 : 0);
  if (at >= file.length) throw cutOff("lz4", file.length);
  if (((xxHash32(file, descriptor, at) >>> 8) & 0xff) !== file[at]) throw damaged("lz4", "the header's checksum is wrong", at);
  at++;
  const before = out.length;
  for (;;) {
    const word = u32(file, at);
    at += 4;
    if (word === 0) break;
    const size = word & 0x7fffffff;
    if (size > maxBlock) throw damaged("lz4", "a block is larger than allowed", at);
    if (at + size > file.length) throw cutOff("lz4", file.length);
    if (word >>> 31) out.append(file.subarray(at, at + size), at + size);
    else readBlock(file, at, at + size, out, linked ? before : out.length, out.length + maxBlock);
    at += size;
    if (blockChecksums) {
      if (xxHash32(file, at - size, at) !== u32(file, at)) throw damaged("lz4", "a block's checksum is wrong", at);
      at += 4;
    }
  }
  if (hasSize) {
    const announced = u32(file, descriptor + 2) + u32(file, descriptor + 6) * 2 ** 32;
    if (announced !== out.length - before) throw damaged("lz4", "the content has another size than announced", at);
  }
  if (contentChecksum) {
    if (xxHash32(out.buffer, before, out.length) !== u32(file, at)) throw damaged("lz4", "the content's checksum is wrong", at);
    at += 4;
  }
  return at;
}

/** Literals and matches in turn; the last sequence has literals only. `floor` is the first byte that a match may reach. */
function readBlock(file: Uint8Array, start: number, end: number, out: BoundedOutput, floor: number, most: number): void {
  let at = start;
  const length = (nibble: number): number => {
    if (nibble < 15) return nibble;
    let total = 15;
    for (;;) {
      if (at >= end) throw damaged("lz4", "a length does not end", at);
      const byte = file[at++]!;
      total += byte;
      if (byte !== 255) return total;
    }
  };
  while (at < end) {
    const token = file[at++]!;
    const literals = length(token >> 4);
    if (literals > end - at) throw damaged("lz4", "literals reach past their block", at);
    if (out.length + literals > most) throw damaged("lz4", "a block is larger than allowed", at);
    out.append(file.subarray(at, at + literals), at);
    at += literals;
    if (at === end) return;
    if (at + 2 > end) throw damaged("lz4", "a match has no distance", at);
    const distance = file[at]! | (file[at + 1]! << 8);
    at += 2;
    const count = length(token & 15) + 4;
    if (distance === 0 || distance > window || distance > out.length - floor) throw damaged("lz4", "a distance reaches before the beginning", at);
    if (out.length + count > most) throw damaged("lz4", "a block is larger than allowed", at);
    out.repeat(distance, count, at);
  }
  throw damaged("lz4", "a block does not end with literals", at);
}
