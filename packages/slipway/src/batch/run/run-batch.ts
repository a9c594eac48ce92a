// One run: the input cut into shards, scored by threads, committed part by part, put together at the end.
// The order that survives being killed anywhere: a part's file is renamed into place, then its line is in the ledger on the
// disk; the output is renamed into place, and only then its parts are removed.

import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { batchError } from "../errors.ts";
import { COPIES } from "../input/local-files.ts";
import { findInput } from "../input/sources.ts";
import { openDestination } from "../output/destination.ts";
import { partsThere } from "./assemble.ts";
import { deliver, delivered } from "./deliver.ts";
import { finishRun } from "./finish.ts";
import { Ledger, planDigest, type RunPlan } from "./ledger.ts";
import { LedgerQueue } from "./ledger-queue.ts";
import { makeParts } from "./make-parts.ts";
import type { BatchOptions, BatchSummary } from "./options.ts";
import { isThere, type OutputPlace } from "./output-place.ts";
import { planOf, setupOf } from "./plan.ts";
import { refuseUnread, sourceOf } from "./source.ts";

/** @throws SlipwayError batch-... */
export async function runBatch(options: BatchOptions): Promise<BatchSummary> {
  const began = performance.now();
  const { output } = options;
  const files = options.query !== undefined && options.input.length === 0 ? [] : await findInput(options.input, options.format);
  refuseUnread(files);
  const plan = planOf(options, files);
  const destination = output.destination === undefined ? undefined : await openDestination(output.destination);
  const there = destination === undefined ? undefined : await delivered(destination, plan, options);
  if (there !== undefined) return there;
  const handOver = (summary: BatchSummary): BatchSummary | Promise<BatchSummary> => (destination === undefined ? summary : deliver(destination, options, plan, summary));
  const before = options.resume && !options.overwrite ? wholeRun(output, plan) : undefined;
  if (before !== undefined) return handOver(before);
  const resume = options.resume && Ledger.exists(output.work);
  if (!resume && !options.overwrite && (isThere(output) || Ledger.exists(output.work) || (output.folder && existsSync(output.path) && readdirSync(output.path).length > 0))) {
    throw batchError("batch-output-exists", `${output.path} ${Ledger.exists(output.work) && !isThere(output) ? "has parts of a run that was stopped" : "is there already"}`, { where: output.path, hint: "--resume goes on with a run that was stopped, --overwrite begins anew; or choose another name." });
  }
  const ledger = new Ledger(output.work);
  ledger.open(plan, resume, () => clear(output));
  try {
    // Parts whose files are gone are made again.
    for (const [shard, part] of ledger.parts) if (!partsThere(output.work, part, output.format)) ledger.parts.delete(shard);
    const source = await sourceOf({ ...options, work: output.work }, files);
    const queue = new LedgerQueue(ledger, source, options);
    await makeParts(queue, Math.max(1, Math.min(options.threads, source.most)), setupOf(options, source.shape, plan));
    const parts = Array.from({ length: queue.shards }, (_, shard) => ledger.parts.get(shard)!);
    const summary = await finishRun({ output, plan, input: source.shape, profile: options.package.profile, maxErrors: options.maxErrors, parts, resumed: queue.resumed, seconds: () => (performance.now() - began) / 1000 });
    rmSync(output.folder ? join(output.work, COPIES) : output.work, { recursive: true, force: true });
    return await handOver(summary);
  } finally {
    const begun = ledger.parts.size > 0;
    ledger.close();
    // Nothing to go on with: what was wrong with the input or the model is mended, and the same command begins anew.
    if (!begun && !output.folder) rmSync(output.work, { recursive: true, force: true });
  }
}

/** What a run of this plan said that has put its output in place: one that is killed after that is not made again. */
function wholeRun(output: OutputPlace, plan: RunPlan): BatchSummary | undefined {
  if (!isThere(output) || !existsSync(output.record) || (!output.folder && Ledger.exists(output.work))) return undefined;
  const { digest, summary } = JSON.parse(readFileSync(output.record, "utf8")) as { digest: string; summary: BatchSummary };
  return digest === planDigest(plan) ? { ...summary, resumed: summary.rows } : undefined;
}

/** What a run before left there, but for the lock that this one holds. */
function clear(output: OutputPlace): void {
  const ours = output.folder ? /^(?:part-\d+\.|bad-\d+\.|_SUCCESS$|_run\.json$|errors\.jsonl$|ledger\.jsonl$|run\.json$|input\.parquet|sources$|tmp$|(?:errors|success|record)\.tmp$)/ : /^(?!lock$)/;
  for (const name of readdirSync(output.work)) if (ours.test(name)) rmSync(join(output.work, name), { recursive: true, force: true });
}
