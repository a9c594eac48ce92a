// The commands of docs/rollout.md, in their order, while a service runs on the same registry and is asked all the time.

import { execFile } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parse } from "yaml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CHURN_ROW } from "../scripts/testing-models.ts";
import { startUp, workingFolder, type Running } from "../scripts/testing-up.ts";
import { readSection, SERVE_SETTINGS, type RetrainSettings } from "../packages/slipway/src/config/index.ts";
import { checkTriggers } from "../packages/slipway/src/retrain/triggers.ts";
import { readPlan } from "../packages/slipway/src/rollout/index.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const text = readFileSync(join(root, "docs", "rollout.md"), "utf8");
const commands = [...text.matchAll(/```sh([^\n]*)\n([^]*?)```/g)].flatMap(([, info, body]) => body!.trim().split("\n").map((line) => ({ line, until: /until=(\w+)/.exec(info!)?.[1] })));
const place = workingFolder({ anyone: { roles: ["predictor"] } });
let up: Running;
const state = { asking: true };
const statuses = new Map<number, number>();
let load: Promise<unknown>;

const run = async (line: string): Promise<{ stdout: string; status: number }> =>
  promisify(execFile)("bash", ["-c", line], { cwd: place.folder, env: { ...process.env, PATH: `${join(place.folder, "bin")}:${process.env["PATH"]}`, SLIPWAY_DATABASE_URL: "", SLIPWAY_REGISTRY: "" } })
    .then(({ stdout }) => ({ stdout, status: 0 }), (error: { stdout: string; stderr: string; code: number }) => ({ stdout: error.stdout + error.stderr, status: error.code }));

async function ask(): Promise<void> {
  while (state.asking) {
    const answer = await fetch(`${up.url}/models/churn/predict`, { method: "POST", body: JSON.stringify([CHURN_ROW]), headers: { "content-type": "application/json", authorization: `Bearer ${place.keys["anyone"]}` } });
    await answer.arrayBuffer();
    // What counts begins when there is a model.
    if (answer.status === 200 || statuses.size > 0) statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    if (answer.status !== 200) await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

beforeAll(async () => {
  for (const file of ["churn.joblib", "check.csv"]) cpSync(join(root, "examples", "churn", file), join(place.folder, file));
  mkdirSync(join(place.folder, "bin"));
  writeFileSync(join(place.folder, "bin", "slipway"), `#!/bin/sh\nexec ${process.execPath} ${join(root, "packages", "slipway", "bin", "slipway.mjs")} "$@"\n`);
  chmodSync(join(place.folder, "bin", "slipway"), 0o755);
  up = await startUp(place.folder, [], { SLIPWAY_DATABASE_URL: "", SLIPWAY_REGISTRY: "" });
  load = Promise.all(Array.from({ length: 4 }, ask));
}, 120_000);
afterAll(async () => {
  state.asking = false;
  await load;
  await up.stop();
  place.remove();
}, 60_000);

describe("the commands of docs/rollout.md", () => {
  const seen: string[] = [];
  it.each(commands)("$line", async ({ line, until }) => {
    expect(line).toMatch(/^slipway /);
    for (;;) {
      const { stdout, status } = await run(line);
      expect(status, stdout).toBe(0);
      if (until === undefined || (JSON.parse(stdout) as { state: string }).state === until) {
        seen.push(stdout);
        return;
      }
    }
    // Comparing a thousand requests takes a fifth of the machine, which may have other things to do.
  }, 600_000);
  it("do what the text says, and no request failed", () => {
    const of = (part: string): string => seen[commands.findIndex(({ line }) => line.includes(part))]!;
    expect(of("rollout start churn:2")).toMatch(/^churn:2 takes over production from churn:1: running/);
    expect(of("rollout history churn")).toMatch(/churn:2\s+production\s+promoted/);
    expect(of("registry alias churn production")).toMatch(/churn:2\s+churn:1/);
    expect(of("rollout rollback")).toContain("production of churn is churn:1 again; it was churn:2");
    expect(of("rollout compare")).toMatch(/60 of 60 rows compared[^]*label: 0\.00 % of 60 differ[^]*accuracy/);
    expect(of("rollout abort")).toContain("because: only a rehearsal");
    expect([...statuses.keys()]).toEqual([200]);
    expect(statuses.get(200)).toBeGreaterThan(1000);
  });
  it("and its settings are such", () => {
    const [rollouts, trainings] = [...text.matchAll(/```yaml\n([^]*?)```/g)].map(([, yaml]) => parse(yaml!) as Record<string, object>);
    expect(readPlan({}, rollouts!["rollout"]).steps).toHaveLength(3);
    const locate = (path: readonly string[]): string => path.join(".");
    const { retrain } = readSection(SERVE_SETTINGS, trainings, locate) as { retrain: Record<string, RetrainSettings> };
    expect(() => checkTriggers("churn", retrain["churn"]!)).not.toThrow();
  });
});
