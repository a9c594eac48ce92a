// The .xz file format 1.2.0 with its LZMA2 filter. Headers, index and CRC checks are verified; SHA-256 checks are passed over.
// Several streams and stream padding are read; BCJ and delta filters are not.

import { BoundedOutput, compressionError, cutOff, damaged, type Decompressed, type ExpansionLimits } from "./bounded-output.ts";
import { crc32, crc64 } from "./checksums.ts";
import { LzmaDecoder, lzmaProperties } from "./lzma.ts";

const magic = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00];
const checkSizes = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];
const lzma2Filter = 0x21;

export function decompressXz(file: Uint8Array, limits: ExpansionLimits): Decompressed {
  const out = new BoundedOutput("xz", file.length, limits);
  let at = new XzStream(file, 0, out).run();
  for (;;) {
    let next = at;
    while (next + 4 <= file.length && file[next] === 0 && file[next + 1] === 0 && file[next + 2] === 0 && file[next + 3] === 0) next += 4;
    if (!magic.every((b, i) => file[next + i] === b)) return { bytes: out.finish(), consumed: at };
    at = new XzStream(file, next, out).run();
  }
}

class XzStream {
  readonly file: Uint8Array;
  readonly out: BoundedOutput;
  at: number;
  check = 0;
  /** CRC-32 over every block's sizes would be enough; the sizes themselves are few. */
  readonly records: { readonly unpadded: number; readonly size: number }[] = [];

  constructor(file: Uint8Array, at: number, out: BoundedOutput) {
    this.file = file;
    this.at = at;
    this.out = out;
  }

  need(count: number): void {
    if (this.at + count > this.file.length) throw cutOff("xz", this.file.length);
  }

  u32(at: number): number {
    const b = this.file;
    return (b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24)) >>> 0;
  }

  /** Seven bits a byte; at most 2^53 here. */
  varint(): number {
    let value = 0;
    for (let i = 0, factor = 1; i < 8; i++, factor *= 128) {
      this.need(1);
      const byte = this.file[this.at++]!;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        if (byte === 0 && i > 0) break;
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
    }
    throw damaged("xz", "an impossible number", this.at);
  }

  run(): number {
    const { file } = this;
    const start = this.at;
    this.need(12);
    if (!magic.every((b, i) => file[start + i] === b)) throw damaged("xz", "no header", start);
    if (crc32(file, start + 6, start + 8) !== this.u32(start + 8)) throw damaged("xz", "the header's checksum is wrong", start);
    if (file[start + 6] !== 0 || file[start + 7]! > 15) throw compressionError("compressed-unsupported", "the xz data use flags that are not known");
    this.check = file[start + 7]!;
    this.at = start + 12;
    for (;;) {
      this.need(1);
      if (file[this.at] === 0) break;
      this.block();
    }
    return this.index(start);
  }

  block(): void {
    const { file, out } = this;
    const start = this.at;
    const headerSize = (file[start]! + 1) * 4;
    this.need(headerSize);
    const dataStart = start + headerSize;
    if (crc32(file, start, dataStart - 4) !== this.u32(dataStart - 4)) throw damaged("xz", "a block header's checksum is wrong", start);
    const flags = file[start + 1]!;
    if (flags & 0x3c) throw compressionError("compressed-unsupported", "the xz data use block flags that are not known");
    this.at = start + 2;
    const packed = flags & 0x40 ? this.varint() : undefined;
    const size = flags & 0x80 ? this.varint() : undefined;
    const filter = this.varint();
    if ((flags & 3) !== 0 || filter !== lzma2Filter) {
      throw compressionError("compressed-unsupported", "the xz data use a filter other than LZMA2", { hint: "Compress again with plain `xz`, or joblib's compress=(\"xz\", 3)." });
    }
    if (this.varint() !== 1) throw damaged("xz", "LZMA2 has the wrong number of properties", this.at);
    const bits = file[this.at]!;
    if (bits > 40) throw damaged("xz", "an impossible dictionary size", this.at);
    const dictionary = bits === 40 ? 0xffffffff : (2 | (bits & 1)) * 2 ** (Math.trunc(bits / 2) + 11);
    const before = out.length;
    const end = readLzma2(file, dataStart, dictionary, out);
    if ((packed !== undefined && packed !== end - dataStart) || (size !== undefined && size !== out.length - before)) throw damaged("xz", "a block has another size than announced", end);
    this.at = end;
    while ((this.at - start) % 4 !== 0) {
      this.need(1);
      if (file[this.at++] !== 0) throw damaged("xz", "padding that is not zero", this.at);
    }
    const checkSize = checkSizes[this.check]!;
    this.need(checkSize);
    this.verify(before);
    this.at += checkSize;
    this.records.push({ unpadded: end - start + checkSize, size: out.length - before });
  }

  verify(before: number): void {
    const { out } = this;
    let right = true;
    if (this.check === 1) right = crc32(out.buffer, before, out.length) === this.u32(this.at);
    else if (this.check === 4) {
      const [low, high] = crc64(out.buffer, before, out.length);
      right = low === this.u32(this.at) && high === this.u32(this.at + 4);
    }
    if (!right) throw damaged("xz", "a block's checksum is wrong", this.at);
  }

  index(streamStart: number): number {
    const { file } = this;
    const start = this.at++;
    if (this.varint() !== this.records.length) throw damaged("xz", "the index lists another number of blocks", start);
    for (const record of this.records) {
      if (this.varint() !== record.unpadded || this.varint() !== record.size) throw damaged("xz", "the index contradicts the blocks", this.at);
    }
    while ((this.at - start) % 4 !== 0) if (file[this.at++] !== 0) throw damaged("xz", "padding that is not zero", this.at);
    this.need(16);
    if (crc32(file, start, this.at) !== this.u32(this.at)) throw damaged("xz", "the index's checksum is wrong", this.at);
    this.at += 4;
    const footer = this.at;
    if (crc32(file, footer + 4, footer + 10) !== this.u32(footer) || file[footer + 10] !== 0x59 || file[footer + 11] !== 0x5a) throw damaged("xz", "the footer is wrong", footer);
    if ((this.u32(footer + 4) + 1) * 4 !== footer - start || file[footer + 9] !== file[streamStart + 7]) throw damaged("xz", "the footer contradicts the rest", footer);
    return footer + 12;
  }
}

/** LZMA2: chunks of LZMA or of plain bytes, each with its sizes. Returns where the input continues. */
function readLzma2(file: Uint8Array, start: number, dictionary: number, out: BoundedOutput): number {
  const decoder = new LzmaDecoder(file, out, "xz");
  decoder.dictionarySize = dictionary;
  let at = start;
  let needsDictionary = true;
  let needsProperties = true;
  let needsState = true;
  for (;;) {
    if (at >= file.length) throw cutOff("xz", at);
    const control = file[at]!;
    if (control === 0) return at + 1;
    if (control >= 0xe0 || control === 1) {
      decoder.dictionaryStart = out.length;
      needsDictionary = false;
    } else if (needsDictionary) throw damaged("xz", "the first chunk keeps a dictionary", at);
    if (control < 0x80) {
      if (control > 2) throw damaged("xz", "an unknown chunk", at);
      if (at + 3 > file.length) throw cutOff("xz", at);
      const size = ((file[at + 1]! << 8) | file[at + 2]!) + 1;
      at += 3;
      if (at + size > file.length) throw cutOff("xz", at);
      out.append(file.subarray(at, at + size), at + size);
      at += size;
      continue;
    }
    if (at + 6 > file.length) throw cutOff("xz", at);
    const size = (((control & 0x1f) << 16) | (file[at + 1]! << 8) | file[at + 2]!) + 1;
    const packed = ((file[at + 3]! << 8) | file[at + 4]!) + 1;
    at += 5;
    if (control >= 0xc0) {
      const properties = lzmaProperties(file[at]!);
      if (!properties || properties.lc + properties.lp > 4) throw damaged("xz", "impossible properties", at);
      decoder.setProperties(properties);
      at++;
      needsProperties = false;
    } else if (needsProperties) throw damaged("xz", "the first chunk has no properties", at);
    if (control >= 0xa0) {
      decoder.resetState();
      needsState = false;
    } else if (needsState) throw damaged("xz", "the first chunk keeps a state", at);
    const end = at + packed;
    if (end > file.length) throw cutOff("xz", at);
    decoder.startRange(at, end);
    const target = out.length + size;
    decoder.decode(target);
    if (decoder.ended || out.length !== target || decoder.at !== end || !decoder.isRangeFinished) throw damaged("xz", "a chunk has another size than announced", decoder.at);
    at = end;
  }
}
