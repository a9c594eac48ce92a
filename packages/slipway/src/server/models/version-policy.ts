// Which of the versions that there are get served: the latest ones, all, or some by name, as Triton's version_policy and
// TensorFlow Serving's model_version_policy say. Versions that an alias names are served as well.

import { compareVersions } from "./version-order.ts";

export interface VersionPolicy {
  readonly latest?: number;
  readonly all?: boolean;
  readonly specific?: readonly string[];
}

/** In order, the highest last. */
export function chooseVersions(versions: Iterable<string>, policy: VersionPolicy = {}, named: Iterable<string> = []): string[] {
  const sorted = [...versions].sort(compareVersions);
  if (policy.all === true) return sorted;
  const kept = new Set(named);
  if (policy.specific !== undefined) for (const v of policy.specific) kept.add(v);
  if (policy.latest !== undefined || policy.specific === undefined) for (const v of sorted.slice(-(policy.latest ?? 1))) kept.add(v);
  return sorted.filter((v) => kept.has(v));
}
