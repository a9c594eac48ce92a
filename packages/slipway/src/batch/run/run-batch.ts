// One run: the input cut into shards, scored by threads, committed part by part, put together at the end.
// The order that survives being killed anywhere: a part's file is renamed into place, then its line is in the ledger on the
// disk; the output is renamed into place, and only then its parts are removed.

import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Profile } from "@slipway/core/package";
import type { InputFormat } from "../input/sources.ts";
import { batchError } from "../errors.ts";
import { findInput, type InputFile } from "../input/sources.ts";
import type { Keep } from "../rows/columns.ts";
import { driftOf, type ColumnDrift } from "./drift.ts";
import { joinBadRows, joinParts, partsThere } from "./assemble.ts";
import { commitFile, putInPlace } from "./files.ts";
import { Ledger, planDigest, type RunPlan } from "./ledger.ts";
import { tooMany, type ErrorLimit } from "./limits.ts";
import { partName, type InputShape, type Part, type SeenOutput, type WorkerSetup } from "./messages.ts";
import { isThere, SUCCESS, type OutputPlace } from "./output-place.ts";
import { ShardPool } from "./pool.ts";
import { Seen } from "./seen.ts";
import { refuseUnread, sourceOf } from "./source.ts";

export interface BatchOptions {
  /** A .slip, and what identifies it. */
  readonly package: { readonly bytes: Uint8Array; readonly digest: string; readonly name: string; readonly version: string; readonly profile: Profile | null };
  readonly input: readonly string[];
  readonly format?: InputFormat | undefined;
  readonly delimiter?: string | undefined;
  /** SQL over the input, in which it is called `input`. */
  readonly query?: string | undefined;
  readonly output: OutputPlace;
  readonly keep: Keep;
  readonly outputs?: readonly string[] | undefined;
  /** Whether rows get an id and the model's version. */
  readonly ids: boolean;
  readonly engine: WorkerSetup["engine"];
  readonly threads: number;
  readonly shardBytes: number;
  readonly resume: boolean;
  readonly overwrite: boolean;
  /** Only so many rows, the first ones. */
  readonly limit?: number | undefined;
  readonly maxErrors: ErrorLimit;
  readonly onProgress?: (progress: Progress) => void;
}
export interface Progress {
  readonly rows: number;
  readonly bad: number;
  /** Of all input, from 0 to 1, as far as that can be told. */
  readonly share: number;
  /** Of them, rows that an earlier process committed. */
  readonly before: number;
}
export interface BatchSummary {
  readonly output: string;
  readonly rows: number;
  readonly scored: number;
  readonly bad: number;
  readonly errors: string | undefined;
  readonly shards: number;
  readonly seconds: number;
  readonly resumed: number;
  readonly outputs: readonly SeenOutput[];
  /** How the rows differ from those that the package's profile was made of; undefined where it has none. */
  readonly drift?: readonly ColumnDrift[];
}

/** @throws SlipwayError batch-... */
export async function runBatch(options: BatchOptions): Promise<BatchSummary> {
  const began = performance.now();
  const { output } = options;
  const files = options.query !== undefined && options.input.length === 0 ? [] : await findInput(options.input, options.format);
  refuseUnread(files);
  const plan = planOf(options, files);
  const before = options.resume && !options.overwrite ? wholeRun(output, plan) : undefined;
  if (before !== undefined) return before;
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
    const resumed = [...ledger.parts.values()].reduce((n, p) => n + p.rows, 0);
    let rows = resumed;
    let bad = [...ledger.parts.values()].reduce((n, p) => n + p.bad, 0);
    let read = 0;
    const tell = (): void => options.onProgress?.({ rows, bad, share: source.total === 0 ? 1 : Math.min(1, read / source.total), before: resumed });
    const pool = await ShardPool.start(Math.max(1, Math.min(options.threads, source.most)), setupOf(options, source.shape, plan), (part) => {
      ledger.commit(part);
      rows += part.rows;
      bad += part.bad;
      tell();
    });
    let shards = 0;
    try {
      for await (const work of source.works) {
        shards++;
        if (!ledger.parts.has(work.shard)) await pool.add(work);
        read = work.end;
        if (tooMany(options.maxErrors, bad, rows, false)) break;
      }
      await pool.done();
    } finally {
      await pool.close();
    }
    const parts = Array.from({ length: shards }, (_, shard) => ledger.parts.get(shard)!);
    await finish(options, parts, rows, bad);
    const seen = new Seen();
    for (const part of parts) seen.merge(part.seen);
    const summary: BatchSummary = { output: output.path, rows, scored: rows - bad, bad, errors: bad > 0 ? output.errors : undefined, shards, seconds: (performance.now() - began) / 1000, resumed, outputs: seen.read(), ...(options.package.profile === null ? {} : { drift: driftOf(options.package.profile, parts) }) };
    commitFile(output.record, Buffer.from(`${JSON.stringify({ digest: planDigest(plan), plan, summary }, null, 1)}\n`));
    if (!output.folder) rmSync(output.work, { recursive: true, force: true });
    return summary;
  } finally {
    const begun = ledger.parts.size > 0;
    ledger.close();
    // Nothing to go on with: what was wrong with the input or the model is mended, and the same command begins anew.
    if (!begun && !output.folder) rmSync(output.work, { recursive: true, force: true });
  }
}

async function finish({ output, maxErrors }: BatchOptions, parts: readonly Part[], rows: number, bad: number): Promise<void> {
  joinBadRows(output.errors, output.work, parts);
  if (tooMany(maxErrors, bad, rows, true)) {
    throw batchError("batch-errors", `${bad} of ${rows} rows could not be scored, and --max-errors is ${maxErrors.text}`, {
      where: output.errors, hint: `${output.errors} says which and why. Mend the input; or go on with --resume and a larger --max-errors: what is scored is kept.` });
  }
  if (output.folder) {
    commitFile(join(output.path, SUCCESS), Buffer.alloc(0));
    return;
  }
  if (output.format === "parquet") {
    const some = parts.filter((p) => p.bytes > 0).map((p) => join(output.work, partName(p.shard, "parquet")));
    if (some.length === 0) throw batchError("batch-errors", "no row could be scored: there is nothing to write", { where: output.errors });
    const { joinParquet } = await import("../input/tables.ts");
    await joinParquet(`${output.path}.tmp`, some, join(output.work, "tmp"));
    putInPlace(output.path);
  } else joinParts(output.path, output.work, parts, output.format);
}

/** What a run of this plan said that has put its output in place: one that is killed after that is not made again. */
function wholeRun(output: OutputPlace, plan: RunPlan): BatchSummary | undefined {
  if (!isThere(output) || !existsSync(output.record) || (!output.folder && Ledger.exists(output.work))) return undefined;
  const { digest, summary } = JSON.parse(readFileSync(output.record, "utf8")) as { digest: string; summary: BatchSummary };
  return digest === planDigest(plan) ? { ...summary, resumed: summary.rows } : undefined;
}

function setupOf(options: BatchOptions, input: InputShape, plan: RunPlan): WorkerSetup {
  const { output, ids } = options;
  return {
    package: options.package.bytes, engine: options.engine, threads: 1, outputs: options.outputs, input, keep: options.keep,
    output: output.format, headEach: output.folder, folder: output.work,
    idPrefix: ids ? planDigest(plan).slice(0, 12) : undefined, version: ids ? options.package.version : undefined,
  };
}

/** All that the output's bytes depend on; a run that was stopped goes on with the same. */
function planOf(options: BatchOptions, files: readonly InputFile[]): RunPlan {
  return {
    model: options.package.digest, input: files.map(({ path, bytes, modifiedMs, format }) => [path, bytes, modifiedMs, format]), query: options.query ?? null, delimiter: options.delimiter ?? null,
    format: options.output.format, folder: options.output.folder, keep: options.keep, outputs: options.outputs ?? null, ids: options.ids, engine: options.engine, shardBytes: options.shardBytes, limit: options.limit ?? null,
  };
}

/** What a run before left there, but for the lock that this one holds. */
function clear(output: OutputPlace): void {
  const ours = output.folder ? /^(?:part-\d+\.|bad-\d+\.|_SUCCESS$|_run\.json$|errors\.jsonl$|ledger\.jsonl$|run\.json$|input\.parquet|tmp$)/ : /^(?!lock$)/;
  for (const name of readdirSync(output.work)) if (ours.test(name)) rmSync(join(output.work, name), { recursive: true, force: true });
}
