// The last step of a run whose output is elsewhere: what is whole here is handed over. A run that is stopped meanwhile finds its
// output here again, and hands it over again, which changes nothing where it was there already.

import { rmSync } from "node:fs";
import { batchError } from "../errors.ts";
import type { Destination } from "../output/destination.ts";
import { planDigest, type RunPlan } from "./ledger.ts";
import type { BatchOptions, BatchSummary } from "./options.ts";

/** What this very run said whose output is there already. @throws SlipwayError batch-output-exists */
export async function delivered(destination: Destination, plan: RunPlan, { resume, overwrite }: Pick<BatchOptions, "resume" | "overwrite">): Promise<BatchSummary | undefined> {
  if (overwrite) return undefined;
  const there = await destination.look(planDigest(plan));
  if (there.state === "nothing") return undefined;
  if (there.state === "same" && resume) {
    const { summary } = JSON.parse(there.note) as { summary: BatchSummary };
    return { ...summary, resumed: summary.rows };
  }
  throw batchError("batch-output-exists", `${destination.shown} ${there.state === "same" ? "has the output of this run already" : "is there already"}`, { where: destination.shown, hint: "--overwrite replaces it; or choose another name." });
}

export async function deliver(destination: Destination, { output, overwrite }: Pick<BatchOptions, "output" | "overwrite">, plan: RunPlan, made: BatchSummary): Promise<BatchSummary> {
  const summary = { ...made, output: destination.shown };
  const run = planDigest(plan);
  await destination.put({ place: output, run, note: JSON.stringify({ digest: run, plan, summary }), overwrite });
  rmSync(output.path, { recursive: true, force: true });
  return summary;
}
