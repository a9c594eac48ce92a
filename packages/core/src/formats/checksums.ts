// The checksums of the compression formats: CRC-32 (gzip, xz), CRC-64/XZ, Adler-32 (zlib), bzip2's CRC, xxHash-32 (lz4).

const crc32Table = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  return c >>> 0;
});

export function crc32(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
  let c = 0xffffffff;
  for (let i = start; i < end; i++) c = crc32Table[(c ^ bytes[i]!) & 0xff]! ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

const crc64Low = new Uint32Array(256);
const crc64High = new Uint32Array(256);
for (let n = 0; n < 256; n++) {
  let low = n;
  let high = 0;
  for (let k = 0; k < 8; k++) {
    const carry = low & 1;
    low = ((low >>> 1) | (high << 31)) >>> 0;
    high >>>= 1;
    if (carry) {
      low = (low ^ 0xd7870f42) >>> 0;
      high = (high ^ 0xc96c5795) >>> 0;
    }
  }
  crc64Low[n] = low;
  crc64High[n] = high;
}

/** As [low, high] 32-bit halves. */
export function crc64(bytes: Uint8Array, start: number, end: number): readonly [low: number, high: number] {
  let low = 0xffffffff;
  let high = 0xffffffff;
  for (let i = start; i < end; i++) {
    const n = (low ^ bytes[i]!) & 0xff;
    low = ((low >>> 8) | (high << 24)) ^ crc64Low[n]!;
    high = (high >>> 8) ^ crc64High[n]!;
  }
  return [~low >>> 0, ~high >>> 0];
}

export function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (let i = 0; i < bytes.length; ) {
    // 5552 is the most steps before the sums need reducing to stay exact.
    const end = Math.min(bytes.length, i + 5552);
    for (; i < end; i++) b += a += bytes[i]!;
    a %= 65521;
    b %= 65521;
  }
  return ((b << 16) | a) >>> 0;
}

const bzipTable = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n << 24;
  for (let k = 0; k < 8; k++) c = c & 0x80000000 ? (c << 1) ^ 0x04c11db7 : c << 1;
  return c >>> 0;
});

/** Most significant bit first. */
export function bzipCrc(bytes: Uint8Array, start: number, end: number): number {
  let c = 0xffffffff;
  for (let i = start; i < end; i++) c = (c << 8) ^ bzipTable[(c >>> 24) ^ bytes[i]!]!;
  return ~c >>> 0;
}

const prime1 = 0x9e3779b1;
const prime2 = 0x85ebca77;
const prime3 = 0xc2b2ae3d;
const prime4 = 0x27d4eb2f;
const prime5 = 0x165667b1;

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/** xxHash-32 with seed 0. */
export function xxHash32(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
  let at = start;
  let hash: number;
  if (end - start >= 16) {
    const lanes = [prime1 + prime2, prime2, 0, -prime1];
    for (; at + 16 <= end; at += 16) {
      for (let i = 0; i < 4; i++) lanes[i] = Math.imul(rotate((lanes[i]! + Math.imul(word(bytes, at + 4 * i), prime2)) | 0, 13), prime1);
    }
    hash = rotate(lanes[0]! | 0, 1) + rotate(lanes[1]! | 0, 7) + rotate(lanes[2]! | 0, 12) + rotate(lanes[3]! | 0, 18);
  } else hash = prime5;
  hash = (hash + (end - start)) | 0;
  for (; at + 4 <= end; at += 4) hash = Math.imul(rotate((hash + Math.imul(word(bytes, at), prime3)) | 0, 17), prime4);
  for (; at < end; at++) hash = Math.imul(rotate((hash + Math.imul(bytes[at]!, prime5)) | 0, 11), prime1);
  hash = Math.imul(hash ^ (hash >>> 15), prime2);
  hash = Math.imul(hash ^ (hash >>> 13), prime3);
  return (hash ^ (hash >>> 16)) >>> 0;
}
