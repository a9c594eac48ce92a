// How many processors this process may really use: the cgroup's quota, not the machine's size.
// ONNX Runtime sizes its pool to the machine and ignores OMP variables, which oversubscribes containers.

import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/** Whole processors, at least 1. cgroup v2 `cpu.max` ("max 100000" or "150000 100000"), else v1 `cpu.cfs_*`. */
export function availableCpus(read: (path: string) => string | undefined = readText): number {
  const host = availableParallelism();
  const quota = quotaV2(read("/sys/fs/cgroup/cpu.max")) ?? quotaV1(read("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"), read("/sys/fs/cgroup/cpu/cpu.cfs_period_us"));
  return quota === undefined ? host : Math.max(1, Math.min(host, Math.floor(quota)));
}

/**
 * Threads for one ONNX Runtime session. A pool costs more than it gives below some megabytes of model
 * and keeps spinning between calls, so small models run on the calling thread.
 */
export function sessionThreads(modelBytes: number, cpus: number = availableCpus()): number {
  return modelBytes < 32 * 2 ** 20 ? 1 : Math.min(cpus, 8);
}

function quotaV2(text: string | undefined): number | undefined {
  const [quota, period] = (text ?? "").trim().split(/\s+/).map(Number);
  return quota !== undefined && period !== undefined && quota > 0 && period > 0 ? quota / period : undefined;
}
function quotaV1(quota: string | undefined, period: string | undefined): number | undefined {
  const q = Number(quota);
  const p = Number(period);
  return q > 0 && p > 0 ? q / p : undefined;
}
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
