// A server that follows a real registry's aliases, while it is asked all the time.

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ModelPackage } from "@slipway/core/package";
import { person } from "../../../../../scripts/testing-packages.ts";
import { openDatabase } from "../../database/index.ts";
import { LayoutStore } from "../../oci/index.ts";
import { Registry } from "../../registry/index.ts";
import { packModel } from "../../runtime/pack.ts";
import { createServer, ModelDirectory, Repository, type App } from "../index.ts";
import { inject } from "../testing.ts";
import { registryAliases } from "./registry-aliases.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-follow-"));
const churn = fileURLToPath(new URL("../../../../../examples/churn/churn.joblib", import.meta.url));
const kim = person("kim");
const ROW = JSON.stringify([{ contract: "one year", internet: "dsl", tenure_months: 14, monthly_charges: 40, support_calls: 2, senior: false }]);

let registry: Registry;
let aliases: ReturnType<typeof registryAliases>;
let repository: Repository;
let app: App;
const packed = async (version: string): Promise<ModelPackage> => (await packModel(churn, await readFile(churn), { name: "churn", version, prove: true })).package;
beforeAll(async () => {
  registry = await Registry.open({ database: await openDatabase(`sqlite:${join(folder, "registry.db")}`), blobs: await LayoutStore.open(join(folder, "oci"), { create: true }) });
  for (const version of ["1.0.0", "2.0.0", "3.0.0"]) await registry.offer(await packed(version), { actor: kim });
  aliases = registryAliases(registry);
  repository = new Repository(new ModelDirectory([]), { aliases });
  app = createServer({ models: repository });
}, 60_000);
afterAll(async () => {
  await app.context.models.close();
  await aliases.close();
  await registry.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Copies of packages that servers on this machine work with; those of others that were there before are not looked at. */
const copies = (): string[] => readdirSync(tmpdir()).filter((f) => f.startsWith("slipway-served-")).flatMap((f) => readdirSync(join(tmpdir(), f)));
const others = new Set(copies());

const ask = async (path = "/models/churn/predict") => {
  const answer = await inject(app, { method: "POST", url: path, payload: ROW, headers: { "content-type": "application/json" } });
  return { status: answer.statusCode, version: answer.headers["x-slipway-version"], code: answer.errorCode };
};
const served = (): string[] => app.context.models.list.filter((v) => v.state === "ready").map((v) => v.version);

describe("aliases of a registry", () => {
  it("say what is served: nothing before the first", async () => {
    expect(await repository.follow()).toEqual([]);
    expect(await ask()).toMatchObject({ status: 404, code: "model-unknown" });
    await registry.setAlias("churn", "production", 1, { actor: kim });
    expect(await repository.follow()).toEqual([]);
    expect(await ask()).toMatchObject({ status: 200, version: "1" });
    expect(await ask("/models/churn/versions/production/predict")).toMatchObject({ status: 200, version: "1" });
    expect(await ask("/models/churn/versions/2/predict")).toMatchObject({ status: 404 });
  });
  it("are followed without a refused request, and the version that left is let go", async () => {
    await registry.setAlias("churn", "staging", 2, { actor: kim });
    await repository.follow();
    expect(served()).toEqual(["1", "2"]);
    expect(await ask()).toMatchObject({ version: "1" });

    const moved = new AbortController();
    const asking = (async () => {
      const answers: Awaited<ReturnType<typeof ask>>[] = [];
      while (!moved.signal.aborted) {
        answers.push(await ask());
        await new Promise((resolve) => setImmediate(resolve));
      }
      return answers;
    })();
    await registry.setAlias("churn", "production", 3, { actor: kim });
    await repository.follow();
    moved.abort();
    const answers = await asking;
    expect(answers.length).toBeGreaterThan(3);
    expect(answers.every((a) => a.status === 200)).toBe(true);
    expect([...new Set(answers.map((a) => a.version))]).toEqual(expect.arrayContaining(["1"]));
    expect(answers.map((a) => a.version).join("")).toMatch(/^1+3*$/);
    expect(await ask()).toMatchObject({ version: "3" });
    await repository.settled();
    expect(served()).toEqual(["2", "3"]);
    await registry.removeAlias("churn", "staging", { actor: kim });
    await repository.follow();
    await repository.settled();
    expect(served()).toEqual(["3"]);
    const there = copies();
    expect(there.filter((f) => /^churn-[12]-/.test(f) && !others.has(f))).toEqual([]);
  });
  it("that name a version which cannot be loaded stay where they were, and move when it can", async () => {
    const now = Date.now();
    const source = registryAliases(registry);
    let away = true;
    const other = new Repository(new ModelDirectory([]), { aliases: { look: () => source.look(), fetch: (model, version) => (version === "2" && away ? Promise.reject(new Error("the store is away")) : source.fetch(model, version)) } });
    expect(await other.follow()).toEqual([]);
    await registry.setAlias("churn", "production", 2, { actor: kim });
    expect(await other.follow()).toEqual([expect.stringContaining("churn:2")]);
    expect(other.directory.find("churn").version).toBe("3");
    away = false;
    expect(await other.follow()).toEqual([]);
    expect(other.directory.find("churn").version, "not before its time").toBe("3");
    expect(await other.follow(now + 20_000)).toEqual([]);
    expect(other.directory.find("churn").version).toBe("2");
    await other.directory.close();
    await source.close();
  });
});
