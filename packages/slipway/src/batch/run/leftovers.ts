// What a run before left where this one's output goes.

import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { batchError } from "../errors.ts";
import { HISTORY } from "../forecast/shape.ts";
import { COPIES } from "../input/local-files.ts";
import { Ledger, planDigest, type RunPlan } from "./ledger.ts";
import { lockFolder } from "./lock.ts";
import type { BatchSummary } from "./options.ts";
import { isThere, sharedFolder, type OutputPlace } from "./output-place.ts";

/** @throws SlipwayError batch-output-exists */
export function refuseLeftovers(output: OutputPlace): void {
  const stopped = Ledger.exists(output.work);
  if (!stopped && !isThere(output) && !(output.folder && existsSync(output.path) && readdirSync(output.path).some((name) => name !== basename(sharedFolder(output))))) return;
  throw batchError("batch-output-exists", `${output.path} ${stopped && !isThere(output) ? "has parts of a run that was stopped" : "is there already"}`, { where: output.path, hint: "--resume goes on with a run that was stopped, --overwrite begins anew; or choose another name." });
}

/** One process does not go on with what many share. @throws SlipwayError batch-run-busy */
export function refuseShared(output: OutputPlace): void {
  const path = join(sharedFolder(output), CURRENT);
  if (existsSync(path)) throw batchError("batch-run-busy", `a run that other processes share has not ended here`, { where: path, hint: "Go on with it by the --on that it was made with and --resume, or begin anew with --overwrite." });
}
/** Names the last run that many processes share. */
export const CURRENT = "current.json";

/** What a run of this plan said that has put its output in place: one that is killed after that is not made again. */
export function wholeRun(output: OutputPlace, plan: RunPlan): BatchSummary | undefined {
  if (!isThere(output) || !existsSync(output.record) || (!output.folder && Ledger.exists(output.work))) return undefined;
  const { digest, summary } = JSON.parse(readFileSync(output.record, "utf8")) as { digest: string; summary: BatchSummary };
  return digest === planDigest(plan) ? { ...summary, resumed: summary.rows } : undefined;
}

/** What is left of a run that was killed while it removed its parts. @throws SlipwayError batch-run-busy */
export function removeRemains(output: OutputPlace): void {
  if (output.folder || !existsSync(output.work)) return;
  const unlock = lockFolder(output.work);
  if (existsSync(join(output.work, CURRENT))) unlock();
  else rmSync(output.work, { recursive: true, force: true });
}

/** What a run that is whole needs no more. A folder's readers would take tables in it for parts. */
export function removeWork({ folder, work }: OutputPlace): void {
  for (const path of folder ? [COPIES, "input.parquet", HISTORY, "history.json", "tmp"].map((name) => join(work, name)) : [work]) rmSync(path, { recursive: true, force: true });
}

/** What a run before left there, but for the lock that this one holds; `shared`: and what many share. */
export function clear(output: OutputPlace, shared = true): void {
  if (output.folder && shared) rmSync(sharedFolder(output), { recursive: true, force: true, maxRetries: 5 });
  const ours = output.folder ? /^(?:part-\d+\.|bad-\d+\.|_SUCCESS$|_run\.json$|_errors\.jsonl$|_ledger\.jsonl$|_plan\.json$|input\.parquet|history\.(?:parquet|json)|sources$|tmp$|(?:_?errors|_?success|_?record)\.tmp$)/ : /^(?!lock$)/;
  for (const name of readdirSync(output.work)) if (ours.test(name)) rmSync(join(output.work, name), { recursive: true, force: true });
}
