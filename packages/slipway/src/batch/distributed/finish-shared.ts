// The end of a run that many worked on: the same putting together as on one machine, over what is committed. It may be begun by
// several processes, one after the other or, where one was held up, at once; `place` lets only the one through whose turn it is.

import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseProfile, readSlip, type Profile } from "@slipway/core/package";
import { batchError } from "../errors.ts";
import { partsThere } from "../run/assemble.ts";
import { finishRun } from "../run/finish.ts";
import { readErrorLimit } from "../run/limits.ts";
import { partName, type Part } from "../run/messages.ts";
import type { BatchSummary, FailedShard } from "../run/options.ts";
import type { OutputPlace } from "../run/output-place.ts";
import { isTable, readShards, type ShardPlace } from "./shard-list.ts";
import { MODEL, type SharedRun } from "./shared-run.ts";

export interface SharedFinish {
  readonly run: SharedRun;
  readonly maxErrors: string;
  readonly parts: readonly Part[];
  /** Shards that nobody could make, and why. */
  readonly failed: readonly { readonly shard: number; readonly reason: string }[];
  readonly tag: string;
  readonly seconds: () => number;
  readonly place: (renames: () => void) => Promise<void>;
  /** So many rows a shard has that nobody could make, as far as that can be told. */
  readonly rowsOf: (shard: number) => Promise<number>;
  /** Where it is made first, if it is handed over from there. */
  readonly output?: OutputPlace;
}

/** The parts, of all that are committed, whose files are not there any more. */
export function lostParts({ output }: SharedRun, parts: readonly Part[]): Part[] {
  return parts.filter((part) => !partsThere(output.work, part, output.format) && !(output.folder && statSync(join(output.path, partName({ shard: part.shard }, output.format)), { throwIfNoEntry: false })?.size === part.bytes));
}

/** @throws SlipwayError batch-errors, batch-output-failed, batch-package-differs */
export async function finishShared({ run, maxErrors, parts, failed, tag, seconds, place, rowsOf, output = run.output }: SharedFinish): Promise<BatchSummary> {
  const shards = failed.length === 0 ? [] : readShards(run);
  const missing = failed.map(({ shard, reason }): FailedShard => ({ shard, ...named(run, shards[shard]!), reason }));
  const { profile } = await readModel(run);
  const none = { bad: 0, bytes: 0, sha256: "", head: "", columns: [], seen: [] };
  const places = [...parts, ...await Promise.all(missing.map(async ({ shard }): Promise<Part> => ({ shard, rows: await rowsOf(shard), ...none })))];
  return finishRun({
    output, shown: run.output, plan: run.plan, input: run.setup.input, profile, maxErrors: readErrorLimit(maxErrors), parts: places.toSorted((a, b) => a.shard - b.shard),
    failed: missing, id: run.id, resumed: 0, seconds, tag, place,
  });
}

function named(run: SharedRun, place: ShardPlace): Pick<FailedShard, "file" | "from" | "to" | "unit"> {
  if ("images" in place) return { file: place.images[0]!, from: 0, to: place.images.length, unit: "images" };
  if ("broken" in place) return { file: place.broken.source, from: 0, to: 0, unit: "rows" };
  const { file, from, to } = place;
  return { file, from, to, unit: isTable(run) ? "rows" : "bytes" };
}

/** What a process said that put this run's output in place and did not come to say so. */
export function recorded(id: string, record: string): BatchSummary | undefined {
  return existsSync(record) ? wholeSummary(id, readFileSync(record, "utf8"))?.summary : undefined;
}

/** Of a record: what it says of this run, where all of it was made. A record that is cut off or of something else says nothing of it. */
export function wholeSummary(id: string, record: string): { readonly digest?: string; readonly summary: BatchSummary } | undefined {
  let read: unknown;
  try {
    read = JSON.parse(record);
  } catch {
    return undefined;
  }
  const { run, digest, summary } = (read ?? {}) as { readonly run?: string; readonly digest?: string; readonly summary?: BatchSummary };
  if (run !== id || typeof summary !== "object" || summary === null || (summary.failed?.length ?? 0) > 0) return undefined;
  return { summary, ...(digest === undefined ? {} : { digest }) };
}

/** @throws SlipwayError batch-package-differs */
export async function readModel({ folder, model }: SharedRun): Promise<{ bytes: Uint8Array; profile: Profile | null }> {
  const path = join(folder, MODEL);
  if (!existsSync(path)) throw batchError("batch-run-unreachable", `there is no ${path} any more`, { where: path });
  const bytes = readFileSync(path);
  const pkg = await readSlip(bytes);
  if (pkg.digest !== model.digest) throw batchError("batch-package-differs", `${path} is ${pkg.digest}, and the run was made with ${model.digest}`, { where: path, hint: "Begin anew with --overwrite." });
  return { bytes, profile: parseProfile(pkg.profile) };
}
