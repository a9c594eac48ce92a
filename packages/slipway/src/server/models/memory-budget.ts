// Which models make room for another one within a budget of memory: those that were asked least recently and answer nobody.

import { serverError } from "../errors.ts";
import type { ModelVersion } from "./model-version.ts";

/** Memory of a loaded model for each byte of its graph: forests take three times their size, networks less. */
const MEMORY_FACTOR = 3;

export function estimatedBytes(graphBytes: number): number {
  return graphBytes * MEMORY_FACTOR;
}

/**
 * `bytes` are to fit into `budget` beside what is `loaded` and what is `opening`; only versions in `idle` may go.
 * @returns what has to be put away
 * @throws SlipwayError memory-budget
 */
export function makeRoom(budget: number, fresh: ModelVersion, bytes: number, loaded: readonly ModelVersion[], opening: number, idle: readonly ModelVersion[]): readonly ModelVersion[] {
  const leastRecent = [...idle].sort((a, b) => a.lastAsked - b.lastAsked);
  const away: ModelVersion[] = [];
  let sum = loaded.reduce((n, v) => n + v.bytes, 0) + opening + bytes;
  while (sum > budget && away.length < leastRecent.length) {
    const next = leastRecent[away.length]!;
    sum -= next.bytes;
    away.push(next);
  }
  if (sum > budget) {
    throw serverError("memory-budget", `${fresh.name} ${fresh.version} would take about ${mb(bytes)}, and ${mb(sum - bytes)} of the budget of ${mb(budget)} cannot be freed now`, { hint: "Raise --memory-budget, or serve fewer models at a time." });
  }
  return away;
}

function mb(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`;
}
