// How CatBoost numbers categories: the lower half of CityHash64 (version 1.0, by Geoff Pike and Jyrki Alakuijala) of the
// text's UTF-8 bytes, as a signed integer. ONNX has no such operator, so the runtime does it before the graph.

const MASK = 0xffffffffffffffffn;
const K0 = 0xc3a5c85c97cb3127n;
const K1 = 0xb492b66fbe98f273n;
const K2 = 0x9ae16a3b2f90404fn;
const K3 = 0xc949d7c7509e6557n;
const MUL = 0x9ddfea08eb382d69n;

type Pair = readonly [bigint, bigint];
const u64 = (x: bigint): bigint => x & MASK;
const rotate = (x: bigint, by: number): bigint => (by === 0 ? x : ((x >> BigInt(by)) | (x << BigInt(64 - by))) & MASK);
const mix = (x: bigint): bigint => x ^ (x >> 47n);

function hash16(u: bigint, v: bigint): bigint {
  const a = mix(u64((u ^ v) * MUL));
  return u64(mix(u64((v ^ a) * MUL)) * MUL);
}

class Text {
  readonly length: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.length = bytes.length;
  }
  u8(at: number): bigint {
    return BigInt(this.#bytes[at]!);
  }
  u32(at: number): bigint {
    return BigInt(this.#view.getUint32(at, true));
  }
  u64(at: number): bigint {
    return this.#view.getBigUint64(at, true);
  }
}

function upTo16(s: Text): bigint {
  const n = s.length;
  const length = BigInt(n);
  if (n > 8) {
    const a = s.u64(0);
    const b = s.u64(n - 8);
    return hash16(a, rotate(u64(b + length), n)) ^ b;
  }
  if (n >= 4) return hash16(u64(length + (s.u32(0) << 3n)), s.u32(n - 4));
  if (n === 0) return K2;
  const y = s.u8(0) + (s.u8(n >> 1) << 8n);
  const z = length + (s.u8(n - 1) << 2n);
  return u64(mix(u64(u64(y * K2) ^ u64(z * K3))) * K2);
}

function upTo32(s: Text): bigint {
  const n = s.length;
  const a = u64(s.u64(0) * K1);
  const b = s.u64(8);
  const c = u64(s.u64(n - 8) * K2);
  const d = u64(s.u64(n - 16) * K0);
  return hash16(u64(rotate(u64(a - b), 43) + rotate(c, 30) + d), u64(a + rotate(b ^ K3, 20) - c + BigInt(n)));
}

function upTo64(s: Text): bigint {
  const n = s.length;
  const half = (from: number, a: bigint): Pair => {
    const z = s.u64(from + 24);
    const b = rotate(u64(a + z), 52);
    let c = rotate(a, 37);
    a = u64(a + s.u64(from + 8));
    c = u64(c + rotate(a, 7));
    a = u64(a + s.u64(from + 16));
    return [u64(a + z), u64(b + rotate(a, 31) + c)];
  };
  const [vf, vs] = half(0, u64(s.u64(0) + (BigInt(n) + s.u64(n - 16)) * K0));
  const [wf, ws] = half(n - 32, u64(s.u64(16) + s.u64(n - 32)));
  const r = mix(u64((vf + ws) * K2 + (wf + vs) * K0));
  return u64(mix(u64(r * K0 + vs)) * K2);
}

function weak32(s: Text, at: number, a: bigint, b: bigint): Pair {
  const [w, x, y, z] = [s.u64(at), s.u64(at + 8), s.u64(at + 16), s.u64(at + 24)];
  a = u64(a + w);
  b = rotate(u64(b + a + z), 21);
  const c = a;
  a = u64(a + x + y);
  b = u64(b + rotate(a, 44));
  return [u64(a + z), u64(b + c)];
}

function longer(s: Text): bigint {
  const n = s.length;
  let x = s.u64(0);
  let y = s.u64(n - 16) ^ K1;
  let z = s.u64(n - 56) ^ K0;
  let v = weak32(s, n - 64, BigInt(n), y);
  let w = weak32(s, n - 32, u64(BigInt(n) * K1), K0);
  z = u64(z + mix(v[1]) * K1);
  x = u64(rotate(u64(z + x), 39) * K1);
  y = u64(rotate(y, 33) * K1);
  for (let at = 0, left = Math.floor((n - 1) / 64) * 64; left > 0; at += 64, left -= 64) {
    x = u64(rotate(u64(x + y + v[0] + s.u64(at + 16)), 37) * K1);
    y = u64(rotate(u64(y + v[1] + s.u64(at + 48)), 42) * K1);
    x ^= w[1];
    y ^= v[0];
    z = rotate(z ^ w[0], 33);
    v = weak32(s, at, u64(v[1] * K1), u64(x + w[0]));
    w = weak32(s, at + 32, u64(z + w[1]), y);
    [z, x] = [x, z];
  }
  return hash16(u64(hash16(v[0], w[0]) + mix(y) * K1 + z), u64(hash16(v[1], w[1]) + x));
}

export function cityHash64(bytes: Uint8Array): bigint {
  const s = new Text(bytes);
  return s.length <= 16 ? upTo16(s) : s.length <= 32 ? upTo32(s) : s.length <= 64 ? upTo64(s) : longer(s);
}

const MOST_KNOWN = 65536;
const LONGEST_KNOWN = 200;
const known = new Map<string, string>();
const utf8 = new TextEncoder();

/** The number that CatBoost gives to a category, written out: "-1033827352". */
export function catboostHash(text: string): string {
  let hash = known.get(text);
  if (hash === undefined) {
    hash = BigInt.asIntN(32, cityHash64(utf8.encode(text))).toString();
    if (text.length <= LONGEST_KNOWN) {
      if (known.size >= MOST_KNOWN) known.clear();
      known.set(text, hash);
    }
  }
  return hash;
}
