// What the bytes of a run's output depend on, and what its threads are told: the same whoever makes the parts.

import { createHash } from "node:crypto";
import { join } from "node:path";
import type { InputFile } from "../input/sources.ts";
import type { Found } from "./open-source.ts";
import { planDigest, type RunPlan } from "./ledger.ts";
import type { InputShape, WorkerSetup } from "./messages.ts";
import type { BatchOptions } from "./options.ts";

/** All that the output's bytes depend on; a run that was stopped goes on with the same. */
export function planOf(options: BatchOptions, { files, future }: Found): RunPlan {
  const identity = ({ path, bytes, modifiedMs, format, remote }: InputFile): unknown => [path, bytes, remote?.version ?? modifiedMs, format];
  return {
    model: options.package.digest, input: files.map(identity), horizon: options.horizon?.steps, future: options.horizon === undefined ? undefined : future.map(identity), query: options.query ?? null, delimiter: options.delimiter ?? null,
    format: options.output.format, folder: options.output.folder, keep: options.keep, outputs: options.outputs ?? null, ids: options.ids, engine: options.engine, shardBytes: options.shardBytes, shardRows: options.shardRows, columns: options.columns, image: options.image, masks: options.masks?.folder, catalogue: options.catalogue === undefined ? undefined : createHash("sha256").update(JSON.stringify(options.catalogue)).digest("hex"), skipBroken: options.skipBroken === true ? true : undefined, limit: options.limit ?? null, cuts: options.query === undefined && files[0]?.format === "parquet" ? "groups" : undefined,
  };
}

/** Without what each machine has of its own. */
export type SharedSetup = Omit<WorkerSetup, "catalogue" | "package" | "folder" | "temporary">;

export function sharedSetup({ engine, outputs, keep, output, ids, skipBroken = false, package: { version } }: BatchOptions, input: InputShape, plan: RunPlan): SharedSetup {
  return {
    engine, threads: 1, outputs, input, keep, output: output.format, headEach: output.folder, skipBroken,
    idPrefix: ids ? planDigest(plan).slice(0, 12) : undefined, version: ids ? version : undefined,
  };
}
export function setupOf(options: BatchOptions, input: InputShape, plan: RunPlan): WorkerSetup {
  const { work } = options.output;
  return { ...sharedSetup(options, input, plan), catalogue: options.catalogue, package: options.package.bytes, folder: work, temporary: join(work, "tmp") };
}
