// A run whose parts are made by the pods of an Indexed Job over storage that they and this process share; put together here when
// the job has ended.

import { randomBytes } from "node:crypto";
import { chownSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import { SlipwayError } from "@slipway/core/base";
import { isBucketAddress } from "../../remote/bucket-address.ts";
import { findAll } from "../../run/open-source.ts";
import type { BatchOptions, BatchSummary } from "../../run/options.ts";
import { sharedFolder } from "../../run/output-place.ts";
import { planOf } from "../../run/plan.ts";
import { idOf, planShared } from "../plan-shared.ts";
import { homeOf } from "../run-home.ts";
import type { SharedRun } from "../shared-run.ts";
import { indexOf } from "./index-shares.ts";
import { jobManifest, jobName, type JobOptions } from "./job-manifest.ts";
import { kubectl } from "./kubectl.ts";
import { marksOf } from "./marks.ts";

const LOOK_MS = 1000;

export interface KubernetesOptions extends JobOptions {
  /** Only makes the run and its job. */
  readonly detach: boolean;
  readonly note: (text: string) => void;
}
export type KubernetesOutcome = { readonly summary: BatchSummary } | { readonly run: string; readonly shards: number };

/** The manifest, as a run of these options would apply it; nothing is written or asked. */
export async function printJob(options: BatchOptions, job: JobOptions): Promise<string> {
  const id = idOf(planOf(options, await findAll(options)));
  const { destination } = options.output;
  const folder = destination !== undefined && isBucketAddress(destination) ? `${destination}${destination.endsWith("/") ? "_run" : ".parts"}/${id}` : join(resolve(sharedFolder(options.output)), id);
  return stringify(jobManifest(id, folder, job), { lineWidth: 0, aliasDuplicateObjects: false });
}

/** @throws SlipwayError batch-... */
export async function runOnKubernetes(options: BatchOptions, on: KubernetesOptions): Promise<KubernetesOutcome> {
  const began = performance.now();
  const planned = await planShared(options, "kubernetes");
  if (planned.kind === "whole") return { summary: planned.summary };
  const { run } = planned;
  // The pods are somebody else on the storage.
  if (process.getuid?.() === 0 && !isBucketAddress(run.folder)) chownSync(run.folder, on.user, on.user);
  const namespace = on.namespace === undefined ? [] : ["--namespace", on.namespace];
  const name = jobName(run.id);
  const replaced = planned.kind === "made" ? planned.replaced : undefined;
  if (replaced !== undefined && replaced.id !== run.id) {
    // Its pods would only find that it is gone.
    if (replaced.on === "kubernetes") await kubectl(["delete", "job", jobName(replaced.id), ...namespace, "--ignore-not-found", "--wait=false"]);
    if (options.output.destination !== undefined) await (await import("../bucket/plan-bucket.ts")).sweepReplaced(options.output.destination, replaced);
  }
  const marks = await marksOf(run.folder);
  const before = await marks.readMade();
  const open = await (await homeOf(run.folder, run.output.record)).open();
  const lost = await open.lost(before);
  open.close();
  const stands = await jobState(name, namespace);
  if (stands !== "active") {
    await marks.forget(lost);
    if (before.length - lost.length < run.shards) {
      if (stands !== "none") await kubectl(["delete", "job", name, ...namespace, "--ignore-not-found", "--wait"]);
      await kubectl(["apply", "--server-side", "--field-manager", "slipway", ...namespace, "-f", "-"], stringify(jobManifest(run.id, run.folder, on)));
      on.note(`job ${name}: ${run.shards} shards in ${on.indexes} indexes`);
    }
  }
  if (on.detach) return { run: run.id, shards: run.shards };
  for (;;) {
    const made = await marks.count();
    const state = made === run.shards ? "ended" : await patientJobState(name, namespace, on.note);
    options.onProgress?.({ rows: 0, bad: 0, share: run.shards === 0 ? 1 : made / run.shards, before: 0 });
    if (state !== "active") break;
    await sleep(LOOK_MS);
  }
  return { summary: await finishJob(run, options, on.indexes, () => (performance.now() - began) / 1000) };
}

/** A server that is away for a while is asked again. */
async function patientJobState(name: string, namespace: readonly string[], note: (text: string) => void): ReturnType<typeof jobState> {
  for (let pause = 1000; ; pause *= 2) {
    try {
      return await jobState(name, namespace);
    } catch (error) {
      if (!(error instanceof SlipwayError) || pause > 60_000) throw error;
      note(`${error.message}; trying again`);
      await sleep(pause);
    }
  }
}
async function jobState(name: string, namespace: readonly string[]): Promise<"none" | "active" | "ended"> {
  const answer = await kubectl(["get", "job", name, ...namespace, "-o", "json"]);
  if (answer === undefined) return "none";
  const { status = {} } = JSON.parse(answer) as { status?: { conditions?: readonly { type: string; status: string }[] } };
  return (status.conditions ?? []).some((c) => (c.type === "Complete" || c.type === "Failed") && c.status === "True") ? "ended" : "active";
}

/** What is made put together, what is not named. */
export async function finishJob(run: SharedRun, options: BatchOptions, indexes: number, seconds: () => number): Promise<BatchSummary> {
  const home = await homeOf(run.folder, run.output.record);
  const marks = await marksOf(run.folder);
  const open = await home.open();
  try {
    const all = await marks.readMade();
    const gone = new Set(await open.lost(all));
    const parts = all.filter((part) => !gone.has(part));
    const made = new Set(parts.map((p) => p.shard));
    const unmade = await marks.readUnmade();
    const failed = Array.from({ length: run.shards }, (_, shard) => shard).filter((shard) => !made.has(shard)).map((shard) => {
      const told = unmade.get(shard);
      return { shard, reason: told === undefined ? `index ${indexOf(shard, indexes, run.shards)}: its pods ended without a word about this shard; kubectl describe job ${jobName(run.id)} says how` : `index ${told.index}: ${told.reason}` };
    });
    const summary = await open.finish({ maxErrors: options.maxErrors.text, parts, failed, tag: `.${randomBytes(4).toString("hex")}`, seconds, place: async (act) => act() });
    // What could not be made may be tried again: its run stays.
    if (summary.failed === undefined) await home.remove();
    return summary;
  } finally {
    open.close();
  }
}
