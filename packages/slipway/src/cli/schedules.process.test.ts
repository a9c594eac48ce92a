// Schedules at the command line: in a folder of one's own, and at a running service.

import { execFile } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { churnSlip } from "../../../../scripts/testing-models.ts";
import { startUp, workingFolder, type Place, type Running } from "../../../../scripts/testing-up.ts";

const BIN = fileURLToPath(new URL("../../bin/slipway.mjs", import.meta.url));
const CHECK = fileURLToPath(new URL("../../../../examples/churn/check.csv", import.meta.url));
let place: Place;
let up: Running | undefined;
beforeAll(async () => {
  place = workingFolder({ Olga: { roles: ["operator"] }, Vera: { roles: ["viewer"] }, root: { roles: ["admin"] } }, { webhooks: { allow: ["loopback"] }, schedules: { weekly: { model: "churn@production", input: "in.csv", output: "out/{{date}}.csv", every: "0 3 * * 1", tz: "Europe/Berlin", retries: 0 } } });
  copyFileSync(CHECK, join(place.folder, "in.csv"));
  writeFileSync(join(place.folder, "churn.slip"), await churnSlip("1.0.0"));
}, 60_000);
afterAll(async () => {
  await up?.stop();
  place.remove();
});

async function slipway(env: Record<string, string>, ...args: string[]): Promise<{ status: number; out: string; json: Record<string, unknown> }> {
  const done = await promisify(execFile)(process.execPath, [BIN, ...args, "--json"], { cwd: place.folder, env: { ...process.env, ...env } }).catch((error: unknown) => error as { code: number; stdout: string; stderr: string });
  return { status: "code" in done ? done.code : 0, out: done.stdout + done.stderr, json: JSON.parse(done.stdout) as Record<string, unknown> };
}

it("in a folder: listed, run, seen, paused and resumed", async () => {
  expect(await slipway({}, "schedules", "run", "weekly")).toMatchObject({ status: 1, json: { state: "failed", reason: expect.stringContaining("[registry-not-found]") as string } });
  expect((await slipway({}, "registry", "push", "churn.slip", "--alias", "production")).status).toBe(0);
  expect((await slipway({}, "schedules", "list")).json).toMatchObject({ schedules: [{ name: "weekly", state: "active", definition: { every: "0 3 * * 1" } }] });
  const { status, json } = await slipway({}, "schedules", "run", "weekly");
  expect([status, json]).toMatchObject([0, { state: "succeeded", cause: "manual", model: "churn", version: 1, rows: 60, summary: { scored: 60 } }]);
  expect(readFileSync(join(place.folder, json["output"] as string), "utf8").trim().split("\n")).toHaveLength(61);
  expect(await slipway({}, "schedules", "runs", "weekly")).toMatchObject({ json: { runs: [{ state: "succeeded" }, { state: "failed" }] } });
  expect((await slipway({}, "schedules", "runs", "weekly", "latest")).json).toMatchObject({ log: expect.stringContaining("60 of 60 rows scored") as string });
  expect((await slipway({}, "schedules", "pause", "weekly")).json).toMatchObject({ state: "paused", nextAt: null });
  expect((await slipway({}, "schedules", "resume", "weekly")).json).toMatchObject({ state: "active" });
  expect(await slipway({}, "schedules", "run", "monthly")).toMatchObject({ status: 2, json: { error: { code: "schedule-unknown" } } });
}, 120_000);

it("at a service: by roles, and made there", async () => {
  up = await startUp(place.folder);
  const told: { type: string; data: { model: string; detail: Record<string, unknown> } }[] = [];
  const receiver = createServer((request, response) => void json(request).then((body) => {
    told.push(body as (typeof told)[number]);
    response.writeHead(204).end();
  }));
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const hook = await fetch(`${up.url}/api/v1/webhooks`, { method: "POST", headers: { authorization: `Bearer ${place.keys["root"]!}`, "content-type": "application/json" }, body: JSON.stringify({ url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`, events: ["batch.run.failed"] }) });
  expect(hook.status).toBe(201);
  const as = (name: string): Record<string, string> => ({ SLIPWAY_SERVER: up!.url, SLIPWAY_API_KEY: place.keys[name]! });
  expect((await slipway(as("Vera"), "schedules", "list")).json).toMatchObject({ schedules: [{ name: "weekly", last: { state: "succeeded" } }] });
  expect(await slipway(as("Vera"), "schedules", "run", "weekly")).toMatchObject({ status: 2, json: { error: { code: "forbidden" } } });
  expect(await slipway(as("Olga"), "schedules", "run", "weekly")).toMatchObject({ status: 0, json: { state: "succeeded", createdBy: "Olga" } });
  expect((await slipway(as("Olga"), "schedules", "pause", "weekly")).json).toMatchObject({ state: "paused", changedBy: "Olga" });
  // What cannot be scored is told to whoever asked to be told.
  writeFileSync(join(place.folder, "in.csv"), `contract,internet,tenure_months,monthly_charges,support_calls,senior\n${"x,y,z,0,0,0\n".repeat(20)}`);
  expect(await slipway(as("Olga"), "schedules", "run", "weekly")).toMatchObject({ status: 1, json: { state: "failed" } });
  for (let i = 0; i < 100 && told.length === 0; i++) await new Promise((resolve) => setTimeout(resolve, 100));
  receiver.close();
  expect(told).toMatchObject([{ type: "batch.run.failed", data: { model: "churn", detail: { schedule: "weekly", code: "batch-errors", tries: 1 } } }]);
  const { entries } = (await slipway(as("Olga"), "audit", "list", "--limit", "50")).json as { entries: { action: string; actor: string }[] };
  expect(entries.filter((e) => /^(?:schedule|batch)\./.test(e.action)).map((e) => e.action)).toEqual(["schedule.added", "schedule.run-asked", "batch.run.failed", "schedule.run-asked", "batch.run.succeeded", "schedule.paused", "schedule.resumed", "schedule.run-asked", "batch.run.succeeded", "schedule.paused", "schedule.run-asked", "batch.run.failed"]);
  expect(existsSync(join(place.folder, "out"))).toBe(true);
}, 120_000);
