import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { scratchFolder } from "./scratch.ts";

const parent = mkdtempSync(join(tmpdir(), "slipway-scratch-test-"));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

function left(name: string, lock: string | undefined): string {
  const path = join(parent, name);
  mkdirSync(path);
  writeFileSync(join(path, "large"), "...");
  if (lock !== undefined) writeFileSync(join(path, "lock"), lock);
  return path;
}

describe("folders for what does not fit into memory", () => {
  it("of processes that are gone are removed, and no others", () => {
    // It has ended when this returns.
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    const gone = left("slipway-worker-a", `${pid} ${hostname()}`);
    const living = left("slipway-worker-b", `${process.pid} ${hostname()}`);
    const elsewhere = left("slipway-worker-c", `${pid} another.machine`);
    const beginning = left("slipway-worker-d", undefined);
    const other = left("slipway-else-e", `${pid} ${hostname()}`);
    const own = scratchFolder("slipway-worker-", parent);
    expect([gone, living, elsewhere, beginning, other, own].map((path) => existsSync(path))).toEqual([false, true, true, true, true, true]);
    const second = scratchFolder("slipway-worker-", parent);
    expect(existsSync(own) && second !== own).toBe(true);
  });
});
