// `slipway serve` over a folder of models with a configuration file, as someone would run it.

import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, expect, it } from "vitest";
import { writePackage } from "../server/models/testing-packages.ts";

const bin = fileURLToPath(new URL("../../bin/slipway.mjs", import.meta.url));
let child: ChildProcess | undefined;
let folder: string;
let notes = "";
afterEach(async () => {
  const ended = child;
  child = undefined;
  if (ended?.kill("SIGTERM") === true) await once(ended, "exit");
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly url: string;
  readonly models: readonly { readonly name: string; readonly version: string }[];
  readonly error?: unknown;
}
async function serve(args: readonly string[]): Promise<Answer> {
  child = spawn(process.execPath, [bin, "serve", ...args, "--json"], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  notes = "";
  child.stderr!.setEncoding("utf8").on("data", (said: string) => (notes += said));
  let text = "";
  for await (const piece of child.stdout!) {
    text += String(piece);
    if (text.trimEnd().endsWith("}")) return JSON.parse(text) as Answer;
  }
  throw new Error(`ended without an address: ${text}`);
}

it("takes its settings from the file, and new versions from the folder while it serves", async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-serve-"));
  await writePackage(join(folder, "models/linear/1/m.slip"), { factor: 1, promises: 6 });
  writeFileSync(join(folder, "models", "broken.slip"), "no package");
  writeFileSync(join(folder, "slipway.config.yaml"), `
repository: ./models
poll: 100ms
port: 0
logLevel: error
memoryBudget: 1GB
models:
  linear:
    cache: {maxBytes: 1MB}
    traffic: {experiment: e, shadow: "1"}
rollout: {bake: 1m}
pipelines:
  twice: {steps: [{model: linear}, {name: again, model: linear, inputs: {x0: linear.value}}]}
`);
  const { url, models } = await serve([]);
  expect(models.map((m) => `${m.name} ${m.version}`)).toEqual(["linear 1", "twice 1.0.0"]);
  expect(notes).toContain("note: rollout of the configuration: slipway serve has no registry and carries none of it out; slipway up does\n");
  expect(await (await fetch(`${url}/api/v1/rollouts`)).json()).toMatchObject({ error: { code: "not-offered", hint: expect.stringContaining("slipway up") as string } });
  const ask = async (name: string) => {
    const answer = await fetch(`${url}/models/${name}/predict`, { method: "POST", body: '[{"x0": 1, "x1": 1, "x2": 1}]' });
    return { status: answer.status, experiment: answer.headers.get("x-slipway-experiment"), version: answer.headers.get("x-slipway-version"), value: ((await answer.json()) as { predictions?: [{ value: number }] }).predictions?.[0].value };
  };
  expect(await ask("linear")).toEqual({ status: 200, experiment: "e", version: "1", value: 6 });
  expect((await ask("twice")).value).toBe(11);
  expect((await ask("broken")).status).toBe(503);
  await writePackage(join(folder, "models/linear/2/m.slip"), { factor: 2, promises: 12 });
  await expect.poll(() => ask("linear").then((a) => a.value), { timeout: 60_000, interval: 100 }).toBe(12);
  expect((await ask("twice")).value).toBe(34);
  expect(await (await fetch(`${url}/metrics`)).text()).toContain("slipway_cache_misses_total");
});

it("has nothing to remark where everything is as it comes", async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-serve-"));
  await writePackage(join(folder, "m.slip"), { factor: 1, promises: 6 });
  await serve(["m.slip", "--port", "0", "--log-level", "error"]);
  expect(notes).toBe("");
});

it("refuses a misspelt key with its line, and a folder that is not there", async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-serve-"));
  writeFileSync(join(folder, "slipway.config.yaml"), "repository: ./models\nmemoryBugdet: 1GB\n");
  expect(await serve([])).toMatchObject({ error: { code: "config-key-unknown", where: "slipway.config.yaml:2, memoryBugdet", hint: "Did you mean memoryBudget?" } });
  writeFileSync(join(folder, "slipway.config.yaml"), "repository: ./nowhere\n");
  expect(await serve([])).toMatchObject({ error: { code: "bad-argument", message: 'the folder of models "./nowhere" cannot be read (ENOENT)' } });
});

it.each(["serve", "up"])("%s says that the port is taken before it loads a model", async (command) => {
  folder = mkdtempSync(join(tmpdir(), "slipway-serve-"));
  await writePackage(join(folder, "m.slip"), { factor: 1, promises: 6 });
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  try {
    const { code, stderr } = await promisify(execFile)(process.execPath, [bin, command, ...(command === "serve" ? ["m.slip"] : []), "--port", String((other.address() as AddressInfo).port)], { cwd: folder }).then(() => ({ code: 0, stderr: "" }), (error: { code: number; stderr: string }) => error);
    expect({ code, stderr: stderr.split("\n")[0] }).toEqual({ code: 2, stderr: expect.stringMatching(/another program listens on port \d+ of 127\.0\.0\.1 \[address-in-use\]$/) });
    expect(existsSync(join(folder, ".slipway"))).toBe(false);
  } finally {
    other.close();
  }
});
