// The built program of a device as a process of its own: installed from a written folder, updated over HTTP, and killed at
// any time (SIGKILL), over and over: it always answers with a good model.

import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateSigningKey, type SigningKey } from "@slipway/core/signing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { linearPackage, ROW } from "../../../edge/src/device/testing.ts";
import { serveFiles, type StaticServer } from "../../../../scripts/testing-static.ts";
import { makeEdge, makeRelease, writeFolder } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-device-process-"));
const files = new Map<string, Uint8Array>();
let site: StaticServer;
let key: SigningKey;
const children = new Set<ChildProcess>();
beforeAll(async () => {
  site = await serveFiles(files);
  ({ key } = await generateSigningKey());
  const { files: made } = await makeEdge(await linearPackage("1.0.0", [1, 1, 1]), "device", { from: folder, device: { keys: [key.publicKey], updates: site.url, home: undefined, record: "none", everySeconds: 1, release: 1 } });
  await writeFolder(join(folder, "device"), made);
});
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await site.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<{ url: string; child: ChildProcess; ended: Promise<unknown> }> {
  const child = spawn(process.execPath, [join(folder, "device", "device.mjs")], { cwd: folder, env: { ...process.env, PORT: "0", STATE_DIRECTORY: join(folder, "state") }, stdio: ["ignore", "ignore", "pipe"] });
  children.add(child);
  const ended = new Promise((resolve) => child.once("exit", resolve)).then(() => children.delete(child));
  const url = await new Promise<string>((resolve, reject) => {
    let said = "";
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      const found = /answers on (http:\S+)/.exec(said);
      if (found !== null) resolve(found[1]!);
    });
    child.once("exit", (code) => reject(new Error(`the device ended with ${code}: ${said}`)));
  });
  return { url, child, ended };
}
async function value(url: string): Promise<number> {
  const answer = await fetch(`${url}/predict`, { method: "POST", body: JSON.stringify(ROW) });
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { predictions: { value: number }[] }).predictions[0]!.value;
}
async function publish(version: string, weight: number, release: number): Promise<void> {
  const made = await makeRelease(await linearPackage(version, [weight, weight, weight]), key, { folder: join(folder, "none"), release, validDays: 1 });
  for (const [name, bytes] of made.files) files.set(name, bytes);
}

describe("a device's program", () => {
  it("answers, says what it is, and refuses what does not fit", async () => {
    const { url, child, ended } = await start();
    expect(await value(url)).toBe(6);
    expect(await (await fetch(`${url}/status`)).json()).toMatchObject({ model: { version: "1.0.0", from: "factory", check: { passed: true } } });
    const refused = await fetch(`${url}/predict`, { method: "POST", body: '[{"x0": 1}]' });
    expect([refused.status, ((await refused.json()) as { error: { code: string } }).error.code]).toEqual([400, "request-invalid"]);
    expect((await fetch(`${url}/elsewhere`)).status).toBe(404);
    child.kill("SIGTERM");
    await ended;
  });
  it("is killed again and again while it updates itself: every start answers with the old model or a newer one", async () => {
    let seen = 6;
    for (let round = 2; round < 10; round++) {
      await publish(`${round}.0.0`, round, round);
      const { url, child, ended } = await start();
      const found = await value(url);
      expect([found >= seen, found % 6]).toEqual([true, 0]);
      seen = found;
      // Somewhere within the update that began with the start.
      await new Promise((resolve) => setTimeout(resolve, round * 6));
      child.kill("SIGKILL");
      await ended;
    }
    const { url, child, ended } = await start();
    for (let tries = 0; tries < 100 && (await value(url)) !== 54; tries++) await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await value(url)).toBe(54);
    child.kill("SIGTERM");
    await ended;
  });
});
