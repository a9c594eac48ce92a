import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { family } from "../telemetry/family.ts";
import { Histogram } from "../telemetry/histogram.ts";
import { mergeFamilies } from "./merge-families.ts";

const bin = fileURLToPath(new URL("../../../bin/slipway.mjs", import.meta.url));
const example = fileURLToPath(new URL("../../../../../examples/churn/churn.joblib", import.meta.url));
const row = JSON.stringify({ contract: "one year", internet: "dsl", tenure_months: 14, monthly_charges: null, support_calls: 2, senior: false });

let child: ChildProcess | undefined;
afterEach(async () => {
  if (child?.exitCode === null) {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
});
async function start(...args: string[]): Promise<{ url: string; notes: () => string; out: () => string }> {
  child = spawn(process.execPath, ["--conditions=@slipway/source", bin, "serve", example, "--port", "0", "--json", "--processes", "2", "--log-level", "error", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let [out, err] = ["", ""];
  child.stderr!.on("data", (d: Buffer) => (err += d.toString()));
  child.stdout!.on("data", (d: Buffer) => (out += d.toString()));
  for (let i = 0; i < 600 && !/"url":\s*"[^"]+"/.test(out); i++) await new Promise((resolve) => setTimeout(resolve, 50));
  return { url: /"url":\s*"([^"]+)"/.exec(out)![1]!, notes: () => err, out: () => out };
}
/** A connection of its own each time, so that both processes are asked. */
const ask = (url: string, init: RequestInit = {}): Promise<Response> => fetch(url, { ...init, headers: { connection: "close", ...init.headers } });
function pidsOf(parent: number): number[] {
  return readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8").split(" ").filter((p) => p !== "").map(Number);
}

async function bothServe(url: string): Promise<void> {
  for (let i = 0; i < 300; i++) {
    const text = await ask(`${url}/metrics`).then((r) => r.text(), () => "");
    if (text.includes("slipway_processes 2\n")) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("two processes did not come to serve");
}

describe("two processes", () => {
  it("serve on one port, count together, and are told once that they serve", async () => {
    const { url, out } = await start();
    await bothServe(url);
    for (let i = 0; i < 100; i++) {
      const answer = await ask(`${url}/predict`, { method: "POST", body: row });
      expect(answer.status).toBe(200);
      await answer.text();
    }
    const metrics = await (await ask(`${url}/metrics`)).text();
    expect(metrics).toMatch(/slipway_prediction_rows_total\{model="churn",version="[^"]+"\} 100\n/);
    expect(metrics).toContain('slipway_http_requests_in_flight 1\n');
    expect(out().match(/"url"/g)?.length).toBe(1);
    child!.kill("SIGTERM");
    expect((await once(child!, "exit"))[0]).toBe(0);
  });
  it("start again what ends, and the other serves meanwhile", async () => {
    const { url } = await start();
    await bothServe(url);
    const pids = pidsOf(child!.pid!);
    process.kill(pids[0]!, "SIGKILL");
    const statuses = [];
    for (let i = 0; i < 30; i++) statuses.push(await ask(`${url}/predict`, { method: "POST", body: row, signal: AbortSignal.timeout(5000) }).then((r) => r.status, () => 0));
    // At most what was on its way to the one that was killed.
    expect(statuses.filter((s) => s !== 200).length).toBeLessThanOrEqual(1);
    await bothServe(url);
    expect(pidsOf(child!.pid!)).not.toContain(pids[0]);
  });
  it("do an act of administration together", async () => {
    const { url, notes, out } = await start("--admin-port", "0");
    await bothServe(url);
    const admin = /"admin":\s*"([^"]+)"/.exec(out())![1]!;
    const key = /slip_[a-z0-9]{12}_[\w-]{43}/.exec(notes())![0];
    const unloaded = await ask(`${admin}/v2/repository/models/churn/unload`, { method: "POST", body: "{}", headers: { authorization: `Bearer ${key}` } });
    expect([unloaded.status, await unloaded.text()]).toEqual([200, expect.anything()]);
    const statuses = await Promise.all(Array.from({ length: 12 }, async () => (await ask(`${url}/models/churn/predict`, { method: "POST", body: row })).status));
    expect(statuses.filter((s) => s === 200)).toEqual([]);
    // A process that is started in the place of another knows what was done before.
    const [first] = pidsOf(child!.pid!);
    process.kill(first!, "SIGKILL");
    while (pidsOf(child!.pid!).includes(first!)) await new Promise((resolve) => setTimeout(resolve, 20));
    await bothServe(url);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const later = await Promise.all(Array.from({ length: 12 }, async () => (await ask(`${url}/models/churn/predict`, { method: "POST", body: row })).status));
    expect(later.filter((s) => s === 200)).toEqual([]);
  });
  it("end with the fault of what cannot start", async () => {
    child = spawn(process.execPath, ["--conditions=@slipway/source", bin, "serve", "nowhere.pkl", "--processes", "2"], { stdio: ["ignore", "ignore", "pipe"] });
    let err = "";
    child.stderr!.on("data", (d: Buffer) => (err += d.toString()));
    expect((await once(child, "close"))[0]).toBe(2);
    expect(err).toContain("nowhere.pkl");
  });
});

describe("merged metrics", () => {
  it("add up, but for times and flags", () => {
    const h = (...values: number[]): Histogram => {
      const histogram = new Histogram([1, 2]);
      for (const v of values) histogram.observe(v);
      return histogram;
    };
    const of = (count: number, ready: number, values: number[]) => [family("counter", "c_total", "c", [[{ a: "1" }, count]]), family("gauge", "slipway_ready", "r", [[{}, ready]]), family("histogram", "h", "h", [[{}, h(...values)]])];
    expect(mergeFamilies([of(1, 1, [0.5, 3]), of(2, 0, [1.5])])).toEqual([
      { name: "c_total", type: "counter", help: "c", series: [{ labels: { a: "1" }, value: 3 }] },
      { name: "slipway_ready", type: "gauge", help: "r", series: [{ labels: {}, value: 0 }] },
      { name: "h", type: "histogram", help: "h", series: [{ labels: {}, value: h(0.5, 3, 1.5) }] },
    ]);
  });
});
