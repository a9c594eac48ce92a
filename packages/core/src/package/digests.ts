// MD5 (RFC 1321), SHA-1 and SHA-2 (FIPS 180-4) of short texts, at once: Web Crypto has no MD5 and answers later only.
// For hash_method of category_encoders' HashingEncoder, never for anything that has to be safe.

export const DIGESTS = ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"] as const;
export type Digest = (typeof DIGESTS)[number];

const MASK = 0xffffffffffffffffn;

/** The first `count` primes. */
function primes(count: number): bigint[] {
  const found: bigint[] = [];
  for (let n = 2n; found.length < count; n++) if (found.every((p) => n % p !== 0n)) found.push(n);
  return found;
}
/** The first 64 bits of the fraction of a number's square or cube root. */
function rootFraction(n: bigint, degree: 2n | 3n): bigint {
  const target = n << (64n * degree);
  let low = 0n;
  let high = 1n << 72n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** degree <= target) low = middle;
    else high = middle;
  }
  return low & MASK;
}
const upper = (x: bigint): number => Number(x >> 32n);
const PRIMES = primes(80);
const CUBES = PRIMES.map((p) => rootFraction(p, 3n));
const SQUARES = PRIMES.slice(0, 16).map((p) => rootFraction(p, 2n));
const K256 = CUBES.slice(0, 64).map(upper);
const K_MD5 = Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32));
const SHIFTS = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]] as const;
const START = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];

/** The message, 0x80, zeros, and its length in bits at the end of the last block. */
function padded(bytes: Uint8Array, block: number, littleEndian: boolean): DataView {
  const tail = block === 128 ? 16 : 8;
  const size = Math.ceil((bytes.length + 1 + tail) / block) * block;
  const all = new Uint8Array(size);
  all.set(bytes);
  all[bytes.length] = 0x80;
  const view = new DataView(all.buffer);
  view.setBigUint64(size - 8, BigInt(bytes.length) * 8n, littleEndian);
  return view;
}
const left = (x: number, by: number): number => (x << by) | (x >>> (32 - by));
const right = (x: number, by: number): number => left(x, 32 - by);
function join(words: ArrayLike<number>, littleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(words.length * 4));
  for (let i = 0; i < words.length; i++) view.setUint32(i * 4, words[i]!, littleEndian);
  return new Uint8Array(view.buffer);
}

function md5(bytes: Uint8Array): Uint8Array {
  const view = padded(bytes, 64, true);
  const h = Int32Array.from(START.slice(0, 4));
  for (let at = 0; at < view.byteLength; at += 64) {
    let [a, b, c, d] = h as unknown as [number, number, number, number];
    for (let i = 0; i < 64; i++) {
      const round = i >> 4;
      const f = round === 0 ? (b & c) | (~b & d) : round === 1 ? (d & b) | (~d & c) : round === 2 ? b ^ c ^ d : c ^ (b | ~d);
      const word = [i, 5 * i + 1, 3 * i + 5, 7 * i][round]! % 16;
      const sum = (a + f + K_MD5[i]! + view.getUint32(at + word * 4, true)) | 0;
      [a, d, c, b] = [d, c, b, (b + left(sum, SHIFTS[round]![i % 4]!)) | 0];
    }
    [a, b, c, d].forEach((x, i) => (h[i]! += x));
  }
  return join(h, true);
}

function sha1(bytes: Uint8Array): Uint8Array {
  const view = padded(bytes, 64, false);
  const h = Int32Array.from(START);
  const w = new Int32Array(80);
  for (let at = 0; at < view.byteLength; at += 64) {
    for (let i = 0; i < 80; i++) w[i] = i < 16 ? view.getInt32(at + i * 4) : left(w[i - 3]! ^ w[i - 8]! ^ w[i - 14]! ^ w[i - 16]!, 1);
    let [a, b, c, d, e] = h as unknown as [number, number, number, number, number];
    for (let i = 0; i < 80; i++) {
      const f = i < 20 ? (b & c) | (~b & d) : i >= 40 && i < 60 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
      const k = [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6][Math.floor(i / 20)]!;
      [a, b, c, d, e] = [(left(a, 5) + f + e + k + w[i]!) | 0, a, left(b, 30), c, d];
    }
    [a, b, c, d, e].forEach((x, i) => (h[i]! += x));
  }
  return join(h, false);
}

function sha2of32(bytes: Uint8Array, start: readonly number[]): Uint8Array {
  const view = padded(bytes, 64, false);
  const h = Int32Array.from(start);
  const w = new Int32Array(64);
  for (let at = 0; at < view.byteLength; at += 64) {
    for (let i = 0; i < 64; i++) {
      const [x, y] = [w[i - 15] ?? 0, w[i - 2] ?? 0];
      w[i] = i < 16 ? view.getInt32(at + i * 4) : (right(y, 17) ^ right(y, 19) ^ (y >>> 10)) + w[i - 7]! + (right(x, 7) ^ right(x, 18) ^ (x >>> 3)) + w[i - 16]!;
    }
    const s = Array.from(h);
    for (let i = 0; i < 64; i++) {
      const [a, b, c, , e, f, g] = s as [number, number, number, number, number, number, number];
      const one = (s[7]! + (right(e, 6) ^ right(e, 11) ^ right(e, 25)) + ((e & f) ^ (~e & g)) + K256[i]! + w[i]!) | 0;
      const two = (right(a, 2) ^ right(a, 13) ^ right(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      s.pop();
      s.unshift((one + two) | 0);
      s[4] = (s[4]! + one) | 0;
    }
    s.forEach((x, i) => (h[i]! += x));
  }
  return join(h, false);
}

function sha2of64(bytes: Uint8Array, start: readonly bigint[]): Uint8Array {
  const view = padded(bytes, 128, false);
  const turn = (x: bigint, by: bigint): bigint => ((x >> by) | (x << (64n - by))) & MASK;
  let h = [...start];
  for (let at = 0; at < view.byteLength; at += 128) {
    const w: bigint[] = [];
    for (let i = 0; i < 80; i++) {
      const [x, y] = [w[i - 15] ?? 0n, w[i - 2] ?? 0n];
      w.push(i < 16 ? view.getBigUint64(at + i * 8) : ((turn(y, 19n) ^ turn(y, 61n) ^ (y >> 6n)) + w[i - 7]! + (turn(x, 1n) ^ turn(x, 8n) ^ (x >> 7n)) + w[i - 16]!) & MASK);
    }
    const s = [...h];
    for (let i = 0; i < 80; i++) {
      const [a, b, c, , e, f, g] = s as [bigint, bigint, bigint, bigint, bigint, bigint, bigint];
      const one = s[7]! + (turn(e, 14n) ^ turn(e, 18n) ^ turn(e, 41n)) + ((e & f) ^ (~e & MASK & g)) + CUBES[i]! + w[i]!;
      const two = (turn(a, 28n) ^ turn(a, 34n) ^ turn(a, 39n)) + ((a & b) ^ (a & c) ^ (b & c));
      s.pop();
      s.unshift((one + two) & MASK);
      s[4] = (s[4]! + one) & MASK;
    }
    h = h.map((x, i) => (x + s[i]!) & MASK);
  }
  const out = new DataView(new ArrayBuffer(64));
  h.forEach((x, i) => out.setBigUint64(i * 8, x));
  return new Uint8Array(out.buffer);
}

export function digest(method: Digest, bytes: Uint8Array): Uint8Array {
  switch (method) {
    case "md5": return md5(bytes);
    case "sha1": return sha1(bytes);
    case "sha256": return sha2of32(bytes, SQUARES.slice(0, 8).map(upper));
    case "sha224": return sha2of32(bytes, SQUARES.slice(8).map((x) => Number(x & 0xffffffffn))).subarray(0, 28);
    case "sha512": return sha2of64(bytes, SQUARES.slice(0, 8));
    case "sha384": return sha2of64(bytes, SQUARES.slice(8)).subarray(0, 48);
  }
}
