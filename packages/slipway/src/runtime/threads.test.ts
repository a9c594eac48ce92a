import { availableParallelism } from "node:os";
import { describe, expect, it } from "vitest";
import { availableCpus, sessionThreads } from "./threads.ts";

const files = (table: Record<string, string>) => (path: string): string | undefined => table[path];

describe("availableCpus", () => {
  it("is what the cgroup's quota leaves of the machine, at least one", () => {
    expect(availableCpus(files({ "/sys/fs/cgroup/cpu.max": "50000 100000\n" }))).toBe(1);
    expect(availableCpus(files({ "/sys/fs/cgroup/cpu.max": "100000 100000\n" }))).toBe(1);
    expect(availableCpus(files({ "/sys/fs/cgroup/cpu.max": "max 100000\n" }))).toBe(availableParallelism());
    expect(availableCpus(files({ "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "100000", "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000" }))).toBe(1);
    expect(availableCpus(files({ "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1", "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000" }))).toBe(availableParallelism());
    expect(availableCpus(files({ "/sys/fs/cgroup/cpu.max": "nonsense" }))).toBe(availableParallelism());
  });
  it("gives small models one thread and large ones what there is", () => {
    expect([sessionThreads(1000, 16), sessionThreads(2 ** 26, 4), sessionThreads(2 ** 26, 64)]).toEqual([1, 4, 8]);
  });
});
