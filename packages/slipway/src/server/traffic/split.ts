// Versions by weight. A fraction in [0, 1) falls into one version's part of the line; a key's fraction is always the same,
// in every process: the first 48 bits of a SHA-256 over the model, the experiment and the key. While the order of the
// versions stays, giving one a larger weight moves only the keys it gains.

import { createHash } from "node:crypto";

export interface Weighted {
  readonly version: string;
  readonly weight: number;
}

/** Undefined where no version has any weight. */
export function chooseByFraction(parts: readonly Weighted[], fraction: number): string | undefined {
  const sum = parts.reduce((n, p) => n + p.weight, 0);
  if (!(sum > 0)) return undefined;
  let at = fraction * sum;
  for (const { version, weight } of parts) {
    if (at < weight) return version;
    at -= weight;
  }
  // The last crumbs of rounding.
  return parts.findLast((p) => p.weight > 0)?.version;
}

export function fractionOf(scope: string, key: string): number {
  return createHash("sha256").update(scope).update("\0").update(key).digest().readUIntBE(0, 6) / 2 ** 48;
}
