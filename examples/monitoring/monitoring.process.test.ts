// The rules and the dashboard, checked by Prometheus' own tool and against what a server really answers.

import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadModelPackage, type Model } from "../../packages/slipway/src/runtime/index.ts";
import { readPlan, rolloutFamilies, stagesOf } from "../../packages/slipway/src/rollout/index.ts";
import { matrixModel } from "../../packages/slipway/src/runtime/testing.ts";
import { createServer } from "../../packages/slipway/src/server/index.ts";
import { inject } from "../../packages/slipway/src/server/testing.ts";

const folder = import.meta.dirname;
// `apt-get install prometheus` brings it.
const promtool = spawnSync("promtool", ["--version"]).status === 0;
let model: Model;
let metrics: string;
beforeAll(async () => {
  model = await loadModelPackage(matrixModel());
  const rollout = { model: "linear", alias: "production", candidate: 2, state: "running", stages: stagesOf(readPlan({})), stage: 3, stageSince: new Date().toISOString(), verdict: "hold" } as const;
  const app = createServer({ models: [model], options: { families: [() => rolloutFamilies([{ rollout, leads: true }], new Map([["linear", { promoted: 1, aborted: 0 }]]))] } });
  await inject(app, { method: "POST", url: "/predict", payload: "[1,2,3]" });
  await inject(app, { method: "POST", url: "/predict", payload: "{}" });
  metrics = (await inject(app, "/metrics")).body;
});
afterAll(() => model.close());

it("name only metrics that a server answers", () => {
  const known = new Set([...metrics.matchAll(/^(?:# TYPE )?([a-z_0-9]+)(?:\{| )/gm)].map((m) => m[1]!));
  const dashboard = JSON.parse(readFileSync(join(folder, "grafana-dashboard.json"), "utf8")) as { panels: { targets: { expr: string }[] }[] };
  const used = [readFileSync(join(folder, "alerts.yml"), "utf8"), ...dashboard.panels.flatMap((p) => p.targets.map((t) => t.expr))]
    .flatMap((text) => [...text.matchAll(/\b((?:slipway|process|nodejs)_[a-z_0-9]+)(?=[{[) \n]|$)/g)].map((m) => m[1]!));
  expect(used.length).toBeGreaterThan(20);
  expect(used.filter((name) => !known.has(name))).toEqual([]);
});

describe.skipIf(!promtool)("promtool", () => {
  it("finds no fault with the rules, and they fire when they should", () => {
    execFileSync("promtool", ["check", "rules", "alerts.yml"], { cwd: folder });
    expect(execFileSync("promtool", ["test", "rules", "alerts.test.yml"], { cwd: folder }).toString()).toContain("SUCCESS");
  });
  it("finds no fault with the metrics", () => {
    const checked = spawnSync("promtool", ["check", "metrics"], { input: metrics });
    expect(checked.stdout.toString() + checked.stderr.toString()).toBe("");
    expect(checked.status).toBe(0);
  });
});
