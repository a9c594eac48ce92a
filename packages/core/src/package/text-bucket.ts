// A text's bucket as category_encoders.HashingEncoder takes it: the digest of its UTF-8 bytes as one whole number, and of that
// the remainder by the number of buckets. ONNX has no such operator, so the runtime does it before the graph.

import { DIGESTS, digest, type Digest } from "./digests.ts";

export interface Bucketing {
  readonly method: Digest;
  readonly buckets: number;
}

const MOST_BUCKETS = 2 ** 40;
const MOST_KNOWN = 65536;
const LONGEST_KNOWN = 200;
const STEP = new RegExp(`^(${DIGESTS.join("|")})_([1-9]\\d{0,12})$`);
const steps = new Map<string, Bucketing | undefined>();
const known = new Map<string, string>();
const utf8 = new TextEncoder();

/** What "md5_8" says; undefined for other steps. */
export function asBucketing(step: string): Bucketing | undefined {
  if (steps.has(step)) return steps.get(step);
  const found = STEP.exec(step);
  const bucketing = found && Number(found[2]) <= MOST_BUCKETS ? { method: found[1] as Digest, buckets: Number(found[2]) } : undefined;
  if (steps.size < 1000) steps.set(step, bucketing);
  return bucketing;
}

/** The bucket's number, written out. */
export function textBucket(text: string, { method, buckets }: Bucketing): string {
  const key = `${method} ${buckets} ${text}`;
  let bucket = known.get(key);
  if (bucket === undefined) {
    bucket = String(digest(method, utf8.encode(text)).reduce((rest, byte) => (rest * 256 + byte) % buckets, 0));
    if (text.length <= LONGEST_KNOWN) {
      if (known.size >= MOST_KNOWN) known.clear();
      known.set(key, bucket);
    }
  }
  return bucket;
}
