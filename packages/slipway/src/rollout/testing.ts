// For tests: replicas over one registry, in one process, and requests for them.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildPackage, type Checks, type ModelPackage } from "@slipway/core/package";
import { generateSigningKey } from "@slipway/core/signing";
import { openPlace, type Place } from "../../../../scripts/testing-backends.ts";
import { Approvals, readPolicies } from "../approvals/index.ts";
import type { Actor } from "../audit/index.ts";
import type { ApprovalSettings, RolloutSettings } from "../config/index.ts";
import { Registry } from "../registry/index.ts";
import { columnsModel } from "../runtime/testing.ts";
import { createServer, ModelDirectory, Repository, type App } from "../server/index.ts";
import { registryAliases } from "../server/models/registry-aliases.ts";
import { inject, type InjectedAnswer } from "../server/testing.ts";
import { RolloutReplica, Rollouts, type ReplicaOptions } from "./index.ts";

export const olga: Actor = { name: "olga", roles: ["operator"], groups: [], how: "key" };

export interface LoanPackage {
  readonly version: string;
  /** The score above which the label is "yes". */
  readonly limit?: number;
  /** Refuses rows without an age. */
  readonly strict?: boolean;
  /** Makes it slow. */
  readonly work?: number;
  readonly checks?: Checks | null;
}
/** A model of ages, plans and members; see columnsModel. */
export async function loanPackage({ version, limit = 50, strict = false, work = 0, checks = null }: LoanPackage): Promise<ModelPackage> {
  const { model, signature } = columnsModel("loan", limit, work);
  return buildPackage({
    manifest: { name: "loan", version, source: { file: "m.pkl", sha256: "0".repeat(64), bytes: 1, format: "pickle", producer: {}, rootClass: "test" }, tool: { name: "slipway", version: "0" }, lineage: [] },
    model, checks, profile: null, card: "", sbom: {},
    signature: strict ? { ...signature, columns: signature.columns.map((c) => (c.name === "age" ? { ...c, missing: "refused" as const } : c)) } : signature,
  });
}

/** The same for the same number; one in ten has no age. */
export function loanRow(i: number): object {
  return { age: i % 10 === 7 ? null : 18 + ((i * 37) % 70), plan: i % 3 === 0 ? "pro" : "basic", member: false, note: null };
}

export interface TestReplica {
  readonly rollouts: Rollouts;
  readonly replica: RolloutReplica;
  readonly app: App;
  follow(): Promise<unknown>;
  ask(i: number, headers?: Readonly<Record<string, string>>): Promise<InjectedAnswer>;
  /** As a process that was killed: what it did not write is lost. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

export interface ReplicaSettings {
  readonly approvals?: Readonly<Record<string, ApprovalSettings>>;
  readonly rollout?: Partial<RolloutSettings>;
  readonly labels?: ReplicaOptions["labels"];
}

export async function openReplica(place: Pick<Place, "databaseUrl" | "store">, { approvals: policies, rollout, labels }: ReplicaSettings = {}): Promise<TestReplica & { readonly registry: Registry; readonly approvals: Approvals }> {
  const stores = await openPlace(place);
  const folder = mkdtempSync(join(tmpdir(), "slipway-rollout-"));
  let approvals: Approvals | undefined;
  const registry = await Registry.open({ ...stores, guard: (change, tx) => approvals!.guard(change, tx), keepers: [(tx, model, version) => approvals!.keeper(tx, model, version)] });
  approvals = await Approvals.open({ database: stores.database, policies: readPolicies(policies), serverKey: async () => (await generateSigningKey()).key });
  const rollouts = await Rollouts.open({ registry, approvals, settings: rollout });
  const aliases = registryAliases(registry, () => rollouts.aside());
  const models = new Repository(new ModelDirectory([]), { aliases });
  await models.follow();
  const app = createServer({ models });
  const errors: unknown[] = [];
  const replica = new RolloutReplica({ rollouts, directory: models.directory, follow: () => models.follow(), intervalMs: rollout?.interval ?? 20, labels, onError: (error) => errors.push(error) });
  const end = async (): Promise<void> => {
    await models.directory.close();
    await aliases.close();
    await registry.close();
    rmSync(folder, { recursive: true, force: true });
    if (errors.length > 0) throw errors[0];
  };
  return {
    rollouts, replica, app, registry, approvals, follow: () => models.follow(),
    ask: (i, headers = {}) => inject(app, { method: "POST", url: "/models/loan/predict", payload: JSON.stringify([loanRow(i)]), headers: { "content-type": "application/json", ...headers } }),
    kill: end,
    async close() {
      await replica.stop();
      await end();
    },
  };
}
