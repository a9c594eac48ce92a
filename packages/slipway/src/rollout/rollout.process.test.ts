// Rollouts as they go: good and bad versions under requests, on SQLite and on Postgres with two replicas.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backends, type Place } from "../../../../scripts/testing-backends.ts";
import { listAudit } from "../audit/index.ts";
import type { RolloutSettings } from "../config/index.ts";
import { answersOf, lossOf } from "../monitor/index.ts";
import type { LabelledAnswers, LabelSource } from "./labels.ts";
import type { Return, RolloutDetails, RolloutState } from "./index.ts";
import { inject } from "../server/testing.ts";
import { loanPackage, loanRow, olga, openReplica, type LoanPackage, type ReplicaSettings } from "./testing.ts";

type Cluster = Awaited<ReturnType<typeof openReplica>>[];

const QUICK = { interval: 20, bake: 0, requests: 40, steps: [{ weight: 10 }, { weight: 50 }, { weight: 100 }], latencySlack: 200 } as const satisfies Partial<RolloutSettings>;
const settings: ReplicaSettings = { rollout: { ...QUICK, shadow: { skip: false, requests: 40, share: 1, maxDisagreement: 0.1, maxDifference: 0.5 } } };

const PATIENCE_MS = 200_000;

describe.each(backends.filter((b) => b.store === "layout"))("on $name", { timeout: 420_000 }, (backend) => {
  beforeAll(() => backend.start(), 60_000);
  afterAll(() => backend.stop());
  const test = it.skipIf(!backend.there);
  // What the database has no part in is tried once.
  const once = it.skipIf(backend.database !== "sqlite");
  const replicas = backend.database === "postgres" ? 2 : 1;

  async function open(place: Place, versions: readonly LoanPackage[], given: ReplicaSettings = settings): Promise<Cluster> {
    const first = await openReplica(place, given);
    for (const version of versions) await first.registry.offer(await loanPackage(version), { actor: olga });
    await first.registry.setAlias("loan", "production", 1, { actor: olga });
    const cluster = [first, ...(await Promise.all(Array.from({ length: replicas - 1 }, () => openReplica(place, given))))];
    for (const { follow } of cluster) await follow();
    return cluster;
  }
  const failures: number[] = [];
  /** Requests and turns until the rollout has ended, or so many rounds are over: by default as many as a busy machine needs. */
  async function drive(cluster: Cluster, id: string, rounds?: number, until: (r: RolloutDetails) => boolean = (r) => r.endedAt !== null): Promise<RolloutDetails> {
    failures.length = 0;
    const began = performance.now();
    for (let round = 0; rounds === undefined ? performance.now() - began < PATIENCE_MS : round < rounds; round++) {
      for (const [at, { ask, replica }] of cluster.entries()) {
        const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => ask(round * 31 + i * 7 + at)));
        failures.push(...answers.filter((a) => a.statusCode !== 200).map((a) => a.statusCode));
        await replica.turn();
      }
      await new Promise((resolve) => setTimeout(resolve, 3));
      const now = await cluster[0]!.rollouts.get(id);
      if (until(now)) return now;
    }
    return cluster[0]!.rollouts.get(id);
  }
  const served = async (cluster: Cluster): Promise<string[]> => Promise.all(cluster.map(async ({ ask }) => (await ask(1)).headers["x-slipway-version"]!));
  const closeAll = (cluster: Cluster): Promise<unknown> => Promise.all(cluster.map((r) => r.close()));

  test("a good version goes through shadow and steps and is promoted, without one failed request", async () => {
    const cluster = await open(backend.place(), [{ version: "1.0.0" }, { version: "1.0.1", limit: 50.2 }]);
    try {
      const { id } = await cluster[0]!.rollouts.start({ model: "loan", version: 2, alias: "production", actor: olga });
      const done = await drive(cluster, id);
      expect([done.state, failures]).toEqual(["promoted" satisfies RolloutState, []]);
      expect(done.events.filter((e) => e.kind === "stage").map((e) => e.text.split(" is passed")[0])).toEqual(["replay", "shadow", "rehearsal", "step 1 of 3: 10 %", "step 2 of 3: 50 %"]);
      expect((await cluster[0]!.registry.aliases("loan"))[0]).toMatchObject({ version: 2, updatedBy: "olga" });
      for (const { replica } of cluster) await replica.turn();
      expect(await served(cluster)).toEqual(cluster.map(() => "2"));
      // The one before is still there to go back to.
      expect((await cluster[0]!.ask(1, { "x-slipway-version": "1" })).statusCode).toBe(200);
      expect(done.replicas.length).toBe(replicas);
    } finally {
      await closeAll(cluster);
    }
  });

  once.each([
    ["refuses rows", { version: "1.0.1", strict: true }, "failed"],
    ["answers otherwise", { version: "1.0.1", limit: 30 }, "labels differ"],
  ] as const)("a version that %s is rolled back by itself", async (_what, candidate, why) => {
    const cluster = await open(backend.place(), [{ version: "1.0.0" }, candidate]);
    try {
      const { id } = await cluster[0]!.rollouts.start({ model: "loan", version: 2, alias: "production", actor: olga });
      const done = await drive(cluster, id);
      expect([done.state, done.reason]).toEqual(["aborted", expect.stringContaining(why)]);
      expect((await cluster[0]!.registry.aliases("loan"))[0]!.version).toBe(1);
      for (const { replica } of cluster) await replica.turn();
      expect(await served(cluster)).toEqual(cluster.map(() => "1"));
    } finally {
      await closeAll(cluster);
    }
  });

  const good: readonly LoanPackage[] = [{ version: "1.0.0" }, { version: "1.0.1", limit: 50.2 }];
  const begin = (cluster: Cluster, plan: object = {}): Promise<{ readonly id: string }> => cluster[0]!.rollouts.start({ model: "loan", version: 2, alias: "production", plan, actor: olga });
  const atStep = (r: RolloutDetails): boolean => r.stages[r.stage]?.kind === "step" && r.replicas.every((p) => p.revision === r.revision);

  test("goes on where it was when the leader is killed in the middle, and loses no count that was written", async () => {
    const place = backend.place();
    const cluster = await open(place, good);
    try {
      const { id } = await begin(cluster, { requests: 400 });
      // With a step to come, whose beginning tells what this one counted.
      const before = await drive(cluster, id, undefined, (r) => atStep(r) && r.stage < r.stages.length - 1 && r.samples.at(-1)!.canary.requests > 5);
      const leads = cluster.findIndex((r) => r.replica.name === before.leader);
      await cluster[leads]!.kill();
      cluster[leads] = await openReplica(place, settings);
      const done = await drive(cluster, id);
      expect([done.state, failures]).toEqual(["promoted", []]);
      expect(done.events.filter((e) => e.kind === "leader").map((e) => e.text)).toContainEqual(expect.stringContaining(`in the place of ${before.leader!}`));
      expect(done.replicas.map((r) => r.replica)).toContain(before.leader);
      const [first] = done.events.filter((e) => e.kind === "stage" && e.stage === before.stage + 1);
      const { figures } = (first!.detail["findings"] as { signal: string; figures: Record<string, number> }[]).find((f) => f.signal === "requests")!;
      expect(figures["requests"]).toBeGreaterThanOrEqual(400);
    } finally {
      await closeAll(cluster);
    }
  });

  once("is paused, resumed and aborted by hand; going back is one assignment, and the alias never moved", async () => {
    const cluster = await open(backend.place(), good);
    const [{ rollouts, ask }] = cluster as [Cluster[number]];
    try {
      const { id } = await begin(cluster, { steps: [{ weight: 60 }, { weight: 100 }], requests: 100_000, shadow: { skip: true } });
      await drive(cluster, id, undefined, atStep);
      await rollouts.pause(id, olga);
      const paused = await drive(cluster, id, 30, () => false);
      expect([paused.state, paused.stages[paused.stage]]).toEqual(["paused", expect.objectContaining({ weight: 60 })]);
      const versions = new Set(await Promise.all(Array.from({ length: 40 }, async (_, i) => (await ask(i)).headers["x-slipway-version"])));
      expect(versions).toEqual(new Set(["1", "2"]));
      // Who asks for the alias is part of it, who asks for a version is not.
      expect((await inject(cluster[0]!.app, { method: "POST", url: "/models/loan/versions/1/predict", payload: JSON.stringify([loanRow(1)]) })).headers["x-slipway-version"]).toBe("1");
      expect((await rollouts.resume(id, olga)).state).toBe("running");
      const aborted = await rollouts.abort(id, olga, "we saw something");
      expect(aborted).toMatchObject({ state: "aborted", reason: "we saw something" });
      for (const { replica } of cluster) await replica.turn();
      for (let i = 0; i < 30; i++) expect((await ask(i)).headers["x-slipway-version"]).toBe("1");
      await expect(rollouts.resume(id, olga)).rejects.toMatchObject({ code: "rollout-over" });
      expect((await cluster[0]!.registry.aliasHistory("loan", "production")).length).toBe(1);
      const entries = await listAudit(cluster[0]!.registry.database, { model: "loan" });
      expect(entries.map((e) => e.action).filter((a) => a.startsWith("rollout."))).toEqual(["rollout.started", "rollout.advanced", "rollout.advanced", "rollout.paused", "rollout.resumed", "rollout.aborted"]);
    } finally {
      await closeAll(cluster);
    }
  });

  once("a version that labels show to be wrong more often is rolled back by itself", async () => {
    const rows = (count: number, wrong: number): LabelledAnswers => ({ kind: "classification", rows: Array.from({ length: count }, (_, i) => ({ id: `elsewhere-${i}`, answer: "yes", label: i < wrong ? "no" : "yes", receivedAt: "2026-03-01T00:00:00.000Z" })) });
    const labels: LabelSource = { labelled: (_model, version) => Promise.resolve(version === "2" ? rows(300, 90) : rows(600, 60)), loss: lossOf, answers: answersOf };
    const cluster = await open(backend.place(), good, { ...settings, labels });
    try {
      const { id } = await begin(cluster, { shadow: { skip: true }, requests: 100_000 });
      const done = await drive(cluster, id);
      expect([done.state, done.reason]).toEqual(["aborted", "30.0 % of predictions with a label were wrong, the baseline's 10.0 %"]);
    } finally {
      await closeAll(cluster);
    }
  });

  test("a version that is to answer otherwise goes on by labels of what both answered, and a worse one never answers", async () => {
    // What is true: everybody above 70.
    const truth = new Map<string, string>();
    const labels: LabelSource = {
      labelled: (_model, version) => Promise.resolve(version === "2" || version === "3" ? undefined : { kind: "classification", rows: [...truth].map(([id, label]) => ({ id, answer: "", label, receivedAt: "2026-03-01T00:00:00.000Z" })) }),
      loss: lossOf, answers: answersOf,
    };
    const cluster = await open(backend.place(), [{ version: "1.0.0" }, { version: "2.0.0", limit: 70 }, { version: "3.0.0", limit: 10 }], { ...settings, labels });
    const score = ({ age, plan }: { age: number | null; plan: string }): number => (age ?? 0) + (plan === "pro" ? 10 : 0);
    const asked = cluster.map((r) => ({ ...r, ask: async (i: number, headers?: Readonly<Record<string, string>>) => {
      const answer = await r.ask(i, headers);
      const row = loanRow(i) as { age: number | null; plan: string };
      if (row.age !== null) truth.set(`${answer.headers["x-prediction-id"]}-0`, score(row) > 70 ? "yes" : "no");
      return answer;
    } }));
    const [{ rollouts }] = cluster as [Cluster[number]];
    try {
      const worse = await rollouts.start({ model: "loan", version: 3, alias: "production", plan: { expectChange: true, shadow: { requests: 60 } }, actor: olga });
      const stopped = await drive(asked, worse.id);
      expect([stopped.state, stopped.stages[stopped.stage]?.kind, stopped.findings.filter((f) => f.verdict === "abort").map((f) => f.signal), failures]).toEqual(["aborted", "shadow", ["paired-labels"], []]);
      const better = await begin(cluster, { expectChange: true, shadow: { requests: 60 } });
      const done = await drive(asked, better.id);
      expect([done.state, failures], JSON.stringify(done.findings)).toEqual(["promoted", []]);
      const shadowed = done.events.find((e) => e.kind === "stage" && e.text.startsWith("shadow"))!.detail["findings"] as { signal: string; verdict: string; text: string }[];
      expect(shadowed.find((f) => f.signal === "disagreement")).toMatchObject({ verdict: "promote", text: expect.stringContaining("as is expected of it") });
      expect(shadowed.find((f) => f.signal === "paired-labels")).toMatchObject({ verdict: "promote", text: expect.stringContaining("0.0 % were wrong") });
    } finally {
      await closeAll(cluster);
    }
  });

  once("waits in a frozen time", async () => {
    const cluster = await open(backend.place(), good);
    try {
      const at = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString();
      const { id } = await begin(cluster, { freeze: [{ from: at(-1), to: at(1) }] });
      const waits = await drive(cluster, id, 60, (r) => r.reason !== "");
      expect([waits.state, waits.stage, waits.reason]).toEqual(["running", 0, expect.stringContaining("frozen until")]);
    } finally {
      await closeAll(cluster);
    }
  });

  once("holds on silence, and is promoted by hand", async () => {
    const cluster = await open(backend.place(), good);
    try {
      const { id } = await begin(cluster, { requests: 1_000_000 });
      const held = await drive(cluster, id, 60, () => false);
      expect([held.state, held.verdict, held.findings.some((f) => f.signal === "requests" && f.verdict === "hold")]).toEqual(["running", "hold", true]);
      const promoted = await cluster[0]!.rollouts.promote(id, olga);
      expect(promoted.state).toBe("promoted");
      for (const { replica } of cluster) await replica.turn();
      expect(await served(cluster)).toEqual(cluster.map(() => "2"));
    } finally {
      await closeAll(cluster);
    }
  });

  test("goes back after the promotion to the version before, which is loaded still, and tells why", async () => {
    const cluster = await open(backend.place(), [...good, { version: "1.0.2", limit: 50.4 }]);
    const [{ rollouts, registry }] = cluster as [Cluster[number]];
    const back = (reason: string): Promise<Return> => rollouts.rollback({ model: "loan", alias: "production", reason, actor: olga });
    try {
      await expect(back("why not")).rejects.toMatchObject({ code: "rollout-no-way-back" });
      const { id } = await begin(cluster, { shadow: { skip: true }, requests: 1_000_000 });
      await expect(back("why not")).rejects.toMatchObject({ code: "rollout-open" });
      await rollouts.promote(id, olga);
      for (const { replica } of cluster) await replica.turn();
      await expect(back("  ")).rejects.toMatchObject({ code: "rollout-reason" });
      expect(await rollouts.wayBack("loan", "production")).toEqual({ model: "loan", alias: "production", from: 2, to: 1 });
      expect(await back("orders fell by half")).toEqual({ model: "loan", alias: "production", from: 2, to: 1, rollout: id });
      for (const { replica } of cluster) await replica.turn();
      expect(await served(cluster)).toEqual(cluster.map(() => "1"));
      const taken = await rollouts.get(id);
      expect(taken).toMatchObject({ state: "rolled-back", reason: "orders fell by half", endedBy: "olga" });
      expect(taken.events.at(-1)).toMatchObject({ kind: "rolled-back", text: "production is loan:1 again: orders fell by half" });
      expect((await listAudit(registry.database, { model: "loan" })).find((e) => e.action === "rollout.rolled-back")).toMatchObject({ version: 1, actor: "olga", detail: { from: 2, to: 1, rollout: id, reason: "orders fell by half" } });
      await expect(back("again")).rejects.toMatchObject({ code: "rollout-no-way-back" });
      // A version that came without a rollout is gone back from as well.
      await registry.setAlias("loan", "production", 3, { actor: olga });
      // Whoever saw another one in use has to look again.
      await expect(rollouts.rollback({ model: "loan", alias: "production", reason: "seen before", expected: 2, actor: olga })).rejects.toMatchObject({ code: "registry-alias-moved" });
      expect((await registry.aliases("loan"))[0]).toMatchObject({ version: 3 });
      expect(await back("worse still")).toMatchObject({ from: 3, to: 1, rollout: null });
    } finally {
      await closeAll(cluster);
    }
  });

  once("goes back as the policy allows: to what was promoted there before, or past it with an administrator's reason", async () => {
    const place = backend.place();
    await closeAll(await open(place, good));
    const policy = { approvals: 1, author: true, signed: false, expires: 86_400_000, rollback: true };
    const guarded = await openReplica(place, { ...settings, approvals: { production: policy } });
    const back = (): Promise<Return> => guarded.rollouts.rollback({ model: "loan", alias: "production", reason: "it fails", actor: olga });
    const version = async (): Promise<number> => (await guarded.registry.aliases("loan"))[0]!.version;
    try {
      const request = await guarded.approvals.open({ model: "loan", version: 2, alias: "production", actor: olga });
      await guarded.approvals.decide(request.id, { decision: "approve", actor: { ...olga, name: "anna", roles: ["reviewer"] }, credential: "key:anna" });
      await guarded.registry.setAlias("loan", "production", 2, { actor: olga });
      // Nobody ever approved the first one: it came before there was a policy.
      await expect(back()).rejects.toMatchObject({ code: "policy-unmet" });
      expect(await version()).toBe(2);
      expect(await guarded.approvals.override("an emergency", back)).toMatchObject({ to: 1 });
      expect(await version()).toBe(1);
      expect((await listAudit(guarded.registry.database, { model: "loan" })).map((e) => e.action).slice(-3)).toEqual(["alias.overridden", "alias.moved", "rollout.rolled-back"]);
      // The second one was promoted there: it may come back, and go again, without anybody.
      await guarded.registry.setAlias("loan", "production", 2, { actor: olga });
    } finally {
      await guarded.close();
    }
  });

  once("needs what the alias's policy asks, before it begins and at its end", async () => {
    const policies = { production: { approvals: 1, author: true, signed: false, expires: 86_400_000, rollback: true } };
    const place = backend.place();
    const cluster = await open(place, good);
    await closeAll(cluster);
    const guarded = [await openReplica(place, { ...settings, approvals: policies })];
    try {
      await expect(begin(guarded)).rejects.toMatchObject({ code: "policy-unmet" });
      const request = await guarded[0]!.approvals.open({ model: "loan", version: 2, alias: "production", actor: olga });
      const anna = { ...olga, name: "anna", roles: ["reviewer"] };
      await guarded[0]!.approvals.decide(request.id, { decision: "approve", actor: anna, credential: "key:anna" });
      const { id } = await begin(guarded);
      await drive(guarded, id, undefined, atStep);
      // Taken back in the middle: it goes no further.
      await guarded[0]!.approvals.decide(request.id, { decision: "reject", actor: anna, credential: "key:anna" });
      const waits = await drive(guarded, id, 80);
      expect([waits.state, waits.reason]).toEqual(["aborted", expect.stringContaining("rejected")]);
      expect((await guarded[0]!.registry.aliases("loan"))[0]!.version).toBe(1);
    } finally {
      await closeAll(guarded);
    }
  });

  test("what cannot be is refused, and a moved alias ends it", async () => {
    const cluster = await open(backend.place(), good);
    const [{ rollouts, registry }] = cluster as [Cluster[number]];
    const start = (given: object): Promise<unknown> => rollouts.start({ model: "loan", version: 2, alias: "production", actor: olga, ...given });
    try {
      await expect(start({ version: 1 })).rejects.toMatchObject({ code: "rollout-baseline" });
      await expect(start({ alias: "staging" })).rejects.toMatchObject({ code: "rollout-baseline" });
      await expect(start({ version: 9 })).rejects.toMatchObject({ code: "registry-not-found" });
      await expect(start({ plan: { steps: [{ weight: 50 }, { weight: 10 }] } })).rejects.toMatchObject({ code: "rollout-plan" });
      await expect(start({ plan: { stepz: [] } })).rejects.toMatchObject({ code: "config-key-unknown" });
      const { id } = await begin(cluster);
      await expect(start({})).rejects.toMatchObject({ code: "rollout-open" });
      await expect(registry.removeVersion("loan", 2, { actor: olga })).rejects.toMatchObject({ code: "registry-in-use" });
      await registry.removeAlias("loan", "production", { actor: olga });
      const done = await drive(cluster, id, 50);
      expect([done.state, done.reason]).toEqual(["aborted", expect.stringContaining("names nothing now")]);
    } finally {
      await closeAll(cluster);
    }
  });
});
