// One run: the input cut into shards, scored by threads, committed part by part, put together at the end.
// The order that survives being killed anywhere: a part's file is renamed into place, then its line is in the ledger on the
// disk; the output is renamed into place, and only then its parts are removed.

import { rmSync } from "node:fs";
import { openDestination } from "../output/destination.ts";
import { partsThere } from "./assemble.ts";
import { deliver, delivered } from "./deliver.ts";
import { finishRun } from "./finish.ts";
import { clear, refuseLeftovers, refuseShared, removeRemains, removeWork, wholeRun } from "./leftovers.ts";
import { Ledger } from "./ledger.ts";
import { LedgerQueue } from "./ledger-queue.ts";
import { makeParts } from "./make-parts.ts";
import { findAll, openSource } from "./open-source.ts";
import type { BatchOptions, BatchSummary } from "./options.ts";
import { planOf, setupOf } from "./plan.ts";

/** @throws SlipwayError batch-... */
export async function runBatch(options: BatchOptions): Promise<BatchSummary> {
  const began = performance.now();
  const { output } = options;
  const found = await findAll(options);
  const plan = planOf(options, found);
  const destination = output.destination === undefined ? undefined : await openDestination(output.destination);
  const there = destination === undefined ? undefined : await delivered(destination, plan, options);
  if (there !== undefined) return there;
  const handOver = (summary: BatchSummary): BatchSummary | Promise<BatchSummary> => (destination === undefined ? summary : deliver(destination, options, plan, summary));
  const before = options.resume && !options.overwrite ? wholeRun(output, plan) : undefined;
  if (before !== undefined) {
    removeRemains(output);
    return handOver(before);
  }
  const resume = options.resume && Ledger.exists(output.work);
  if (!resume && !options.overwrite) refuseLeftovers(output);
  if (!options.overwrite) refuseShared(output);
  const ledger = new Ledger(output.work);
  ledger.open(plan, resume, () => clear(output));
  try {
    // Parts whose files are gone are made again.
    for (const [shard, part] of ledger.parts) if (!partsThere(output.work, part, output.format)) ledger.parts.delete(shard);
    const source = await openSource(options, found, output.work, new Map([...ledger.parts.values()].flatMap((p) => (p.broken === undefined ? [] : [[p.shard, p.broken]]))));
    const queue = new LedgerQueue(ledger, source, options);
    await makeParts(queue, Math.max(1, Math.min(options.threads, source.most)), setupOf(options, source.shape, plan));
    const parts = Array.from({ length: queue.shards }, (_, shard) => ledger.parts.get(shard)!);
    const summary = await finishRun({ output, plan, input: source.shape, profile: options.package.profile, maxErrors: options.maxErrors, parts, resumed: queue.resumed, seconds: () => (performance.now() - began) / 1000 });
    removeWork(output);
    return await handOver(summary);
  } finally {
    const begun = ledger.parts.size > 0;
    ledger.close();
    // Nothing to go on with: what was wrong with the input or the model is mended, and the same command begins anew.
    if (!begun && !output.folder) rmSync(output.work, { recursive: true, force: true });
  }
}
