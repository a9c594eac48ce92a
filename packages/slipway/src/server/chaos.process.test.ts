// What goes wrong around a service: a worker process is killed under load, disks are full, the clock jumps. The heavier
// experiments are in scripts/chaos; docs/reliability.md says what holds.

import { spawn } from "node:child_process";
import { existsSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { makeRequest, runLoad } from "../bench/index.ts";
import { loadModelPackage, type Model } from "../runtime/index.ts";
import { matrixModel } from "../runtime/testing.ts";
import { startServer, type RunningServer } from "./index.ts";

const closing: RunningServer[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((s) => s.close()));
});
const ROWS = "[[1,2,3]]";

describe("a worker process that is killed under load", () => {
  it("costs the requests it had in hand, each a coded 503, and is back", async () => {
    const packed = matrixModel();
    const model: Model = await loadModelPackage(packed, { placement: "process", instances: 2 });
    const server = await startServer([model], { port: 0 });
    closing.push(server);
    const request = makeRequest(packed.signature, [[1, 2, 3]], { protocol: "slipway", model: model.name, host: `127.0.0.1:${server.port}`, prefix: "" });
    const [victim] = model.pids;
    setTimeout(() => process.kill(victim!, "SIGKILL"), 300);
    const load = await runLoad({ target: { host: "127.0.0.1", port: server.port, tls: false }, requests: [request], connections: 8, arrivals: "poisson", warmupMs: 0, durationMs: 1500, timeoutMs: 10_000, seed: 1 });
    expect(load.good.count).toBeGreaterThan(100);
    // One call was in hand; where it was shared, each of its requests is asked again alone, so that at most the rest fails.
    expect(Object.keys(load.errors).filter((code) => code !== "503 worker-lost")).toEqual([]);
    expect(load.failed).toBeLessThanOrEqual(8);
    while (model.pids.length < 2 || model.pids.includes(victim!)) await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await fetch(`${server.url}/predict`, { method: "POST", body: ROWS })).status).toBe(200);
  });
});

describe.skipIf(!existsSync("/dev/full"))("a full disk", () => {
  it("under the log and the audit file costs lines, and no answer", async () => {
    const bin = fileURLToPath(new URL("../../bin/slipway.mjs", import.meta.url));
    const model = fileURLToPath(new URL("../../../../examples/churn/churn.joblib", import.meta.url));
    const full = openSync("/dev/full", "w");
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", bin, "serve", model, "--port", "0", "--json", "--admin-port", "0", "--audit-log", "/dev/full", "--drain-ms", "0"], { stdio: ["ignore", "pipe", full] });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    try {
      let text = "";
      await new Promise<void>((resolve, reject) => {
        child.stdout!.on("data", (piece) => {
          text += String(piece);
          if (text.includes('"models"') && text.trimEnd().endsWith("}")) resolve();
        });
        child.once("exit", () => reject(new Error(`it ended: ${text}`)));
      });
      const { url, admin } = JSON.parse(text) as { url: string; admin: string };
      const statuses = new Set<number>();
      for (let i = 0; i < 300; i++) statuses.add((await fetch(`${url}/health/live`)).status);
      for (let i = 0; i < 20; i++) statuses.add((await fetch(`${admin}/admin/models`, { method: "POST", body: "{}" })).status);
      expect([...statuses].filter((s) => s >= 500)).toEqual([]);
      expect(statuses).toContain(200);
      expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    } finally {
      child.kill("SIGTERM");
      expect(await ended).toBe(0);
    }
  });
});

describe("a clock that jumps", () => {
  const real = Date.now;
  afterEach(() => {
    Date.now = real;
  });
  it("neither ends requests nor keeps clients out", async () => {
    const server = await startServer([await loadModelPackage(matrixModel())], { port: 0, limits: { requestsPerSecond: 1000, burst: 1000 }, requestTimeoutMs: 5000 });
    closing.push(server);
    const ask = async (): Promise<number> => (await fetch(`${server.url}/predict`, { method: "POST", body: ROWS })).status;
    const statuses: number[] = [];
    for (const jump of [0, 86_400_000, -86_400_000, 3_600_000 * 24 * 365, -3_600_000 * 24 * 365, 0]) {
      Date.now = () => real() + jump;
      for (let i = 0; i < 5; i++) statuses.push(await ask());
    }
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect((await fetch(`${server.url}/health/ready`)).status).toBe(200);
  });
});
