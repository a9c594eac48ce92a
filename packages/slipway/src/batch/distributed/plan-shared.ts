// Makes a run that many work on: its plan, its shards and its folder; or finds the one that is to go on.

import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { newId } from "../../database/index.ts";
import { batchError } from "../errors.ts";
import { isBucketAddress } from "../remote/bucket-address.ts";
import { planDifferences, planDigest, type RunPlan } from "../run/ledger.ts";
import { clear, CURRENT, refuseLeftovers, wholeRun } from "../run/leftovers.ts";
import { LOCK, lockFolder } from "../run/lock.ts";
import { findAll, openSource, type Found } from "../run/open-source.ts";
import type { BatchOptions, BatchSummary } from "../run/options.ts";
import { placeOutput, sharedFolder, type OutputPlace } from "../run/output-place.ts";
import { planOf, sharedSetup } from "../run/plan.ts";
import { ShardPool } from "../run/pool.ts";
import { inputsOf, writeShards } from "./shard-list.ts";
import { MODEL, readCurrent, readRun, removeIfEmpty, writeCurrent, writeRun, type CurrentRun, type Driver, type SharedRun } from "./shared-run.ts";

export type Planned =
  | { readonly kind: "whole"; readonly summary: BatchSummary }
  | { readonly kind: "resumed"; readonly run: SharedRun }
  /** `replaced`: a run whose folder is gone now. */
  | { readonly kind: "made"; readonly run: SharedRun; readonly replaced: CurrentRun | undefined };

/** @throws SlipwayError batch-... */
export async function planShared(given: BatchOptions, on: Driver): Promise<Planned> {
  if (given.output.destination !== undefined && isBucketAddress(given.output.destination)) return (await import("./bucket/plan-bucket.ts")).planInBucket(given, on);
  if (given.output.destination !== undefined) throw batchError("batch-output-format", "processes that share a run write to storage that all of them see", { hint: "Write to a file or a folder there, or to a bucket (s3://, gs://, az://), and bring it elsewhere afterwards; or leave --on away." });
  // Other processes have other working folders.
  const options: BatchOptions = { ...given, output: placeOutput(resolve(given.output.path) + (given.output.folder ? "/" : ""), given.output.format) };
  const { output } = options;
  const found = await findAll(options);
  const plan = planOf(options, found);
  const unlock = lockFolder(sharedFolder(output));
  try {
    return await planLocked(options, plan, found, on);
  } finally {
    unlock();
    removeIfEmpty(sharedFolder(output));
  }
}

async function planLocked(options: BatchOptions, plan: RunPlan, found: Found, on: Driver): Promise<Planned> {
  const { output } = options;
  const current = currentRun(output);
  if (options.resume && !options.overwrite) {
    const summary = current === undefined ? wholeRun(output, plan) : undefined;
    if (summary !== undefined) {
      clearRuns(sharedFolder(output));
      return { kind: "whole", summary };
    }
    if (current !== undefined) return { kind: "resumed", run: theSame(current, plan, on, sharedFolder(output)) };
  }
  if (!options.overwrite) {
    if (current !== undefined) throw batchError("batch-output-exists", `${output.path} is the output of the run ${current.id}, on which others may work`, { where: output.path, hint: "--resume goes on with it, --overwrite begins anew; or choose another name." });
    refuseLeftovers(output);
  }
  return { kind: "made", run: await make(options, plan, found, on), replaced: current };
}

/** All but the lock that this process holds. */
function clearRuns(runs: string): void {
  for (const name of readdirSync(runs)) if (name !== LOCK) rmSync(join(runs, name), { recursive: true, force: true, maxRetries: 5 });
}

/** One whose folder is gone has ended, by a process that did not come to say so. */
function currentRun(output: OutputPlace): CurrentRun | undefined {
  const runs = sharedFolder(output);
  const current = readCurrent(output);
  if (current === undefined || existsSync(join(runs, current.id))) return current;
  rmSync(join(runs, CURRENT), { force: true });
  return undefined;
}

/** The plan's digest, in the form of a UUID. */
export function idOf(plan: RunPlan): string {
  return planDigest(plan).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, "$1-$2-$3-$4-$5");
}

/** @throws SlipwayError batch-run-other */
function theSame(current: CurrentRun, plan: RunPlan, on: Driver, runs: string): SharedRun {
  refuseAnother(current, plan, on, runs);
  return readRun(join(runs, current.id));
}
/** @throws SlipwayError batch-run-other */
export function refuseAnother(current: CurrentRun, plan: RunPlan, on: Driver, runs: string): void {
  const differs = planDifferences(current.plan, plan);
  if (current.on !== on) differs.push(`--on (it was made with ${current.on})`);
  if (differs.length > 0) throw batchError("batch-run-other", `the run that was begun here differs in ${differs.join(", ")}`, { where: runs, hint: "Go on with the same model, input and options, or begin anew with --overwrite." });
}

async function make(options: BatchOptions, plan: RunPlan, found: Found, on: Driver): Promise<SharedRun> {
  const { output } = options;
  const id = newRunId(plan, on);
  const runs = sharedFolder(output);
  // What was there before goes first: nobody who works on it can put anything in place any more.
  if (output.folder) clear(output, false);
  clearRuns(runs);
  const folder = join(runs, id);
  try {
    mkdirSync(folder, { recursive: true });
    const run = await writeRunTo(folder, { options, plan, found, id, output: { ...output, work: folder } });
    // From here on it is the run of this output.
    writeCurrent(run, on);
    return run;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Each run on Postgres is another one. A job's is called by its plan, so that it can be told before there is anything. */
export function newRunId(plan: RunPlan, on: Driver): string {
  return on === "postgres" ? newId() : idOf(plan);
}

export interface NewRun {
  readonly options: BatchOptions;
  readonly plan: RunPlan;
  readonly found: Found;
  readonly id: string;
  readonly output: OutputPlace;
  /** Whoever makes the parts reads objects in buckets itself. */
  readonly elsewhere?: boolean;
}
/** All that describes a run, in a folder. @throws SlipwayError batch-... */
export async function writeRunTo(folder: string, { options, plan, found, id, output, elsewhere = false }: NewRun): Promise<SharedRun> {
  const { package: { bytes, digest, name, version } } = options;
  writeFileSync(join(folder, MODEL), bytes, { flush: true });
  const source = await openSource(options, found, folder);
  const setup = sharedSetup(options, source.shape, plan);
  // What is wrong with the columns or the model is said here, not by every worker.
  const temporary = join(tmpdir(), id);
  const pool = await ShardPool.start(1, { ...setup, package: bytes, folder, temporary }, { part: () => undefined, failed: () => undefined });
  await pool.close();
  const shards = await writeShards(folder, source, elsewhere);
  const run: SharedRun = { id, folder, plan, setup, model: { digest, name, version }, output, shards, inputs: inputsOf(found.files) };
  writeRun(run);
  return run;
}
