// What a run would be, without making it: how much there is to score, and how long that takes here and how large it comes
// out, judged by really scoring the first rows.

import { readFileSync, existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { SlipwayError } from "@slipway/core/base";
import type { InputFile } from "../input/sources.ts";
import type { OutputFormat } from "../run/messages.ts";
import { isThere, placeOutput } from "../run/output-place.ts";
import { findAll, openSource, type Found } from "../run/open-source.ts";
import type { BatchOptions, BatchSummary } from "../run/options.ts";
import { runBatch } from "../run/run-batch.ts";
import { scratchFolder } from "../run/scratch.ts";
import { ROWS_PER_SHARD } from "../run/source.ts";
import { countRows, subquery } from "./count-rows.ts";

export interface BatchPlan {
  readonly input: { readonly files: number; readonly bytes: number; readonly format: string; readonly rows: number; /** Otherwise `rows` is an estimate. */ readonly exact: boolean };
  readonly shards: number;
  readonly threads: number;
  readonly output: { readonly path: string; readonly format: OutputFormat; /** There is an output already: a run would need --overwrite. */ readonly exists: boolean; readonly columns: readonly string[]; /** Expected. */ readonly bytes: number };
  /** Rows that were really scored, for the estimates. */
  readonly sample: { readonly rows: number; readonly bad: number; readonly rowsPerSecond: number; readonly reasons: readonly { readonly column: string | null; readonly reason: string; readonly rows: number }[] };
  /** Expected, from start to end. */
  readonly seconds: number;
  /** Of a forecast, whose rows here are series: steps of each. */
  readonly horizon?: number;
}

const FIRST_SAMPLE = 1000;
const GROWTH = 8;
const MOST_SAMPLED = 4_000_000;
/** Scoring is judged by a sample that takes at least so long. */
const ENOUGH_SECONDS = 1;
/** Of small shards what a disk takes for each of them is most of it. */
const ENOUGH_OF_SMALL_SHARDS = 5;
const LIKE_A_SHARD = 2 ** 19;
const PARTS_OF_THREAD = 4;
const MOST_REASONS = 5;
const LEAST_SHARD = 2 ** 14;
const LEAST_SHARD_ROWS = 1024;

/** Writes nothing but below the machine's temporary folder. @throws SlipwayError what a run would be refused for: batch-input-..., runtime-... */
export async function planBatch(options: BatchOptions): Promise<BatchPlan> {
  const found = await findAll(options);
  const series = options.package.forecast === undefined ? undefined : await planSeries(options, found);
  if (series !== undefined) return series;
  const { files } = found;
  if (files.some((f) => f.sql !== undefined || f.remote !== undefined)) return (await import("./plan-elsewhere.ts")).planElsewhere(options, files, planLocal);
  return planLocal(options, files);
}

/** A history is sorted whole, as in a run: a series' rows may be anywhere in it. Undefined: the input is none. */
async function planSeries(options: BatchOptions, found: Found): Promise<BatchPlan | undefined> {
  const began = performance.now();
  const history = scratchFolder("slipway-plan-");
  try {
    const source = await openSource({ ...options, history }, found, history);
    if (source.shape.kind !== "series") return undefined;
    let [rows, shards] = [0, 0];
    for await (const work of source.works) {
      rows += work.records ?? ("file" in work ? work.to - work.from : 0);
      shards++;
    }
    const sorting = (performance.now() - began) / 1000;
    const plan = await estimate({ ...options, history }, found.files, { rows, exact: true, bytes: 0, reading: 0, shards: Math.max(1, shards), enough: () => ENOUGH_SECONDS });
    return { ...plan, seconds: plan.seconds + sorting, ...(options.horizon === undefined ? {} : { horizon: options.horizon.steps }) };
  } finally {
    rmSync(history, { recursive: true, force: true });
  }
}

async function planLocal(options: BatchOptions, files: readonly InputFile[]): Promise<BatchPlan> {
  const { threads, query, shardBytes, limit = Infinity } = options;
  const began = performance.now();
  const counted = await countRows(files, options);
  // SQL and JSON are gone through once before scoring begins.
  const reading = query !== undefined || files[0]?.format === "json" ? (performance.now() - began) / 1000 : 0;
  const rows = Math.min(counted.rows, limit);
  const perRow = counted.bytes / Math.max(1, counted.rows);
  return estimate(options, files, {
    rows, bytes: perRow * rows, exact: counted.exact || rows === limit, reading, shards: Math.max(1, Math.ceil(isTable(files, query) ? rows / ROWS_PER_SHARD : (perRow * rows) / shardBytes)),
    enough: (sampled) => ((perRow * sampled) / (threads * PARTS_OF_THREAD) < LIKE_A_SHARD ? ENOUGH_OF_SMALL_SHARDS : ENOUGH_SECONDS),
  });
}

/** What is to be scored, as far as it is known without scoring. */
interface Extent {
  readonly rows: number;
  readonly exact: boolean;
  /** Of text. */
  readonly bytes: number;
  readonly shards: number;
  /** Seconds that go by before scoring begins. */
  readonly reading: number;
  /** So many seconds a sample of so many rows has to take to be judged by. */
  readonly enough: (rows: number) => number;
}

async function estimate(options: BatchOptions, files: readonly InputFile[], { rows, exact, bytes, shards, reading, enough }: Extent): Promise<BatchPlan> {
  const { output, threads, query } = options;
  const folder = scratchFolder("slipway-plan-");
  try {
    const sample = (n: number): Promise<Sample> => scoreSample(options, folder, n, (bytes / Math.max(1, rows)) * n);
    let wanted = Math.min(FIRST_SAMPLE, rows);
    let last = await sample(wanted);
    while (last.scored > 0 && wanted < Math.min(rows, MOST_SAMPLED) && last.steady.seconds < enough(wanted)) {
      wanted = Math.min(rows, MOST_SAMPLED, wanted * GROWTH);
      last = await sample(wanted);
    }
    const whole = exact && last.rows >= rows;
    const { steady } = last;
    const perRow = steady.rows > 0 ? Math.max(1e-9, steady.seconds / steady.rows) : last.seconds / Math.max(1, last.rows);
    const startUp = Math.max(0, last.seconds - last.rows * perRow);
    return {
      input: { files: files.length, bytes: files.reduce((n, f) => n + f.bytes, 0), format: query === undefined ? files[0]!.format : "query", rows, exact },
      shards, threads,
      output: { path: output.path, format: output.format, exists: output.destination === undefined && isThere(output), columns: last.columns, bytes: Math.round(last.rows === 0 ? 0 : (last.bytes / last.rows) * rows) },
      sample: { rows: last.rows, bad: last.rows - last.scored, rowsPerSecond: Math.round(1 / perRow), reasons: last.reasons },
      seconds: whole ? last.seconds : reading + startUp + rows * perRow,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function isTable(files: readonly InputFile[], query: string | undefined): boolean {
  return query !== undefined || ["parquet", "arrow", "json"].includes(files[0]?.format ?? "");
}

interface Sample extends Pick<BatchSummary, "rows" | "scored" | "seconds" | "columns"> {
  readonly bytes: number;
  /** When every thread had its first part behind it: rows from then on, and the time that they took. */
  readonly steady: { readonly rows: number; readonly seconds: number };
  readonly reasons: BatchPlan["sample"]["reasons"];
}

/** `textBytes`: of so many rows, about. Shards are small enough that every thread has some. */
async function scoreSample(options: BatchOptions, folder: string, rows: number, textBytes: number): Promise<Sample> {
  const output = placeOutput(join(folder, `sample.${options.output.format}`));
  const { threads } = options;
  const parts = threads * PARTS_OF_THREAD;
  const marks: { readonly rows: number; readonly at: number }[] = [];
  // A history is sorted already, and its first series are taken.
  const query = options.history !== undefined ? undefined : options.query ?? (options.format === "json" ? "SELECT * FROM input" : undefined);
  try {
    const done = await runBatch({
      ...options, output, resume: false, overwrite: true, limit: rows, maxErrors: { share: 1, text: "100%" }, onProgress: (p) => marks.push({ rows: p.rows, at: performance.now() }), ...(query === undefined ? {} : { query: `SELECT * FROM ${subquery(query)} LIMIT ${rows}` }),
      shardBytes: Math.max(LEAST_SHARD, Math.min(options.shardBytes, Math.ceil(textBytes / parts))), shardRows: Math.max(options.history === undefined ? LEAST_SHARD_ROWS : 1, Math.min(ROWS_PER_SHARD, Math.ceil(rows / parts))),
    });
    const [from, to] = [marks[threads - 1] ?? { rows: 0, at: 0 }, marks.at(-1)!];
    const steady = from === to || marks.length < threads + 1 ? { rows: 0, seconds: 0 } : { rows: to.rows - from.rows, seconds: (to.at - from.at) / 1000 };
    return { ...done, steady, bytes: existsSync(output.path) ? statSync(output.path).size : 0, reasons: reasonsIn(output.errors) };
  } catch (error) {
    // Not one good row: that is what there is to tell.
    if (!(error instanceof SlipwayError) || error.code !== "batch-errors") throw error;
    const reasons = reasonsIn(output.errors);
    return { rows, scored: 0, seconds: 0, steady: { rows: 0, seconds: 0 }, columns: [], bytes: 0, reasons };
  }
}

function reasonsIn(errors: string): BatchPlan["sample"]["reasons"] {
  if (!existsSync(errors)) return [];
  const counts = new Map<string, { column: string | null; reason: string; rows: number }>();
  for (const line of readFileSync(errors, "utf8").split("\n")) {
    if (line === "") continue;
    const { column, reason, code } = JSON.parse(line) as { column: string | null; reason: string; code?: string };
    // A series' reason names its rows: the first one stands for those like it.
    const kind = code ?? `${column}\0${reason}`;
    const known = counts.get(kind);
    if (known === undefined) counts.set(kind, { column, reason, rows: 1 });
    else known.rows++;
  }
  return [...counts.values()].sort((a, b) => b.rows - a.rows).slice(0, MOST_REASONS);
}
