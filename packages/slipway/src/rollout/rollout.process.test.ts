// Rollouts as they go: good and bad versions under requests, on SQLite and on Postgres with two replicas.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backends, type Place } from "../../../../scripts/testing-backends.ts";
import type { RolloutSettings } from "../config/index.ts";
import type { RolloutDetails, RolloutState } from "./index.ts";
import { loanPackage, olga, openReplica, type LoanPackage, type ReplicaSettings } from "./testing.ts";

type Cluster = Awaited<ReturnType<typeof openReplica>>[];

const QUICK = { interval: 20, bake: 0, requests: 40, steps: [{ weight: 10 }, { weight: 50 }, { weight: 100 }], latencySlack: 200 } as const satisfies Partial<RolloutSettings>;
const settings: ReplicaSettings = { rollout: { ...QUICK, shadow: { skip: false, requests: 40, share: 1, maxDisagreement: 0.1, maxDifference: 0.5 } } };

describe.each(backends.filter((b) => b.store === "layout"))("on $name", (backend) => {
  beforeAll(() => backend.start(), 60_000);
  afterAll(() => backend.stop());
  const test = it.skipIf(!backend.there);
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
  /** Requests and turns until the rollout has ended, or so many rounds are over. */
  async function drive(cluster: Cluster, id: string, rounds = 400, until: (r: RolloutDetails) => boolean = (r) => r.endedAt !== null): Promise<RolloutDetails> {
    failures.length = 0;
    for (let round = 0; round < rounds; round++) {
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

  test.each([
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
});
