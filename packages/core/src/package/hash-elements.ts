// The runtime's part of a signature's `hashedTensors`: texts and numbers -> buckets, as tf.strings.to_hash_bucket_fast,
// tf.strings.to_hash_bucket_strong and tf.sparse.cross_hashed (with its own key) of TensorFlow 2.12 to 2.21 make them.

import type { HashedTensor } from "./signature.ts";
import { farmHash64, joinFingerprints, sipHash24 } from "./text-hashes.ts";

type Element = string | number | bigint;
/** tf.sparse.cross_hashed's hash_key where none is given. */
const CROSS_KEY = 0xdecafcaffen;
const utf8 = new TextEncoder();

/** What a cast to int64 makes of a number on x86. */
function whole(value: number | bigint): bigint {
  if (typeof value === "bigint") return value;
  return Math.abs(value) < 2 ** 63 ? BigInt(Math.trunc(value)) : -(2n ** 63n);
}
const bytesOf = (value: Element): Uint8Array => utf8.encode(typeof value === "string" ? value : String(whole(value)));

/** `columns`: the elements of each tensor of `spec.of`, as many in each. */
export function hashElements(spec: HashedTensor, columns: readonly ArrayLike<Element>[]): BigInt64Array {
  const buckets = BigInt(spec.buckets);
  const key = [BigInt(spec.key?.[0] ?? 0), BigInt(spec.key?.[1] ?? 0)] as const;
  const hash = (i: number): bigint => {
    if (spec.method === "farmhash64") return farmHash64(bytesOf(columns[0]![i]!));
    if (spec.method === "siphash24") return sipHash24(bytesOf(columns[0]![i]!), key);
    return columns.reduce((joined, column) => {
      const value = column[i]!;
      return joinFingerprints(joined, typeof value === "string" ? farmHash64(utf8.encode(value)) : BigInt.asUintN(64, whole(value)));
    }, CROSS_KEY);
  };
  return BigInt64Array.from({ length: columns[0]!.length }, (_, i) => hash(i) % buckets);
}
