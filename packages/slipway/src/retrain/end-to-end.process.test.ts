// The whole circle, as docs/rollout.md sets it up, with short times: a real service is asked without a pause; the world
// changes, drift is seen, labels confirm it, the program trains, what it makes is promoted; the world changes again, what
// is trained then is worse, and is aborted. Every margin is as it is by default. Nobody does anything but ask and say what
// was true.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { buildPackage, profileOf, profileToJson, writeSlip } from "@slipway/core/package";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { pythonWith } from "../../../../scripts/testing-python.ts";
import { startUp, workingFolder, type Running } from "../../../../scripts/testing-up.ts";
import { loanRows, type LoanRow } from "../monitor/testing.ts";
import { loadModelPackage, readInput } from "../runtime/index.ts";
import { columnsModel } from "../runtime/testing.ts";
import type { Finding } from "@slipway/core/stats";
import type { Rollout, RolloutDetails } from "../rollout/rollout.ts";
import type { Retrain } from "./index.ts";

const docs = readFileSync(fileURLToPath(new URL("../../../../docs/rollout.md", import.meta.url)), "utf8");
const documented = parse(/## The whole circle[^]*?```yaml\n([^]*?)```/.exec(docs)![1]!) as { monitor: object; retrain: { loan: { triggers: { metric: object } } } };

/** Who gets a loan: everybody whose score is above the limit, which moves, as ages do. */
interface World {
  readonly age: number;
  readonly limit: number;
}
const WORLDS = { first: { age: 45, limit: 50 }, older: { age: 65, limit: 70 }, stricter: { age: 65, limit: 85 } } as const;
/** As the monitor's, all of them with an age: without one the model has no answer, and the gate says so. */
interface Applicant extends LoanRow {
  readonly age: number;
}
const applicants = (count: number, seed: number, age: number): Applicant[] => loanRows(count, seed, age).map((r) => ({ ...r, age: r.age ?? age }));
const scoreOf = ({ age, plan, member, note }: Applicant): number => age + (plan === "pro" ? 10 : 0) + (member ? 100 : 0) + (note === null ? 0 : 0.5);
const truthOf = (row: Applicant, { limit }: World): string => (scoreOf(row) > limit ? "yes" : "no");

/** What a training on rows of such ages would make that found this limit. */
async function trained(version: string, { age, limit }: World): Promise<Uint8Array> {
  const source = columnsModel("loan", limit);
  const signature = { ...source.signature, columns: source.signature.columns.map((c) => (c.name === "age" ? { ...c, missing: "refused" as const } : c)) };
  const rows = applicants(2000, limit, age);
  const known = rows.slice(0, 20);
  const loaded = await loadModelPackage({ ...source, signature });
  const { outputs } = await loaded.run(loaded.encode(readInput(rows, signature)).batch);
  await loaded.close();
  return writeSlip(await buildPackage({
    manifest: { name: "loan", version, source: { file: "m.pkl", sha256: "0".repeat(64), bytes: 1, format: "pickle", producer: {}, rootClass: "test" }, tool: { name: "slipway", version: "0" }, lineage: [] },
    model: source.model, signature, card: "", sbom: {}, profile: profileToJson(profileOf(signature, rows as never, outputs, { rows: "training", file: "loans.csv" })),
    checks: { source: { file: "check.csv", rows: known.length }, inputs: known as never, expected: { label: known.map((r) => [truthOf(r, { age, limit })]), score: known.map((r) => [scoreOf(r)]) }, tolerance: { label: "exact", score: { rtol: 1e-9, atol: 1e-9 } } },
  }));
}

// A real training with scikit-learn where there is one; where not, files that were prepared.
const python = pythonWith("sklearn", "pandas", "joblib");
const program = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
/** What the lake holds for who trains after that version: rows of a world as it was, or what came of training on them. */
async function dataAfter(after: number, version: string, { age, limit }: World): Promise<void> {
  if (python === undefined) return writeFileSync(join(data, `after-${after}.slip`), await trained(version, { age, limit }));
  const rows = applicants(3000, limit, age).map((r) => [r.age, r.plan, r.member, truthOf(r, { age, limit })].join(","));
  writeFileSync(join(data, `after-${after}.csv`), `age,plan,member,label\n${rows.join("\n")}\n`);
}

const place = workingFolder({ ana: { roles: ["admin"] }, app: { roles: ["predictor"] } });
const data = join(place.folder, "data");
let up: Running | undefined;
const state: { asking: boolean; world: World; labels: boolean } = { asking: true, world: WORLDS.first, labels: false };
/** How many predictions, and how many deliveries of labels, ended with which status. */
const statuses = { predict: new Map<number, number>(), feedback: new Map<number, number>() };
const versions = new Set<string>();
let late: object[] = [];
let seed = 100;
let load: Promise<unknown> = Promise.resolve();

const call = (path: string, key: string, init: RequestInit = {}): Promise<Response> => fetch(up!.url + path, { ...init, headers: { "content-type": "application/json", authorization: `Bearer ${place.keys[key]}` } });
const post = (path: string, key: string, body: unknown): Promise<Response> => call(path, key, { method: "POST", body: JSON.stringify(body) });
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const count = (of: Map<number, number>, status: number): unknown => of.set(status, (of.get(status) ?? 0) + 1);
async function get<T>(path: string): Promise<T> {
  const answer = await call(`/api/v1${path}`, "ana");
  expect(answer.status, path).toBe(200);
  return await answer.json() as T;
}

async function ask(): Promise<void> {
  for (; state.asking; await pause(20)) {
    const { world } = state;
    const rows = applicants(10, seed++, world.age);
    const answer = await post("/models/loan/predict", "app", rows);
    count(statuses.predict, answer.status);
    versions.add(answer.headers.get("x-slipway-version") ?? "none");
    const { prediction_id } = await answer.json() as { prediction_id: string };
    if (state.labels) late.push({ prediction_id, labels: rows.map((r) => truthOf(r, world)) });
  }
}
async function tell(): Promise<void> {
  for (; state.asking; await pause(200)) {
    const labels = late;
    late = [];
    if (labels.length > 0) count(statuses.feedback, (await post("/feedback", "app", labels)).status);
  }
}
/** The first training that began when this version was in use, once it has ended. */
async function training(parent: number): Promise<Retrain> {
  const of = async (): Promise<Retrain | undefined> => (await get<{ retrains: Retrain[] }>("/retrains?model=loan")).retrains.findLast((r) => r.parent === parent);
  await expect.poll(of, { timeout: 200_000, interval: 250 }).toMatchObject({ endedAt: expect.any(String) });
  return (await of())!;
}
/** What there is to know where it ended otherwise than it should. */
const told = async (r: Retrain): Promise<string> => JSON.stringify([r, r.version === null ? null : await get(`/models/loan/versions/${r.version}/gate`), r.rollout === null ? null : await get(`/rollouts/${r.rollout}`)], null, 1);
const aliases = async (): Promise<object> => (await get<{ aliases: object }>("/models/loan")).aliases;

beforeAll(async () => {
  mkdirSync(data);
  const { monitor, retrain: { loan } } = documented;
  const config = {
    monitor: { ...monitor, window: "1s", interval: "200ms" },
    retrain: { loan: { ...loan, command: python === undefined ? [process.execPath, program("testing-train.mjs")] : [python, program("testing-train.py")], data, interval: "300ms", cooldown: "3s", triggers: { metric: { ...loan.triggers.metric, stretch: "2s", rows: 40 } } } },
    rollout: { interval: "100ms", bake: "2s", requests: 30, shadow: { requests: 50 }, steps: [{ weight: 50 }, { weight: 100 }] },
    gate: { skip: ["budgets"] },
  };
  writeFileSync(join(place.folder, "slipway.config.json"), JSON.stringify(config));
  // After the first version one that knows the world as it is then, after that one that knows only what was.
  await dataAfter(1, "2.0.0", WORLDS.older);
  await dataAfter(2, "3.0.0", { ...WORLDS.first, age: WORLDS.older.age });
  up = await startUp(place.folder, [], { SLIPWAY_DATABASE_URL: "", SLIPWAY_REGISTRY: "" });
  const offered = await call("/api/v1/models/loan/versions", "ana", { method: "POST", body: new Blob([Buffer.from(await trained("1.0.0", WORLDS.first))]) });
  expect(offered.status, await offered.text()).toBe(201);
  expect((await call("/api/v1/models/loan/aliases/production", "ana", { method: "PUT", body: JSON.stringify({ version: 1, expected: null }) })).status).toBe(200);
  await vi.waitFor(async () => {
    const answer = await post("/models/loan/predict", "app", applicants(1, 1, 45));
    expect(answer.status, `${await answer.text()} ${up!.output()}`).toBe(200);
  }, { timeout: 60_000, interval: 100 });
  load = Promise.all([ask(), ask(), tell()]);
}, 120_000);
afterAll(async () => {
  state.asking = false;
  await load;
  await up?.stop();
  place.remove();
}, 60_000);

it("the world changes: drift is seen, labels confirm it, a better version is trained, tested and promoted", async () => {
  const seen = async (): Promise<{ state: string; drifting: string[] }> => get("/monitor/models/loan?version=1");
  await expect.poll(async () => (await seen()).state, { timeout: 60_000, interval: 200 }).toBe("ok");
  state.world = WORLDS.older;
  await expect.poll(seen, { timeout: 60_000, interval: 200 }).toMatchObject({ state: "drift", drifting: expect.arrayContaining(["age"]) });
  // Without a label nobody knows whether it matters.
  expect(await get("/retrains?model=loan")).toMatchObject({ retrains: [] });
  state.labels = true;

  const first = await training(1);
  expect(first, await told(first)).toMatchObject({ state: "promoted", cause: "metric", version: 2, evidence: { name: "accuracy", below: 0.88, value: expect.any(Number), rows: expect.any(Number) } });
  expect(first.evidence["value"]).toBeLessThan(0.88);
  expect(first.output).toBe(`trained because of metric: accuracy is ${String(first.evidence["value"])}\n`);
  expect(await get("/models/loan/versions/2")).toMatchObject({ parent: 1, trainingData: data, createdBy: "slipway retrain", gate: { state: "green" } });
  const rollout = await get<RolloutDetails>(`/rollouts/${first.rollout}`);
  expect(rollout).toMatchObject({ state: "promoted", baseline: 1, candidate: 2, plan: { expectChange: true, maxPsi: 0.25, labelMargin: 0.02, shadow: { maxDisagreement: 0.1 } } });
  // It answers otherwise by far more than a version that should be the same might, and labels let it go on.
  const passed = rollout.events.find((e) => e.kind === "stage" && e.text.startsWith("shadow is passed"))!.detail["findings"] as Finding[];
  expect(passed.find((f) => f.signal === "disagreement")).toMatchObject({ verdict: "promote", text: expect.stringContaining("as is expected of it") });
  expect(passed.find((f) => f.signal === "paired-labels")).toMatchObject({ verdict: "promote" });
  expect(await aliases()).toEqual([expect.objectContaining({ alias: "production", version: 2 })]);
}, 360_000);

it("it changes again: what is trained then is worse, passes the gate, and is aborted by its labels before it answers", async () => {
  state.world = WORLDS.stricter;
  const second = await training(2);
  expect(second, await told(second)).toMatchObject({ state: "aborted", cause: "metric", version: 3, evidence: { name: "accuracy" } });
  expect(await get("/models/loan/versions/3")).toMatchObject({ parent: 2, gate: { state: "green" } });
  const rollout = await get<Rollout>(`/rollouts/${second.rollout}`);
  expect(rollout).toMatchObject({ state: "aborted", baseline: 2, candidate: 3 });
  expect(rollout.stages[rollout.stage]).toMatchObject({ kind: "shadow" });
  expect(rollout.findings.filter((f) => f.verdict === "abort").map((f) => f.signal)).toEqual(["paired-labels"]);
  expect(await aliases()).toEqual([expect.objectContaining({ alias: "production", version: 2 })]);
}, 360_000);

it("all the while not one request failed, and the worse version answered none", () => {
  expect([...statuses.predict.keys(), ...statuses.feedback.keys()]).toEqual([200, 200]);
  expect(statuses.predict.get(200)).toBeGreaterThan(100);
  expect([...versions].toSorted()).toEqual(["1", "2"]);
});
