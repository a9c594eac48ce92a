// A thread of a batch run: has its own model, takes shards, and writes each as a part that is there whole or not at all.

import { createHash } from "node:crypto";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { SlipwayError } from "@slipway/core/base";
import { parseProfile, readSlip } from "@slipway/core/package";
import { loadModelPackage, type Model, type Prediction } from "../../runtime/index.ts";
import { ByteSink } from "../output/byte-sink.ts";
import { CsvWriter, JsonLinesWriter, type RowsWriter } from "../output/rows-writer.ts";
import { RangeReader } from "../input/cut-file.ts";
import { keptPlaces, layOut, refuseHistory } from "../rows/columns.ts";
import { CsvRows } from "../rows/csv-rows.ts";
import type { BadRow, GoodRows, RowBlock } from "../rows/row-block.ts";
import { JsonLineRows, TensorCsvRows } from "../rows/value-rows.ts";
import { collectYoung } from "./collect-young.ts";
import { commitFile, commitLater } from "./files.ts";
import type { KeptType } from "../output/rows-writer.ts";
import type { TypedColumn } from "../output/typed-column.ts";
import { badName, partName, type Broken, type Failure, type OutputFormat, type Part, type ShardKey, type ShardWork, type WorkerAnswer, type WorkerOrder, type WorkerSetup } from "./messages.ts";
import { DriftCounter } from "./drift.ts";
import { isRows, type StepsShape } from "../forecast/shape.ts";
import { Seen } from "./seen.ts";

/** How the rows of a shard are read. */
type Reader = (work: ShardWork) => RowBlock;

const setup = workerData as WorkerSetup;
let recommended: ((batch: GoodRows["batch"]) => Promise<Prediction>) | undefined;
const answer = (message: WorkerAnswer): void => parentPort!.postMessage(message, []);

let scorer: ((work: ShardWork) => Promise<Scored>) | undefined;
// One after the other: what waits is only there so that there is no pause between two. Parts go to the disk meanwhile.
let before: Promise<unknown> = Promise.resolve();
let written: Promise<unknown> = Promise.resolve();
let ending = false;
parentPort!.on("message", (order: WorkerOrder) => ("stop" in order ? void end() : take(order)));
const started = start().catch((error: unknown) => fail(error));

async function start(): Promise<void> {
  const pkg = await readSlip(setup.package);
  const model = await loadModelPackage(pkg, { engine: setup.engine, placement: "inline", threads: setup.threads });
  const { kept, types, read, sink = new ByteSink(2 ** 20) } = await readerOf(model);
  const writer = await writerOf(kept, types);
  // Steps of a forecast are of few months or hours, unlike what a profile was made of.
  const profile = setup.input.kind === "series" ? null : parseProfile(pkg.profile);
  const drift = profile === null ? undefined : new DriftCounter(profile, model.encoder.plan);
  if (setup.catalogue !== undefined) recommended = (await import("../../recommend/bulk.ts")).bulkRecommender(model, setup.catalogue, setup.outputs);
  scorer = (work) => scoreOrTell(model, read, writer, sink, drift, work);
  answer({ ready: true });
}

function take(work: ShardWork): void {
  const { shard, token } = work;
  const failed = (error: unknown): void => fail(error, { shard, ...(token === undefined ? {} : { token }) });
  before = before.then(() => scorer!(work)).then((scored) => void (written = commit(scored).then((part) => answer({ part }), failed)), failed);
}

/** A thread that is ended while an addon computes for it takes the process with it: the addon's answer finds no JavaScript. */
async function end(): Promise<void> {
  ending = true;
  await started;
  await before;
  await written;
  process.exit();
}

function fail(error: unknown, of?: ShardKey): void {
  const { code, kind, message, where, hint } = error instanceof SlipwayError ? error : new SlipwayError("batch-worker-failed", "internal", error instanceof Error ? `${error.message}\n${error.stack ?? ""}` : String(error));
  answer({ failure: { code, kind, message, where, hint } satisfies Failure, ...(of === undefined ? {} : { of }) });
}

/** `types`: of the kept columns. `sink`: where what is read can be written without a way around. */
async function readerOf(model: Model): Promise<{ kept: readonly string[]; types: readonly KeptType[]; read: Reader; sink?: ByteSink }> {
  const { input, keep } = setup;
  const { plan } = model.encoder;
  if (input.kind === "table") return (await import("../rows/table-rows.ts")).tableReader(model.encoder, input, keep, setup.temporary);
  if (input.kind === "series" && isRows(input)) return (await import("../forecast/rows-reader.ts")).rowsReader(model, input, setup.outputs, setup.temporary);
  if (input.kind === "series") return (await import("../forecast/series-reader.ts")).seriesReader(model, input as StepsShape, setup.outputs, setup.temporary);
  if (input.kind === "image") return (await import("../rows/image-rows.ts")).imageReader(model.encoder, input.options, keep);
  const { names } = input;
  const ranges = new RangeReader();
  const lines = (kept: readonly string[], rows: { read(bytes: Buffer): RowBlock }): Awaited<ReturnType<typeof readerOf>> =>
    // Text files do not say what a column is.
    ({ kept, types: kept.map(() => "text"), read: (work) => rows.read("text" in work ? ranges.read(work.text) : Buffer.from((work as { bytes: ArrayBuffer }).bytes)) });
  if (input.kind === "jsonl") {
    refuseHistory(names, plan, "the input");
    // What each line lacks is told of that line.
    const kept = keptPlaces(names, plan, keep, "the input").map((i) => names[i]!);
    return lines(kept, new JsonLineRows(model.encoder, kept));
  }
  if (plan.signature.layout === "tensors") {
    // Which columns hold a tensor's values the model's reader says: what is to be kept has to be named.
    const kept = keep === "unused" ? [] : keptPlaces(names, plan, keep, "the input");
    return lines(kept.map((i) => names[i]!), new TensorCsvRows(model.encoder, names, kept, input.delimiter));
  }
  const layout = layOut(names, plan, keep, "the input");
  const rows = new CsvRows(plan, layout, input.delimiter.charCodeAt(0), delimiterOf(setup.output).charCodeAt(0));
  return {
    kept: layout.kept.map((i) => names[i]!), types: layout.kept.map(() => "text"), sink: rows.text.sink,
    read(work) {
      if (!("text" in work)) return rows.read(new Uint8Array((work as { bytes: ArrayBuffer }).bytes));
      const { text } = work;
      return rows.readInto(text.to - text.from, (room) => void ranges.read(text, room));
    },
  };
}

function delimiterOf(output: OutputFormat): string {
  return output === "tsv" ? "\t" : ",";
}

async function writerOf(kept: readonly string[], types: readonly KeptType[]): Promise<RowsWriter> {
  const { output, idPrefix, version } = setup;
  const delimiter = delimiterOf(output);
  if (output === "parquet" || output === "arrow" || output === "arrows") {
    const { ColumnsWriter } = await import("../output/columns-writer.ts");
    return new ColumnsWriter({ kept, types, idPrefix, version, delimiter }, await encoderOf(output));
  }
  return output === "jsonl" ? new JsonLinesWriter({ kept, idPrefix, version, delimiter }) : new CsvWriter({ kept, idPrefix, version, delimiter });
}

/** How a part of columns is written. */
async function encoderOf(output: OutputFormat): Promise<(columns: readonly TypedColumn[]) => Uint8Array> {
  if (output === "parquet") return (await import("../output/parquet-file.ts")).parquetFile;
  const { arrowFile, arrowStream } = await import("../output/arrow-file.ts");
  return output === "arrow" && setup.headEach ? arrowFile : arrowStream;
}

interface Scored {
  readonly part: Part;
  readonly bad: readonly BadRow[];
  readonly write: Promise<void>;
}

/** A shard that cannot be read is told in its place, where it is to be left out. */
async function scoreOrTell(...args: Parameters<typeof score>): Promise<Scored> {
  const work = args[5];
  if (ending) throw new Error("the run has ended");
  if ("broken" in work) return told(work, work.broken);
  try {
    return await score(...args);
  } catch (error) {
    if (!setup.skipBroken || !("file" in work) || !(error instanceof SlipwayError) || error.code !== "batch-input-damaged") throw error;
    return told(work, { source: work.file, reason: `rows ${work.from + 1} to ${work.to}: ${error.message}` });
  }
}

function told({ shard, token }: ShardKey, broken: Broken): Scored {
  const part = { shard, ...(token === undefined ? {} : { token }), rows: 0, bad: 0, bytes: 0, sha256: createHash("sha256").digest("hex"), head: "", columns: [], seen: [], broken };
  return { part, bad: [], write: commitLater(join(setup.folder, partName(part, setup.output)), new Uint8Array(0)) };
}

async function score(model: Model, read: Reader, writer: RowsWriter, sink: ByteSink, drift: DriftCounter | undefined, work: ShardWork): Promise<Scored> {
  const block = read(work);
  const refused: BadRow[] = [];
  const seen = new Seen();
  sink.clear();
  let head = "";
  let columns: readonly string[] = [];
  const { outputs, input } = setup;
  const place = input.kind === "image" ? input.masks : undefined;
  const { writeMasks } = place === undefined ? {} : await import("../rows/mask-files.ts");
  const masks = place === undefined || writeMasks === undefined ? undefined : (rows: GoodRows, prediction: Prediction): void => writeMasks(place, rows, prediction);
  writer.begin(work.shard);
  drift?.begin();
  for await (const rows of block.parts) {
    if (ending) throw new Error("the run has ended");
    const prediction: Prediction = rows.prediction ?? (await recommended?.(rows.batch)) ?? model.runSync(rows.batch, { onInvalid: "rows", outputs }) ?? await model.run(rows.batch, { onInvalid: "rows", outputs });
    if (columns.length === 0) {
      head = writer.head(prediction);
      columns = writer.columns(prediction);
      if (setup.headEach) sink.text(head);
    }
    for (const [row, reason] of prediction.refused ?? []) refused.push({ row: rows.rowOf[row]!, column: null, reason, ...rows.asItWas(row) });
    writer.write(sink, rows, prediction);
    if (masks !== undefined) masks(rows, prediction);
    seen.add(prediction, rows.unanswered);
    drift?.add(rows.batch, prediction);
  }
  const bytes = writer.finish?.() ?? sink.written();
  // What pages were packed in stands outside the heap, which hardly grows by it.
  collectYoung?.();
  const bad = [...block.bad, ...refused].sort((a, b) => a.row - b.row);
  return {
    part: { shard: work.shard, ...(work.token === undefined ? {} : { token: work.token }), rows: block.rows, ...(block.unanswered === undefined ? {} : { unanswered: block.unanswered }), bad: bad.length, bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex"), head, columns, seen: seen.read(), ...(drift === undefined ? {} : { profile: drift.read() }) },
    // What the sink holds is written before this returns: the next shard takes its place.
    bad, write: commitLater(join(setup.folder, partName(work, setup.output)), bytes),
  };
}

async function commit({ part, bad, write }: Scored): Promise<Part> {
  await write;
  if (bad.length > 0) commitFile(join(setup.folder, badName(part)), Buffer.from(bad.map((row) => `${JSON.stringify(row)}\n`).join("")));
  return part;
}
