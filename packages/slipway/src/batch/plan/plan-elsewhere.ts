// A plan over what is elsewhere: no more is brought here than is looked at. Text is read from its beginnings; of files that are
// read here and there some are copied, and of a database some rows; the rest is judged by them.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { localFiles } from "../input/local-files.ts";
import { findInput, type InputFile } from "../input/sources.ts";
import { isStable } from "../remote/remote-object.ts";
import type { BatchOptions } from "../run/options.ts";
import { scratchFolder } from "../run/scratch.ts";
import { queryOf, spoolSql } from "../sql/read-sql.ts";
import type { BatchPlan } from "./plan-batch.ts";

/** Of files that are copied. */
const COPIED_BYTES = 64 * 2 ** 20;
/** Of a database. */
const ASKED_ROWS = 200_000;

type Plan = (options: BatchOptions, files: readonly InputFile[]) => Promise<BatchPlan>;

export async function planElsewhere(options: BatchOptions, found: readonly InputFile[], plan: Plan): Promise<BatchPlan> {
  const [{ sql, format }] = found as [InputFile];
  const text = options.query === undefined && (format === "csv" || format === "tsv" || format === "jsonl");
  if (sql === undefined && text && found.every((f) => f.remote === undefined || isStable(f.remote))) return plan(options, found);
  const folder = scratchFolder("slipway-plan-");
  try {
    return await (sql === undefined ? planCopies(options, found, plan, folder) : planRows(options, sql, plan, folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function planCopies(options: BatchOptions, found: readonly InputFile[], plan: Plan, folder: string): Promise<BatchPlan> {
  const bytesOf = (files: readonly InputFile[]): number => files.reduce((n, f) => n + f.bytes, 0);
  // SQL may ask for all of them.
  let some = found;
  if (options.query === undefined) {
    let bytes = 0;
    some = found.filter((file, i) => (bytes += file.bytes) <= COPIED_BYTES || i === 0);
  }
  const { format } = found[0]!;
  const input = (await localFiles(some, true, folder)).map((f) => f.path);
  const made = await plan({ ...options, input, format }, await findInput(input, format));
  if (some.length === found.length) return made;
  const factor = format === "image" ? found.length / some.length : bytesOf(found) / Math.max(1, bytesOf(some));
  return scaled(made, factor, { files: found.length, bytes: bytesOf(found), exact: format === "image" }, options.limit);
}

async function planRows(options: BatchOptions, sql: NonNullable<InputFile["sql"]>, plan: Plan, folder: string): Promise<BatchPlan> {
  const { askInput } = await import("../input/ask.ts");
  const asked = async (query: string | undefined, table: string | undefined, limit: number | undefined, name: string): Promise<InputFile[]> => {
    const path = join(folder, name);
    await spoolSql({ ...sql, table }, query, limit, path, folder);
    return findInput([path], "parquet");
  };
  const counted = await asked(`SELECT count(*) AS total FROM (${queryOf(sql, options.query)}\n) AS asked`, undefined, undefined, "count.parquet");
  const [[total]] = (await askInput(counted, "SELECT CAST(total AS DOUBLE) FROM input", 1)) as [[number]];
  const rows = Math.min(total, options.limit ?? Infinity);
  const began = performance.now();
  const files = await asked(options.query, sql.table, Math.min(rows, ASKED_ROWS), "input.parquet");
  const reading = (performance.now() - began) / 1000;
  const made = await plan({ ...options, input: files.map((f) => f.path), format: "parquet", query: undefined }, files);
  const factor = rows / Math.max(1, made.input.rows);
  return scaled({ ...made, seconds: made.seconds + reading }, factor, { files: 1, bytes: Math.round(made.input.bytes * factor), exact: true }, options.limit);
}

function scaled(plan: BatchPlan, factor: number, of: { readonly files: number; readonly bytes: number; readonly exact: boolean }, limit: number | undefined): BatchPlan {
  const rows = Math.min(Math.round(plan.input.rows * factor), limit ?? Infinity);
  const grown = rows / Math.max(1, plan.input.rows);
  return {
    ...plan, input: { ...plan.input, ...of, rows }, shards: Math.max(1, Math.ceil(plan.shards * grown)),
    output: { ...plan.output, bytes: Math.round(plan.output.bytes * grown) }, seconds: plan.seconds * grown,
  };
}
