// A run that many processes work on, as it lies on the storage they share: a folder for this run alone, with its model, its
// description and its shards. Nothing in it changes once `current.json` names it; parts are added, each under a name of its
// lease. A new run gets a new folder, so that whoever still works on an old one finds it gone and can change nothing.
//
//   OUT.parts/current.json             which run is the last one here, and who drives it
//   OUT.parts/RUN/run.json, shards.jsonl, model.slip, part-000000.LEASE.csv ...
//
// Where the output is a folder, `_run` inside it takes the place of OUT.parts.

import { existsSync, readFileSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { batchError } from "../errors.ts";
import { commitFile } from "../run/files.ts";
import { planDigest, type RunPlan } from "../run/ledger.ts";
import type { OutputFormat } from "../run/messages.ts";
import { CURRENT } from "../run/leftovers.ts";
import { lockFolder } from "../run/lock.ts";
import { sharedFolder, type OutputPlace } from "../run/output-place.ts";
import type { SharedSetup } from "../run/plan.ts";

export type Driver = "postgres" | "kubernetes";

export interface SharedRun {
  readonly id: string;
  /** Where all of it is. */
  readonly folder: string;
  readonly plan: RunPlan;
  readonly setup: SharedSetup;
  readonly model: { readonly digest: string; readonly name: string; readonly version: string };
  readonly output: OutputPlace;
  readonly shards: number;
  /** Files of the input that are read where they are. */
  readonly inputs: readonly { readonly path: string; readonly bytes: number; readonly modifiedMs: number }[];
}
/** The last run of an output. */
export interface CurrentRun {
  readonly id: string;
  readonly on: Driver;
  readonly digest: string;
  readonly plan: RunPlan;
}

export const RUN = "run.json";
export const MODEL = "model.slip";
export const SHARDS = "shards.jsonl";

export function readCurrent(output: OutputPlace): CurrentRun | undefined {
  const path = join(sharedFolder(output), CURRENT);
  return existsSync(path) ? parseCurrent(readFileSync(path, "utf8"), path) : undefined;
}
/** @throws SlipwayError batch-run-damaged */
export function parseCurrent(text: string, path: string): CurrentRun {
  const { id, on, digest, plan } = parseObject(text, path);
  if (typeof id !== "string" || !isRunId(id) || (on !== "postgres" && on !== "kubernetes") || typeof digest !== "string" || !isObject(plan)) throw damaged(path);
  return { id, on, digest, plan };
}
export function writeCurrent({ folder, id, plan }: SharedRun, on: Driver): void {
  commitFile(join(dirname(folder), CURRENT), json({ id, on, digest: planDigest(plan), plan }));
}

/** From here on whoever still works on it finds nothing. @throws where the storage fails */
export function removeRun(folder: string): void {
  // Gone at once, whole: a process that is killed over it leaves no half of a run.
  const gone = `${folder}.gone`;
  if (existsSync(folder)) renameSync(folder, gone);
  rmSync(gone, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  const runs = dirname(folder);
  let unlock: () => void;
  try {
    unlock = lockFolder(runs);
  } catch {
    // Another run is made there, and names itself.
    return;
  }
  const current = join(runs, CURRENT);
  if (existsSync(current) && readObject(current)["id"] === basename(folder)) rmSync(current);
  unlock();
  removeIfEmpty(runs);
}
export function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It is not.
  }
}

export function writeRun(run: SharedRun): void {
  commitFile(join(run.folder, RUN), json(run));
}
/** @throws SlipwayError batch-run-unreachable, batch-run-damaged */
export function readRun(folder: string): SharedRun {
  const path = join(folder, RUN);
  if (!existsSync(path)) throw batchError("batch-run-unreachable", `there is no run in ${folder}`, { where: folder, hint: "Mount the storage that the run was made on at the same path here; a run that is over leaves nothing." });
  const found = readObject(path);
  const { id, plan, setup, model, output, shards, inputs } = found;
  const texts = (value: unknown, ...keys: string[]): boolean => isObject(value) && keys.every((key) => typeof value[key] === "string");
  const whole = typeof id === "string" && isRunId(id) && isObject(plan) && isSetup(setup) && texts(model, "digest", "name", "version")
    && texts(output, "path", "format", "work", "errors", "record") && Number.isSafeInteger(shards) && Array.isArray(inputs)
    && inputs.every((i) => texts(i, "path") && typeof (i as { bytes?: unknown }).bytes === "number");
  if (!whole) throw damaged(path);
  return { ...(found as unknown as SharedRun), folder };
}

/** Its names become parts of paths. */
export function isRunId(text: string): boolean {
  return /^[0-9a-f-]{36}$/.test(text);
}
function isSetup(value: unknown): boolean {
  if (!isObject(value) || !isObject(value["input"])) return false;
  const { input, output, idPrefix } = value;
  return ["csv", "jsonl", "table", "image", "series"].includes(String((input as { kind?: unknown }).kind)) && (["csv", "tsv", "jsonl", "parquet", "arrow", "arrows"] satisfies OutputFormat[]).includes(output as OutputFormat) && (idPrefix === undefined || typeof idPrefix === "string");
}
function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
function readObject(path: string): Record<string, unknown> {
  return parseObject(readFileSync(path, "utf8"), path);
}
function parseObject(text: string, path: string): Record<string, unknown> {
  try {
    const value = JSON.parse(text) as unknown;
    if (isObject(value)) return value;
  } catch (cause) {
    throw damaged(path, cause);
  }
  throw damaged(path);
}
export function damaged(path: string, cause?: unknown): Error {
  return batchError("batch-run-damaged", `${path} is not what a run writes there`, { where: path, hint: "Begin anew with --overwrite.", cause });
}
function json(value: object): Uint8Array {
  return Buffer.from(`${JSON.stringify(value, null, 1)}\n`);
}
