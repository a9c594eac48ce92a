// Trainings at the command line: in a folder of one's own, and at a running service that carries them out.

import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startUp, workingFolder, type Place, type Running } from "../../../../scripts/testing-up.ts";
import { testPackage } from "../server/models/testing-packages.ts";
import { printedSince } from "./retrain/text.ts";

const BIN = fileURLToPath(new URL("../../bin/slipway.mjs", import.meta.url));
const TRAIN = `import { copyFileSync } from "node:fs";
for (const epoch of [1, 2]) {
  console.log("epoch " + epoch);
  await new Promise((resolve) => setTimeout(resolve, 900));
}
copyFileSync("next.slip", process.env.SLIPWAY_OUTPUT);
`;
let place: Place;
let up: Running | undefined;
const state = { asking: true };
let load: Promise<void> | undefined;

beforeAll(async () => {
  place = workingFolder({ Olga: { roles: ["operator"] }, Dora: { roles: ["developer"] }, Vera: { roles: ["viewer"] }, app: { roles: ["predictor"] } }, {
    gate: { skip: ["budgets"] }, rollout: { interval: "50ms", bake: "0s", requests: 5, shadow: { skip: true }, steps: [{ weight: 50 }, { weight: 100 }], latencySlack: "10s", maxPsi: 100 },
    // Nobody sends labels here.
    retrain: { linear: { command: [process.execPath, "train.mjs"], data: "next.slip", interval: "200ms", expectChange: false, triggers: { drift: true } }, outside: { timeout: "1h" } },
  });
  writeFileSync(join(place.folder, "train.mjs"), TRAIN);
  for (const [file, given] of [["first.slip", { factor: 1, promises: 6 }], ["next.slip", { factor: 2, promises: 12, version: "1.1.0" }], ["outside.slip", { name: "outside", factor: 1, promises: 6 }]] as const) writeFileSync(join(place.folder, file), await testPackage(given));
}, 60_000);
afterAll(async () => {
  state.asking = false;
  await load;
  await up?.stop();
  place.remove();
}, 60_000);

async function slipway(env: Record<string, string>, ...args: string[]): Promise<{ status: number; out: string; err: string }> {
  const done = await promisify(execFile)(process.execPath, [BIN, ...args], { cwd: place.folder, env: { ...process.env, SLIPWAY_DATABASE_URL: "", SLIPWAY_REGISTRY: "", ...env } }).catch((error: unknown) => error as { code: number; stdout: string; stderr: string });
  return { status: "code" in done ? done.code : 0, out: done.stdout, err: done.stderr };
}
const json = ({ out }: { out: string }): Record<string, unknown> => JSON.parse(out) as Record<string, unknown>;

it("in a folder: what is set up is listed, a training is begun and cancelled", async () => {
  for (const file of ["first.slip", "outside.slip"]) expect((await slipway({}, "registry", "push", file, "--alias", "production")).status).toBe(0);
  expect(json(await slipway({}, "retrain", "list", "linear", "--json"))).toMatchObject({ retrains: [], models: [{ model: "linear", outside: false, triggers: ["drift"], restsUntil: null, held: null }] });
  expect((await slipway({}, "retrain", "list")).out).toContain("linear: trained because of drift\noutside: trained when somebody asks, by an outside service");
  expect(await slipway({}, "retrain", "show", "linear", "--json")).toMatchObject({ status: 2, out: expect.stringContaining("retrain-unknown") as string });
  expect((await slipway({}, "retrain", "begin", "outside")).out).toMatch(/^outside: an outside service hears of it[^]*training [0-9a-f-]{36}: slipway retrain follow outside/);
  const cancelled = await slipway({}, "retrain", "cancel", "outside");
  expect(cancelled.out).toMatch(/^outside is trained anew, after outside:1, for production: cancelled: cancelled by hand\n[^]*waiting[^]*cancelled/);
  expect(await slipway({}, "retrain", "cancel", "outside")).toMatchObject({ status: 2, err: expect.stringContaining("[retrain-over]") as string });
  expect(await slipway({}, "retrain", "begin", "nobody")).toMatchObject({ status: 2, err: expect.stringContaining("[registry-not-found]") as string });
}, 120_000);

it("at a service: followed from the program's first line to the promotion, by roles", async () => {
  up = await startUp(place.folder, [], { SLIPWAY_DATABASE_URL: "", SLIPWAY_REGISTRY: "" });
  const as = (name: string): Record<string, string> => ({ SLIPWAY_SERVER: up!.url, SLIPWAY_API_KEY: place.keys[name]! });
  load = (async () => {
    for (; state.asking; await new Promise((resolve) => setTimeout(resolve, 20))) {
      await fetch(`${up!.url}/models/linear/predict`, { method: "POST", headers: { authorization: `Bearer ${place.keys["app"]!}`, "content-type": "application/json" }, body: "[[1,2,3]]" }).then((answer) => answer.arrayBuffer());
    }
  })();
  expect(await slipway(as("Vera"), "retrain", "begin", "linear")).toMatchObject({ status: 2, err: expect.stringContaining("[forbidden]") as string });
  const done = await slipway(as("Olga"), "retrain", "begin", "linear", "--follow");
  expect(done, done.err).toMatchObject({ status: 0 });
  expect(done.err).toMatch(/training: begun: Olga[^]* \| epoch 1[^]* \| epoch 2[^]*gate[^]*approval[^]*rollout[^]*rollout: linear:2 is to take over production[^]*promoted/);
  expect(done.out).toMatch(/^linear is trained anew, after linear:1, for production: promoted[^]*version linear:2, gate green, rollout/);
  expect(json(await slipway(as("Vera"), "retrain", "show", "linear", "--json"))).toMatchObject({ state: "promoted", cause: "Olga", version: 2, gate: "green", output: "epoch 1\nepoch 2\n" });
  // The same file again is no version.
  const again = await slipway(as("Olga"), "retrain", "begin", "linear", "--follow", "--json");
  expect([again.status, json(again)]).toMatchObject([1, { state: "unchanged", version: 2 }]);

  const begun = json(await slipway(as("Olga"), "retrain", "begin", "outside", "--json"));
  expect(begun).toMatchObject({ state: "waiting" });
  expect(await slipway(as("Dora"), "retrain", "hand-in", "outside", "two")).toMatchObject({ status: 2, err: expect.stringContaining("[bad-argument]") as string });
  writeFileSync(join(place.folder, "handed.slip"), await testPackage({ name: "outside", factor: 3, promises: 18, version: "1.1.0" }));
  expect((await slipway({}, "registry", "push", "handed.slip")).status).toBe(0);
  expect(json(await slipway(as("Dora"), "retrain", "hand-in", String(begun["id"]), "2", "--json"))).toMatchObject({ version: 2, cause: "Olga" });
}, 240_000);

it("what a program prints is told once, also where its beginning is gone", () => {
  const line = "x".repeat(300);
  expect([printedSince("", "a\n"), printedSince("a\n", "a\nb\n"), printedSince(`a\n${line}\n`, `${line}\nb\n`), printedSince("a\n", "b\n")]).toEqual(["a\n", "b\n", "b\n", "b\n"]);
});
