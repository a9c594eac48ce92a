// The end of a run: what is committed put together, what it says of itself, and both put in place. All of it is made in the
// run's folder first, so that only renames are left, and so that none of them works any more once that folder is gone.

import { closeSync, existsSync, openSync, readSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Profile } from "@slipway/core/package";
import { batchError } from "../errors.ts";
import { joinBadRows, joinParts, writeWhole } from "./assemble.ts";
import { driftOf } from "./drift.ts";
import { commitFile, outputFailed, syncFile } from "./files.ts";
import { planDigest, type RunPlan } from "./ledger.ts";
import { tooMany, type ErrorLimit } from "./limits.ts";
import { partName, type InputShape, type Part } from "./messages.ts";
import type { BatchSummary, FailedShard } from "./options.ts";
import { SUCCESS, type OutputPlace } from "./output-place.ts";
import { Seen } from "./seen.ts";

export interface Finish {
  readonly output: OutputPlace;
  /** As it is told of, where that is another place. */
  readonly shown?: Pick<OutputPlace, "path" | "errors">;
  readonly plan: RunPlan;
  /** How the input was read: what `batch retry` needs. */
  readonly input: InputShape;
  readonly profile: Profile | null;
  readonly maxErrors: ErrorLimit;
  /** One for each shard, in their order; of those that could not be made without any bytes. */
  readonly parts: readonly Part[];
  readonly failed?: readonly FailedShard[];
  /** Of the run, for its record. */
  readonly id?: string;
  readonly resumed: number;
  /** So long it took. */
  readonly seconds: () => number;
  /** In the names of what is made, where several processes may come here. */
  readonly tag?: string;
  /** Calls `renames` when it is sure that this process may. */
  readonly place?: (renames: () => void) => Promise<void>;
}

/** @throws SlipwayError batch-errors, batch-output-failed */
export async function finishRun(finish: Finish): Promise<BatchSummary> {
  const { output, shown = output, plan, input, maxErrors, parts, failed = [], tag = "" } = finish;
  const horizon = input.kind === "series" ? input.horizon : undefined;
  // Steps of a forecast are of few months or hours, unlike what a profile was made of; and rows of a history are not counted.
  const profile = input.kind === "series" ? null : finish.profile;
  const unanswered = parts.reduce((n, p) => n + (p.unanswered ?? 0), 0);
  const place = finish.place ?? ((renames) => Promise.resolve(renames()));
  const made = (name: string): string => join(output.work, `${name}${tag}.tmp`);
  const rows = parts.reduce((n, p) => n + p.rows, 0);
  const bad = parts.reduce((n, p) => n + p.bad, 0);
  const gone = new Set(failed.map((f) => f.shard));
  const lost = parts.reduce((n, p) => n + (gone.has(p.shard) ? p.rows : 0), 0);
  const broken = parts.flatMap((p) => p.broken ?? []);
  const letters = bad + broken.length > 0;
  const moves: (readonly [from: string, to: string])[] = [];
  if (letters) {
    await joinBadRows(made("errors"), output.work, parts);
    moves.push([made("errors"), output.errors]);
  }
  if (tooMany(maxErrors, bad, rows, true)) {
    await place(() => move(moves));
    const series = horizon !== undefined;
    throw batchError("batch-errors", `${bad} of ${rows} ${series ? "series could not be forecast" : "rows could not be scored"}, and --max-errors is ${maxErrors.text}${series ? `. The first: ${firstReason(output.errors)}` : ""}`, {
      where: shown.errors, hint: `${shown.errors} says which and why. ${series ? "Mend the history" : "Mend the input"}; or go on with --resume and a larger --max-errors: what is scored is kept.` });
  }
  if (!output.folder) {
    await joinOutput(output, parts, made("whole"));
    moves.push([made("whole"), output.path]);
  } else {
    for (const part of parts) {
      const [from, to] = [join(output.work, partName(part, output.format)), join(output.path, partName({ shard: part.shard }, output.format))];
      // One that is not there any more was put in place by a process that ended then.
      if (from !== to && !gone.has(part.shard) && existsSync(from)) moves.push([from, to]);
    }
    if (failed.length === 0) {
      commitFile(made("success"), Buffer.alloc(0));
      moves.push([made("success"), join(output.path, SUCCESS)]);
    }
  }
  const seen = new Seen();
  for (const part of parts) seen.merge(part.seen);
  const summary: BatchSummary = {
    output: shown.path, rows, scored: rows - bad - lost, bad, errors: letters ? shown.errors : undefined, ...(unanswered === 0 ? {} : { unanswered }), ...(broken.length === 0 ? {} : { broken }), columns: parts.find((p) => p.columns.length > 0)?.columns ?? [], shards: parts.length, seconds: finish.seconds(), resumed: finish.resumed,
    outputs: seen.read(), ...(failed.length === 0 ? {} : { failed }), ...(profile === null ? {} : { drift: driftOf(profile, parts) }), ...(horizon === undefined ? {} : { horizon }),
  };
  commitFile(made("record"), Buffer.from(`${JSON.stringify({ digest: planDigest(plan), run: finish.id, plan, input, summary }, null, 1)}\n`));
  moves.push([made("record"), output.record]);
  await place(() => {
    if (!letters) rmSync(output.errors, { force: true });
    move(moves);
  });
  return summary;
}

/** Of the dead letters. */
function firstReason(errors: string): string {
  const file = openSync(errors, "r");
  try {
    const start = Buffer.alloc(REASON_BYTES);
    const line = start.toString("utf8", 0, readSync(file, start)).split("\n")[0]!;
    return (JSON.parse(line) as { reason: string }).reason;
  } catch {
    return "see there";
  } finally {
    closeSync(file);
  }
}
const REASON_BYTES = 2 ** 16;

async function joinOutput({ work, format, errors }: OutputPlace, parts: readonly Part[], path: string): Promise<void> {
  if (format !== "parquet" && format !== "arrow" && format !== "arrows") return joinParts(path, work, parts, format);
  const some = parts.filter((p) => p.bytes > 0).map((p) => join(work, partName(p, format)));
  if (some.length === 0) throw batchError("batch-errors", "no row could be scored: there is nothing to write", { where: errors });
  await writeWhole(path, format === "parquet" ? (await import("../output/parquet-file.ts")).joinParquet(some) : (await import("../output/arrow-file.ts")).joinArrow(some, format === "arrow"));
}

function move(moves: readonly (readonly [from: string, to: string])[]): void {
  for (const [from, to] of moves) {
    try {
      renameSync(from, to);
    } catch (cause) {
      throw outputFailed(to, cause);
    }
  }
  for (const folder of new Set(moves.map(([, to]) => dirname(to)))) syncFile(folder);
}
