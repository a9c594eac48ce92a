// Which of many texts there are, in little room: the k smallest of their hashes (bottom-k sketch; Beyer et al., "On Synopses
// for Distinct-Value Estimation Under Multiset Operations", 2007). Sketches of parts merge exactly into that of the whole.

const SIZE = 1024;

export interface DistinctSketch {
  readonly size: number;
  /** Ascending, at most `size`; whole numbers below 2^53. */
  readonly hashes: readonly number[];
}

/** 53 bits of two multiplicative hashes of the UTF-16 units, mixed as MurmurHash3 mixes its ends. Not for secrets. */
export function hashText(text: string): number {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x9e3779b1);
    b = Math.imul(b ^ unit, 0x5f356495);
  }
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35);
  b = Math.imul(b ^ (b >>> 16), 0x85ebca6b) ^ Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
  return (b & 0x1fffff) * 2 ** 32 + (a >>> 0);
}

export function sketchOf(texts: Iterable<string>, size: number = SIZE): DistinctSketch {
  let held = new Set<number>();
  let most = Infinity;
  for (const text of texts) {
    const hash = hashText(text);
    if (hash >= most) continue;
    held.add(hash);
    if (held.size < 4 * size) continue;
    held = new Set([...held].sort((a, b) => a - b).slice(0, size));
    most = [...held].at(-1)!;
  }
  return { size, hashes: [...held].sort((a, b) => a - b).slice(0, size) };
}

export function mergeSketches(a: DistinctSketch, b: DistinctSketch): DistinctSketch {
  const size = Math.min(a.size, b.size);
  return { size, hashes: [...new Set([...a.hashes, ...b.hashes])].sort((x, y) => x - y).slice(0, size) };
}

/** About how many different texts: exact up to `size`, beyond it with a standard error of 1 / sqrt(size - 2). */
export function distinctCount({ size, hashes }: DistinctSketch): number {
  return hashes.length < size ? hashes.length : Math.round(((size - 1) * 2 ** 53) / hashes[size - 1]!);
}

/** The part of `texts` that the sketched ones hold, judged by the texts whose hashes the sketch would have kept. */
export function shareWithin(texts: Iterable<string>, { size, hashes }: DistinctSketch): { readonly share: number; readonly judged: number; readonly found: number } {
  const known = new Set(hashes);
  const most = hashes.length < size ? Infinity : hashes[size - 1]!;
  let judged = 0;
  let found = 0;
  for (const text of texts) {
    const hash = hashText(text);
    if (hash > most) continue;
    judged++;
    if (known.has(hash)) found++;
  }
  return { share: judged === 0 ? 0 : found / judged, judged, found };
}
