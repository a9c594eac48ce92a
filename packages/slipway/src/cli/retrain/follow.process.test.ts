// Looking on where nobody carries a training out ends, with a code that says why; where somebody does it goes on.

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { openDatabase } from "../../database/index.ts";
import { LayoutStore } from "../../oci/index.ts";
import { openRegistryService } from "../../registry-api/index.ts";
import { olga } from "../../rollout/testing.ts";
import { testPackage } from "../../server/models/testing-packages.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-follow-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const bin = fileURLToPath(new URL("../../../bin/slipway.mjs", import.meta.url));
const follow = (): Promise<{ readonly code: number; readonly err: string }> => new Promise((resolve) => {
  execFile(process.execPath, [bin, "retrain", "follow", "linear", "--json"], { cwd: folder, env: { PATH: process.env["PATH"] } }, (error, _out, err) => resolve({ code: error === null ? 0 : Number(error.code), err }));
});

it("a training that no service carries out is not looked at for ever", async () => {
  const registry = join(folder, ".slipway");
  const service = await openRegistryService({ database: await openDatabase(`sqlite:${join(registry, "registry.db")}`), blobs: await LayoutStore.open(join(registry, "oci"), { create: true }), folder: registry, background: false });
  try {
    await service.registry.offer(await testPackage({ factor: 1, promises: 6 }), { actor: olga });
    const { id } = await service.retrains.begin({ model: "linear", alias: "production", cause: "olga", outside: false, actor: olga });
    expect(await service.retrains.leased(id)).toBe(false);
    const lonely = await follow();
    expect(lonely.err).toContain("retrain-unattended");
    expect(lonely.err).toContain("no slipway up runs on this store");
    expect(lonely.code).not.toBe(0);
    // A service has it, and then it is cancelled: the command saw the end.
    await service.retrains.lease(id, "another process", 60_000);
    expect(await service.retrains.leased(id)).toBe(true);
    const seen = follow();
    await new Promise((resolve) => setTimeout(resolve, 12_000));
    await service.retrains.cancel(id, olga);
    const ended = await seen;
    expect([ended.code, ended.err.includes("retrain-unattended"), ended.err.includes("cancelled")]).toEqual([1, false, true]);
  } finally {
    await service.close();
    await service.registry.close();
  }
}, 120_000);
