// Trainings from their trigger to the promoted version: a real program, a real gate, a real rollout under requests.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, expect, it } from "vitest";
import { listAudit } from "../audit/index.ts";
import { RETRAIN_SETTINGS, readSection, withDefaults, type RetrainSettings } from "../config/index.ts";
import { openDatabase } from "../database/index.ts";
import { LayoutStore } from "../oci/index.ts";
import { openRegistryService, type RegistryService } from "../registry-api/index.ts";
import { RolloutReplica } from "../rollout/index.ts";
import { olga } from "../rollout/testing.ts";
import { createServer, ModelDirectory, Repository } from "../server/index.ts";
import { registryAliases } from "../server/models/registry-aliases.ts";
import { testPackage } from "../server/models/testing-packages.ts";
import { inject } from "../server/testing.ts";
import type { Retrain } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-retrain-"));
const opened: (() => Promise<unknown>)[] = [];
let count = 0;
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A program in place of training: what it was told goes to its output, and a prepared file to where it was asked. */
const program = (body: string): string => {
  const path = join(folder, `train-${count++}.mjs`);
  writeFileSync(path, `import { copyFileSync, readFileSync } from "node:fs";\nconst { SLIPWAY_MODEL, SLIPWAY_VERSION, SLIPWAY_CAUSE, SLIPWAY_DATA, SLIPWAY_OUTPUT, SLIPWAY_EVIDENCE, SECRET } = process.env;\n${body}\n`);
  return path;
};
const prepared = async (factor: number): Promise<string> => {
  const path = join(folder, `prepared-${factor}.slip`);
  writeFileSync(path, await testPackage({ factor, promises: 6 * factor, version: `1.${factor}.0` }));
  return path;
};

interface World {
  readonly service: RegistryService;
  readonly statuses: number[];
  /** Turns with requests, until the training has ended or so many are over. */
  until(test: (r: Retrain) => boolean, rounds?: number): Promise<Retrain>;
}
async function world(retrain: object, approvals: object = {}): Promise<World> {
  const own = join(folder, `w${count++}`);
  const locate = (path: readonly string[]): string => path.join(".");
  const settings = withDefaults(RETRAIN_SETTINGS, readSection(RETRAIN_SETTINGS, retrain, locate), locate) as unknown as RetrainSettings;
  const service = await openRegistryService({
    database: await openDatabase(`sqlite:${join(own, "registry.db")}`), blobs: await LayoutStore.open(join(own, "oci"), { create: true }), folder: own, background: false,
    settings: { retrain: { linear: settings }, approvals: approvals as never, gate: { skip: ["budgets"] }, rollout: { interval: 20, bake: 0, requests: 20, steps: [{ weight: 50 }, { weight: 100 }], shadow: { skip: true, requests: 1, share: 1, maxDisagreement: 1, maxDifference: 9 }, maxPsi: 100 } },
  });
  const { registry, retrainer, retrains, rollouts, gate } = service;
  await registry.offer(await testPackage({ factor: 1, promises: 6 }), { actor: olga });
  await registry.setAlias("linear", "production", 1, { actor: olga }).catch(() => undefined);
  const models = new Repository(new ModelDirectory([]), { aliases: registryAliases(registry, () => rollouts.aside()) });
  await models.follow();
  const app = createServer({ models });
  const replica = new RolloutReplica({ rollouts, directory: models.directory, follow: () => models.follow(), intervalMs: 20 });
  opened.push(() => registry.close(), () => service.close(), () => models.directory.close(), () => replica.stop());
  const statuses: number[] = [];
  return {
    service, statuses,
    async until(test, rounds = 200) {
      for (let round = 0; round < rounds; round++) {
        await retrainer.turn();
        await Promise.all([retrainer.settled(), gate.settled()]);
        for (let i = 0; i < 10; i++) statuses.push((await inject(app, { method: "POST", url: "/models/linear/predict", payload: JSON.stringify([[i, round % 7, 1]]) })).statusCode);
        await replica.turn();
        await new Promise((resolve) => setTimeout(resolve, 3));
        const [latest] = await retrains.list();
        if (latest !== undefined && test(latest)) return latest;
      }
      return (await retrains.list())[0]!;
    },
  };
}
const ended = (r: Retrain): boolean => r.endedAt !== null;
const drifting = { drift: () => Promise.resolve({ drifted: true, since: null, columns: ["x0"] }), metric: () => Promise.resolve([]), newLabels: () => Promise.resolve(0) };

it("drift begins a training; what it makes passes the gate and the rollout and is promoted, without one failed request", async () => {
  process.env["SECRET"] = "not for everybody";
  const script = program(`console.log([SLIPWAY_MODEL, SLIPWAY_VERSION, SLIPWAY_CAUSE, SLIPWAY_DATA, SECRET ?? "no secret", JSON.parse(readFileSync(SLIPWAY_EVIDENCE, "utf8")).evidence.columns].join(" "));\ncopyFileSync(${JSON.stringify(await prepared(2))}, SLIPWAY_OUTPUT);`);
  const { service, statuses, until } = await world({ command: [process.execPath, script], data: "s3://lake/new", triggers: { drift: true } });
  const { retrains, retrainer, registry } = service;
  retrainer.signals = drifting;
  const done = await until(ended);
  expect(done).toMatchObject({ state: "promoted", cause: "drift", evidence: { columns: ["x0"] }, parent: 1, version: 2, output: "linear 1 drift s3://lake/new no secret x0\n" });
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(await registry.version("linear:2")).toMatchObject({ createdBy: "slipway retrain", parent: 1, trainingData: "s3://lake/new", aliases: ["production"], gate: { state: "green" } });
  const actions = (await listAudit(registry.database, { model: "linear" })).map((e) => e.action);
  expect(actions.filter((a) => a.startsWith("retrain."))).toEqual(["retrain.started", "retrain.offered", "retrain.promoted"]);
  // It drifts still: nothing begins before the cooldown is over.
  for (let i = 0; i < 3; i++) await retrainer.turn();
  expect(await retrains.list()).toHaveLength(1);
}, 60_000);

it("a check file beside the model gives its package checks and a profile, so that it can be watched in its turn", async () => {
  const example = fileURLToPath(new URL("../../../../examples/churn/", import.meta.url));
  const script = program(`copyFileSync(${JSON.stringify(join(example, "churn.joblib"))}, SLIPWAY_OUTPUT);\ncopyFileSync(${JSON.stringify(join(example, "check.csv"))}, process.env.SLIPWAY_CHECK);`);
  const { service, until } = await world({ command: [process.execPath, script], triggers: { drift: true } });
  service.retrainer.signals = drifting;
  const offered = await until((r) => r.version !== null || r.endedAt !== null, 20);
  expect(offered.reason ?? "").not.toContain("check");
  const pkg = await service.registry.package(`linear:${offered.version}`);
  expect(pkg.checks!.inputs.length).toBeGreaterThan(10);
  expect(pkg.profile).not.toBeNull();
}, 60_000);

it("under a policy it asks for the release and waits; a rejection ends it", async () => {
  const policy = { approvals: 1, author: false, signed: false, expires: 86_400_000, rollback: true };
  const script = program(`copyFileSync(${JSON.stringify(await prepared(3))}, SLIPWAY_OUTPUT);`);
  const { service, until } = await world({ command: [process.execPath, script], triggers: { age: "1s" } }, { production: policy });
  const { approvals, registry, retrainer } = service;
  await approvals.override("the first version of this test", () => registry.setAlias("linear", "production", 1, { actor: { ...olga, roles: ["admin"] } }));
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const waits = await until((r) => r.request !== null);
  expect(waits).toMatchObject({ state: "approval", cause: "age", reason: expect.stringContaining("waits for approval") });
  expect((await registry.aliases("linear"))[0]!.version).toBe(1);
  const anna = { ...olga, name: "anna", roles: ["reviewer"] };
  await expect(retrainer.begin("linear", olga)).rejects.toMatchObject({ code: "retrain-open" });
  await approvals.decide(waits.request!, { decision: "reject", actor: anna, credential: "key:anna" });
  expect(await until(ended)).toMatchObject({ state: "failed", reason: "the request for its release was rejected" });
}, 60_000);

it.each([
  ["ends with an error", `console.error("no data today"); process.exit(3);`, {}, "ended with 3"],
  ["takes too long", `setTimeout(() => {}, 60_000);`, { timeout: "300ms" }, "took longer than"],
  ["leaves no file", `console.log("done");`, {}, "left no file"],
  ["leaves no model", `import { writeFileSync } from "node:fs"; writeFileSync(SLIPWAY_OUTPUT, "nothing");`, {}, ""],
])("a program that %s is told with its output, and changes nothing", async (_what, body, more, reason) => {
  const { service, until } = await world({ command: [process.execPath, program(body)], ...more });
  await service.retrainer.begin("linear", olga);
  const done = await until(ended, 20);
  expect(done).toMatchObject({ state: "failed", cause: "olga", version: null, reason: expect.stringContaining(reason) });
  if (body.includes("no data")) expect(done.output).toContain("no data today");
  expect((await service.registry.versions("linear")).map((v) => v.version)).toEqual([1]);
}, 60_000);

it("a trigger that is met again begins nothing where nothing has changed, and says so; with other data it does", async () => {
  const folderOfData = mkdtempSync(join(folder, "data-"));
  writeFileSync(join(folderOfData, "rows.csv"), "1");
  const same = join(folder, "again.slip");
  writeFileSync(same, await testPackage({ factor: 1, promises: 6 }));
  const { service, until } = await world({ command: [process.execPath, program(`copyFileSync(${JSON.stringify(same)}, SLIPWAY_OUTPUT);`)], data: folderOfData, triggers: { drift: true }, cooldown: "0s", interval: "100ms" });
  const { retrainer, retrains } = service;
  retrainer.signals = drifting;
  const first = await until(ended, 40);
  expect(first).toMatchObject({ state: "unchanged", cause: "drift" });
  expect((await retrains.details(first.id)).events.map((e) => e.state)).toEqual(["training", "unchanged"]);
  const turns = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      await new Promise((resolve) => setTimeout(resolve, 60));
      await retrainer.turn();
      await retrainer.settled();
    }
  };
  await turns(8);
  expect(await retrains.list()).toHaveLength(1);
  expect(await retrainer.setups()).toMatchObject([{ model: "linear", triggers: ["drift"], held: { cause: "drift", evidence: { columns: ["x0"] }, after: first.id, reason: expect.stringContaining("ended unchanged") } }]);
  writeFileSync(join(folderOfData, "rows.csv"), "1,2");
  await turns(8);
  expect(await retrains.list()).toHaveLength(2);
  expect(await retrainer.setups()).toMatchObject([{ held: { after: (await retrains.list())[0]!.id } }]);
  await retrainer.begin("linear", olga);
  expect(await retrainer.setups()).toMatchObject([{ held: null }]);
}, 60_000);

it("what is red at the gate goes no further, the same again is no version, and an outside service hands a version in", async () => {
  const red = join(folder, "red.slip");
  writeFileSync(red, await testPackage({ factor: 4, promises: 7 }));
  const first = await world({ command: [process.execPath, program(`copyFileSync(${JSON.stringify(red)}, SLIPWAY_OUTPUT);`)] });
  await first.service.retrainer.begin("linear", olga);
  expect(await first.until(ended, 20)).toMatchObject({ state: "failed", reason: "the gate is not passed", version: 2 });

  const same = join(folder, "same.slip");
  writeFileSync(same, await testPackage({ factor: 1, promises: 6 }));
  const second = await world({ command: [process.execPath, program(`copyFileSync(${JSON.stringify(same)}, SLIPWAY_OUTPUT);`)] });
  await second.service.retrainer.begin("linear", olga);
  expect(await second.until(ended, 20)).toMatchObject({ state: "unchanged", version: 1 });

  const { service } = await world({});
  const begun = await service.retrainer.begin("linear", olga);
  expect(begun.state).toBe("waiting");
  await service.registry.offer(await testPackage({ factor: 5, promises: 30 }), { actor: olga });
  expect(await service.retrains.handIn(begun.id, 2, olga)).toMatchObject({ state: "gate", version: 2 });
  await expect(service.retrains.handIn(begun.id, 2, olga)).rejects.toMatchObject({ code: "retrain-over" });
  await expect(service.retrainer.begin("unknown", olga)).rejects.toMatchObject({ code: "retrain-settings" });
}, 60_000);
