// Twenty processes at once on one registry, and processes that are killed with SIGKILL: no update is lost, no alias points
// nowhere, the audit log is whole, the store opens and verifies.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backends, type Place } from "../../../../scripts/testing-backends.ts";
import { examplePackage, person } from "../../../../scripts/testing-packages.ts";
import { listAudit } from "../audit/index.ts";
import { Registry } from "./index.ts";

const actorScript = fileURLToPath(new URL("../../../../scripts/testing-registry-actor.ts", import.meta.url));

interface Outcome {
  readonly code: number | null;
  readonly signal: string | null;
  readonly acts: readonly { readonly act: string; readonly revision?: number; readonly version?: number; readonly digest?: string }[];
  readonly errors: string;
}
interface Running {
  readonly outcome: Promise<Outcome>;
  readonly kill: () => void;
  /** Resolved at the first line. */
  readonly opened: Promise<void>;
}

function actor(place: Place, seed: number, steps: number): Running {
  const child = spawn(process.execPath, ["--conditions=@slipway/source", actorScript, place.databaseUrl, place.store, String(seed), String(steps)], { stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let errors = "";
  child.stderr.on("data", (piece: Buffer) => (errors += piece.toString()));
  const opened = new Promise<void>((done) => {
    child.stdout.on("data", (piece: Buffer) => {
      out += piece.toString();
      done();
    });
    child.on("close", () => done());
  });
  const outcome = new Promise<Outcome>((done) => child.on("close", (code, signal) => done({
    // A line that the kill cut off was not told.
    code, signal, errors, acts: out.split("\n").slice(0, -1).map((line) => JSON.parse(line) as Outcome["acts"][number]),
  })));
  return { outcome, opened, kill: () => void child.kill("SIGKILL") };
}

/** Everything that was told as done is there, and everything fits together. */
async function check(place: Place, outcomes: readonly Outcome[]): Promise<void> {
  const registry = await Registry.open(await place.open());
  try {
    const report = await registry.verify();
    expect(report.problems).toEqual([]);
    const acts = outcomes.flatMap((o) => o.acts);
    const moves = await registry.aliasHistory("shared", "production", 100_000);
    // Each move was from what the one before had set: none was lost, none was made twice.
    const inOrder = moves.toReversed();
    inOrder.forEach((move, i) => expect([move.revision, move.previous]).toEqual([i + 1, i === 0 ? null : inOrder[i - 1]!.version]));
    const told = acts.filter((a) => a.act === "moved").map((a) => a.revision!);
    for (const revision of told) expect(moves.some((m) => m.revision === revision), `move ${revision}`).toBe(true);
    const versions = await registry.versions("shared").catch(() => []);
    for (const { version, digest } of acts.filter((a) => a.act === "offered")) expect(versions.find((v) => v.version === version)?.digest).toBe(digest);
    expect(new Set(versions.map((v) => v.digest)).size).toBe(versions.length);
    expect(versions.map((v) => v.version)).toEqual(versions.map((_, i) => versions.length - i));
    const entries = (await listAudit(registry.database, { limit: 1000 })).filter((e) => e.action === "alias.moved");
    if (report.audit!.entries <= 1000) expect(entries.length).toBe(moves.length);
    // The store can be worked on, and its garbage taken, without hurting it.
    const fresh = await registry.offer(await examplePackage("shared", 99), { actor: person("after") });
    await registry.collectGarbage({ graceMs: -1000 });
    expect((await registry.package(`shared:${fresh.version}`)).digest).toBe(fresh.digest);
    expect((await registry.verify()).problems).toEqual([]);
  } finally {
    await registry.close();
  }
}

describe.each([backends[0]!, backends[3]!])("on $name", (backend) => {
  beforeAll(() => backend.start(), 60_000);
  afterAll(() => backend.stop(), 60_000);
  const test = it.skipIf(!backend.there);

  test("twenty processes offer, promote, pull and remove at once", async () => {
    const place = backend.place();
    const outcomes = await Promise.all(Array.from({ length: 20 }, (_, i) => actor(place, i + 1, 8).outcome));
    for (const { code, errors } of outcomes) expect(code, errors).toBe(0);
    const acts = outcomes.flatMap((o) => o.acts.map((a) => a.act));
    for (const act of ["offered", "moved", "pulled"]) expect(acts.filter((a) => a === act).length, act).toBeGreaterThan(2);
    await check(place, outcomes);
  }, 900_000);

  test("processes are killed at any time, and others go on", async () => {
    const place = backend.place();
    const outcomes: Outcome[] = [];
    for (let round = 0; round < 5; round++) {
      const running = Array.from({ length: 4 }, (_, i) => actor(place, 100 + round * 10 + i, 1_000_000));
      await Promise.all(running.map((r) => r.opened));
      for (const [i, one] of running.entries()) {
        await sleep(40 + ((round * 37 + i * 61) % 150));
        one.kill();
      }
      const ended = await Promise.all(running.map((r) => r.outcome));
      for (const { signal, errors } of ended) expect(signal, errors).toBe("SIGKILL");
      outcomes.push(...ended);
    }
    expect(outcomes.flatMap((o) => o.acts).filter((a) => a.act !== "opened").length).toBeGreaterThan(5);
    await check(place, outcomes);
  }, 900_000);
});

/** Every seventh step, which is each kind of them; every single one, in some minutes, with SLIPWAY_TEST_EVERY_STEP=1. */
const STRIDE = process.env["SLIPWAY_TEST_EVERY_STEP"] === "1" ? 1 : 7;

describe("killed before a step", () => {
  const backend = backends[0]!;
  beforeAll(() => backend.start(), 60_000);
  afterAll(() => backend.stop(), 60_000);
  const script = fileURLToPath(new URL("../../../../scripts/testing-registry-killed.ts", import.meta.url));
  const run = (place: Place, steps: number): Promise<{ signal: string | null; told: string[]; errors: string }> => new Promise((done) => {
    const child = spawn(process.execPath, ["--conditions=@slipway/source", script, place.databaseUrl, place.store, String(steps)], { stdio: ["ignore", "pipe", "pipe"] });
    let [out, errors] = ["", ""];
    child.stdout.on("data", (piece: Buffer) => (out += piece.toString()));
    child.stderr.on("data", (piece: Buffer) => (errors += piece.toString()));
    child.on("close", (_code, signal) => done({ signal, told: out.trim().split("\n"), errors }));
  });

  /** Where it was left, everything fits; what was told is there; and the work can be done to its end. */
  async function goOn(place: Place, told: readonly string[]): Promise<void> {
    const registry = await Registry.open(await place.open());
    try {
      const kim = person("kim");
      expect((await registry.verify()).problems).toEqual([]);
      const state = (version: number): Promise<string> => registry.version(`churn:${version}`).then((v) => v.state, () => "none");
      if (told.includes("removed 1")) expect(await state(1)).toBe("deleted");
      else if (told.includes("offered 1")) expect(await state(1)).not.toBe("none");
      if (told.includes("offered 2")) expect(await state(2)).toBe("available");
      const alias = (await registry.aliases("churn"))[0]?.version;
      if (told.includes("moved 2")) expect(alias).toBe(2);
      else if (told.includes("moved 1")) expect([1, 2]).toContain(alias);
      if (alias !== undefined) expect((await registry.package("churn@production")).digest).toBe((await registry.version(`churn:${alias}`)).digest);
      if (told.includes("attached 2")) expect((await registry.version("churn:2")).gate.state).toBe("green");
      await registry.collectGarbage({ graceMs: -1000 });
      for (const seed of [1, 2]) await registry.offer(await examplePackage("churn", seed), { actor: kim });
      await registry.setAlias("churn", "production", 2, { actor: kim });
      for (const version of [1, 2]) await registry.package(`churn:${version}`);
      expect((await registry.verify()).problems).toEqual([]);
    } finally {
      await registry.close();
    }
  }

  it("leaves a store that opens, verifies and goes on", async () => {
    const whole = backend.place();
    const { told, errors } = await run(whole, 1_000_000);
    const steps = Number(/whole after (\d+)/.exec(told.at(-1)!)?.[1]);
    expect(steps, errors).toBeGreaterThan(60);
    await goOn(whole, told);
    let next = 1 - STRIDE;
    await Promise.all(Array.from({ length: 2 }, async () => {
      for (let at = (next += STRIDE); at <= steps; at = next += STRIDE) {
        const place = backend.place();
        const ended = await run(place, at);
        expect(ended.signal, `step ${at}: ${ended.errors}`).toBe("SIGKILL");
        await goOn(place, ended.told);
      }
    }));
  }, 900_000);
});
