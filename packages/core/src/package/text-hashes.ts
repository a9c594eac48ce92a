// The hashes that TensorFlow spreads texts over buckets with: Fingerprint64, which is FarmHash's farmhashna::Hash64 (Geoff
// Pike, version 1.1), SipHash-2-4 (Aumasson and Bernstein) as core/lib/strong_hash has it, and FingerprintCat64, which joins two.

const MASK = 0xffffffffffffffffn;
const K0 = 0xc3a5c85c97cb3127n;
const K1 = 0xb492b66fbe98f273n;
const K2 = 0x9ae16a3b2f90404fn;
const CAT = 0xc6a4a7935bd1e995n;

type Pair = readonly [bigint, bigint];
const u64 = (x: bigint): bigint => x & MASK;
const right = (x: bigint, by: number): bigint => ((x >> BigInt(by)) | (x << BigInt(64 - by))) & MASK;
const left = (x: bigint, by: number): bigint => right(x, 64 - by);
const mix = (x: bigint): bigint => x ^ (x >> 47n);
const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function hash16(u: bigint, v: bigint, mul: bigint): bigint {
  const a = mix(u64((u ^ v) * mul));
  return u64(mix(u64((v ^ a) * mul)) * mul);
}

function upTo16(s: DataView): bigint {
  const n = s.byteLength;
  const mul = K2 + BigInt(n) * 2n;
  if (n >= 8) {
    const a = u64(s.getBigUint64(0, true) + K2);
    const b = s.getBigUint64(n - 8, true);
    return hash16(u64(right(b, 37) * mul + a), u64((right(a, 25) + b) * mul), mul);
  }
  if (n >= 4) return hash16(BigInt(n) + (BigInt(s.getUint32(0, true)) << 3n), BigInt(s.getUint32(n - 4, true)), mul);
  if (n === 0) return K2;
  const y = BigInt(s.getUint8(0) + (s.getUint8(n >> 1) << 8));
  const z = BigInt(n + (s.getUint8(n - 1) << 2));
  return u64(mix(u64(y * K2) ^ u64(z * K0)) * K2);
}

function upTo32(s: DataView): bigint {
  const n = s.byteLength;
  const mul = K2 + BigInt(n) * 2n;
  const a = u64(s.getBigUint64(0, true) * K1);
  const b = s.getBigUint64(8, true);
  const c = u64(s.getBigUint64(n - 8, true) * mul);
  const d = u64(s.getBigUint64(n - 16, true) * K2);
  return hash16(u64(right(u64(a + b), 43) + right(c, 30) + d), u64(a + right(u64(b + K2), 18) + c), mul);
}

function upTo64(s: DataView): bigint {
  const n = s.byteLength;
  const mul = K2 + BigInt(n) * 2n;
  const a = u64(s.getBigUint64(0, true) * K2);
  const b = s.getBigUint64(8, true);
  const c = u64(s.getBigUint64(n - 8, true) * mul);
  const d = u64(s.getBigUint64(n - 16, true) * K2);
  const y = u64(right(u64(a + b), 43) + right(c, 30) + d);
  const z = hash16(y, u64(a + right(u64(b + K2), 18) + c), mul);
  const e = u64(s.getBigUint64(16, true) * mul);
  const f = s.getBigUint64(24, true);
  const g = u64((y + s.getBigUint64(n - 32, true)) * mul);
  const h = u64((z + s.getBigUint64(n - 24, true)) * mul);
  return hash16(u64(right(u64(e + f), 43) + right(g, 30) + h), u64(e + right(u64(f + a), 18) + g), mul);
}

function weak32(s: DataView, at: number, a: bigint, b: bigint): Pair {
  const [w, x, y, z] = [0, 8, 16, 24].map((k) => s.getBigUint64(at + k, true)) as [bigint, bigint, bigint, bigint];
  const first = u64(a + w);
  const second = right(u64(b + first + z), 21);
  const sum = u64(first + x + y);
  return [u64(sum + z), u64(second + right(sum, 44) + first)];
}

function longer(s: DataView): bigint {
  const n = s.byteLength;
  const seed = 81n;
  let x = u64(seed * K2 + s.getBigUint64(0, true));
  let y = u64(seed * K1 + 113n);
  let z = u64(mix(u64(y * K2 + 113n)) * K2);
  let v: Pair = [0n, 0n];
  let w: Pair = [0n, 0n];
  const end = Math.floor((n - 1) / 64) * 64;
  const rounds = (at: number, mul: bigint, nine: bigint): void => {
    x = u64(right(u64(x + y + v[0] + s.getBigUint64(at + 8, true)), 37) * mul);
    y = u64(right(u64(y + v[1] + s.getBigUint64(at + 48, true)), 42) * mul);
    x ^= u64(w[1] * nine);
    y = u64(y + v[0] * nine + s.getBigUint64(at + 40, true));
    z = u64(right(u64(z + w[0]), 33) * mul);
    v = weak32(s, at, u64(v[1] * mul), u64(x + w[0]));
    w = weak32(s, at + 32, u64(z + w[1]), u64(y + s.getBigUint64(at + 16, true)));
    [z, x] = [x, z];
  };
  for (let at = 0; at < end; at += 64) rounds(at, K1, 1n);
  const mul = u64(K1 + ((z & 0xffn) << 1n));
  w = [u64(w[0] + BigInt((n - 1) & 63)), w[1]];
  v = [u64(v[0] + w[0]), v[1]];
  w = [u64(w[0] + v[0]), w[1]];
  rounds(n - 64, mul, 9n);
  return hash16(u64(hash16(v[0], w[0], mul) + mix(y) * K0 + z), u64(hash16(v[1], w[1], mul) + x), mul);
}

/** Fingerprint64 of a text's bytes, without a sign. */
export function farmHash64(bytes: Uint8Array): bigint {
  const s = viewOf(bytes);
  return bytes.length <= 16 ? upTo16(s) : bytes.length <= 32 ? upTo32(s) : bytes.length <= 64 ? upTo64(s) : longer(s);
}

/** FingerprintCat64. */
export function joinFingerprints(a: bigint, b: bigint): bigint {
  const joined = u64((a ^ CAT ^ u64(mix(u64(b * CAT)) * CAT)) * CAT);
  return mix(u64(mix(joined) * CAT));
}

/** SipHash-2-4 with a key of two numbers of 64 bits, without a sign. */
export function sipHash24(bytes: Uint8Array, [k0, k1]: Pair): bigint {
  let [v0, v1, v2, v3] = [k0 ^ 0x736f6d6570736575n, k1 ^ 0x646f72616e646f6dn, k0 ^ 0x6c7967656e657261n, k1 ^ 0x7465646279746573n];
  const round = (): void => {
    v0 = u64(v0 + v1);
    v1 = left(v1, 13) ^ v0;
    v0 = left(v0, 32);
    v2 = u64(v2 + v3);
    v3 = left(v3, 16) ^ v2;
    v0 = u64(v0 + v3);
    v3 = left(v3, 21) ^ v0;
    v2 = u64(v2 + v1);
    v1 = left(v1, 17) ^ v2;
    v2 = left(v2, 32);
  };
  const take = (m: bigint): void => {
    v3 ^= m;
    round();
    round();
    v0 ^= m;
  };
  const s = viewOf(bytes);
  const whole = bytes.length - (bytes.length % 8);
  for (let at = 0; at < whole; at += 8) take(s.getBigUint64(at, true));
  let last = BigInt(bytes.length & 255) << 56n;
  for (let i = whole; i < bytes.length; i++) last |= BigInt(bytes[i]!) << BigInt(8 * (i - whole));
  take(last);
  v2 ^= 0xffn;
  for (let i = 0; i < 4; i++) round();
  return v0 ^ v1 ^ v2 ^ v3;
}
