// slipway batch PKG|FILE --in DATA --out DATA

import { resolve } from "node:path";
import { availableCpus, openModel } from "../runtime/index.ts";
import { parseProfile, writeSlip } from "@slipway/core/package";
import { forecastError, INPUT_FORMATS, MAX_HORIZON, placeOutput, planBatch, readErrorLimit, type BatchOptions, type BatchPlan, type BatchSummary, type Horizon, type InputFormat, type Keep } from "../batch/index.ts";
import { batchReport, count, duration, progressLine } from "./batch-report.ts";
import { defineCommand, usageError, type Command, type Invocation } from "./command.ts";
import { onOptions, runOn } from "./batch-on.ts";
import { engineOf, engineOption } from "./engine-option.ts";
import { requireSignatureOption, trustedSigners } from "./trusted-option.ts";
import { size } from "./size.ts";
import { printJson, printNote, printResult, progress } from "./output.ts";

const SHARD_MB: readonly [number, number] = [1, 256];

export const batch: Command = defineCommand({
  name: "batch",
  summary: "predictions in bulk: files of any size, no row lost and none twice",
  usage: "PKG|FILE --in DATA --out DATA",
  arguments: [{ name: "PKG|FILE", help: "a package or a saved model", package: true }],
  options: {
    in: { type: "string", value: "PATH", multiple: true, help: "a file, a folder or a pattern: CSV, TSV, JSON lines, Parquet, Arrow, JSON, images; text also with .gz or .zst behind; s3://BUCKET/KEY, gs://BUCKET/NAME, az://CONTAINER/NAME, https://...; postgres://..., sqlite:PATH or duckdb:PATH with --query; may be repeated" },
    out: { type: "string", value: "PATH", help: "a file that ends in .csv, .tsv, .jsonl, .parquet, .arrow or .arrows; or a folder of parts, which ends in /; s3://BUCKET/KEY, gs://BUCKET/NAME, az://CONTAINER/NAME; postgres://...?table=NAME or sqlite:PATH?table=NAME" },
    format: { type: "string", value: "FORMAT", help: `what the input is, where its name does not say: ${INPUT_FORMATS.join(", ")}` },
    to: { type: "string", value: "FORMAT", help: "what the output is, where its name does not say: csv, tsv, jsonl, parquet, arrow, arrows" },
    delimiter: { type: "string", value: "CHARACTER", help: "between the fields of a CSV; found by itself otherwise" },
    query: { type: "string", value: "SQL", help: "what to score, as SQL: of a database in its own words, of files in DuckDB's, which calls them input: SELECT * FROM input WHERE ..." },
    horizon: { type: "string", value: "STEPS", help: "forecast so many periods of each series: --in is their history, of which the model's columns are made as the package declares (pack --lags), each step with what the steps before predicted" },
    future: { type: "string", value: "PATH", multiple: true, help: "with --horizon: what is known of the periods to come (promotions, holidays, prices): a file with the time, the columns, and keys of the series where they differ" },
    keep: { type: "string", value: "COLUMNS", help: "input columns to pass through: names with commas between, all, none, or unused (those that the model does not take; by default). With --horizon keys, time and step are always there, and none is the default" },
    outputs: { type: "string", value: "NAMES", help: "the model's outputs to write, with commas between; all by default" },
    "no-ids": { type: "boolean", help: "without the columns prediction_id and model_version" },
    resume: { type: "boolean", help: "go on with a run that was stopped; begins anew where there is none" },
    overwrite: { type: "boolean", help: "replace an output that is there" },
    limit: { type: "string", value: "ROWS", help: "only the first rows, to have a look" },
    "dry-run": { type: "boolean", help: "write nothing: how many rows and shards there are, how long it takes here and how large it comes out, by scoring the first rows" },
    "cost-per-hour": { type: "string", value: "PRICE", help: "with --dry-run: what a machine like this one costs an hour; the plan then tells what the run costs" },
    "max-errors": { type: "string", value: "ROWS|SHARE", help: "bad rows that are allowed: a number, or a share such as 0.1% (by default; ten are always allowed then)" },
    "skip-broken": { type: "boolean", help: "leave out files that cannot be read, or not to their end, from where they break; each is named among the rows that could not be scored, and the command ends with 1" },
    threads: { type: "string", value: "N", help: "threads that score; by default the processors that this process may use" },
    "shard-mb": { type: "string", value: "MB", help: "of text that one part is made from; 4 by default" },
    entry: { type: "string", value: "NAME", help: "which model, where the file holds several" },
    image: { type: "string", value: "OPTIONS", help: "how pictures become what the model takes, where --in names PNG or JPEG files: resize=stretch|crop|pad, scale=, mean=, std=, order=bgr, with & between" },
    catalogue: { type: "string", value: "PATH|URL", help: "of a recommender: what changed of its items since it was packed; JSON as the service takes it, or the store that a service keeps (catalogues.db, postgres://...)" },
    masks: { type: "string", value: "DIR", help: "a folder for what a model that segments sees in each picture: a PNG of its name, whose pixels are the classes' numbers" },
    preprocess: { type: "string", value: "FILE", multiple: true, help: "a fitted scaler or encoder that was saved beside the model and is applied before it; may be repeated, in order" },
    engine: engineOption,
    "require-signature": requireSignatureOption,
    ...onOptions,
  },
  examples: [
    "slipway batch churn.slip --in customers.csv --out scores.csv",
    "slipway batch sales.slip --in history.csv --out forecast.csv --horizon 12 --future promotions.csv",
    "slipway batch churn.slip --in 'data/*.parquet' --out scores.parquet --keep customer_id",
    "slipway batch churn.slip --in events.jsonl.gz --out scores/ --to parquet --resume",
    "slipway batch churn.slip --in customers.csv --out look.csv --limit 100",
    "slipway batch churn.slip --in 'data/*.csv.gz' --out scores.parquet --dry-run --cost-per-hour 0.34",
    "slipway batch churn.slip --in /shared/customers.csv --out /shared/scores.csv --on postgres",
    "slipway batch churn.slip --in s3://data/customers.csv --out s3://scores/today.csv --on postgres",
  ],
  commands: { retry: { summary: "the rows that a run set aside, tried again", load: async () => (await import("./batch-retry.ts")).batchRetry } },
  async run(call) {
    const input = call.texts("in");
    const out = call.text("out");
    if (input.length === 0 && call.text("query") === undefined) throw usageError("missing-argument", "batch needs --in", { hint: "slipway batch PKG --in DATA --out DATA" });
    if (out === undefined) throw usageError("missing-argument", "batch needs --out", { hint: "slipway batch PKG --in DATA --out DATA" });
    const options = await optionsOf(call, input, out);
    if (call.flag("dry-run")) {
      const perHour = priceOf(call);
      const plan = await planBatch(options);
      const cost = perHour === undefined ? undefined : (plan.seconds / 3600) * perHour;
      if (call.flag("json")) printJson(cost === undefined ? plan : { ...plan, cost });
      else printResult(planReport(plan, cost));
      return 0;
    }
    if (call.text("cost-per-hour") !== undefined) throw usageError("bad-argument", "--cost-per-hour goes with --dry-run");
    const line = progress();
    const began = performance.now();
    let summary: BatchSummary | undefined;
    try {
      summary = await runOn(call, { ...options, onProgress: (p) => line.update(progressLine(p, (performance.now() - began) / 1000, options.horizon === undefined ? "rows" : "series")) });
    } finally {
      line.done();
    }
    if (summary === undefined) return 0;
    if (call.flag("json")) printJson(summary);
    else printResult(batchReport(summary));
    return summary.failed === undefined && summary.broken === undefined ? 0 : 1;
  },
});

function priceOf(call: Invocation): number | undefined {
  const text = call.text("cost-per-hour");
  if (text === undefined) return undefined;
  const price = Number(text);
  if (text.trim() === "" || !(price >= 0 && price < 1e9)) throw usageError("bad-argument", `--cost-per-hour is a price, and ${JSON.stringify(text.slice(0, 40))} is none`, { hint: "--cost-per-hour 0.34" });
  return price;
}

async function optionsOf(call: Invocation, input: readonly string[], out: string): Promise<BatchOptions> {
  const output = placeOutput(out, call.text("to"));
  const format = call.text("format");
  if (format !== undefined && !INPUT_FORMATS.includes(format as InputFormat)) throw usageError("bad-argument", `--format must be one of ${INPUT_FORMATS.join(", ")}`);
  const delimiter = call.text("delimiter")?.replace("\\t", "\t");
  if (delimiter !== undefined && (delimiter.length !== 1 || delimiter.charCodeAt(0) > 0x7e || /["\r\n]/.test(delimiter))) throw usageError("bad-argument", "--delimiter is one character of ASCII, and no quote");
  const maxErrors = readErrorLimit(call.text("max-errors") ?? "0.1%");
  const entry = call.text("entry");
  const opened = await openModel(call.args[0]!, { preprocess: call.texts("preprocess"), trusted: await trustedSigners(call.texts("require-signature")), ...(entry === undefined ? {} : { entry }) });
  for (const warning of opened.imported?.compiled.warnings ?? []) printNote(`note: ${warning}`);
  const { manifest, digest } = opened.package;
  const list = (name: string): string[] | undefined => call.text(name)?.split(",").map((n) => n.trim()).filter((n) => n !== "");
  const place = call.text("catalogue");
  if (place !== undefined && call.text("on") !== undefined) throw usageError("bad-argument", "--catalogue does not go with --on", { hint: "Score here, or pack the model anew with its items." });
  const catalogue = place === undefined ? undefined : await (await import("../recommend/index.ts")).readCatalogue(place, opened.package);
  const horizon = horizonOf(call);
  const keep = call.text("keep") ?? (horizon === undefined ? "unused" : "none");
  return {
    package: { bytes: writeSlip(opened.package), digest, name: manifest.name, version: manifest.version, profile: parseProfile(opened.package.profile), forecast: opened.package.signature.forecast },
    input, format: format as InputFormat | undefined, image: call.text("image"), ...(catalogue === undefined ? {} : { catalogue }), ...(call.text("masks") === undefined ? {} : { masks: { folder: resolve(call.text("masks")!) } }), delimiter, query: call.text("query"), output,
    keep: keep === "unused" || keep === "all" || keep === "none" ? keep : list("keep")! satisfies Keep,
    ...(horizon === undefined ? {} : { horizon }),
    outputs: list("outputs"), ids: !call.flag("no-ids"), engine: engineOf(call),
    threads: call.count("threads", [1, 256]) ?? availableCpus(), shardBytes: (call.count("shard-mb", SHARD_MB) ?? 4) * 2 ** 20,
    resume: call.flag("resume"), overwrite: call.flag("overwrite"), limit: call.count("limit", [1, 2 ** 40]), maxErrors, skipBroken: call.flag("skip-broken"),
  };
}

const NOT_WITH_HORIZON = ["image", "skip-broken", "shard-mb"];

/** @throws SlipwayError forecast-option */
function horizonOf(call: Invocation): Horizon | undefined {
  const steps = call.count("horizon", [1, MAX_HORIZON]);
  const future = call.texts("future");
  if (steps === undefined) {
    if (future.length > 0) throw forecastError("forecast-option", "--future is of forecasts over several steps", { hint: "Add --horizon STEPS, or leave --future away." });
    return undefined;
  }
  const odd = NOT_WITH_HORIZON.find((name) => call.flag(name) || call.text(name) !== undefined);
  if (odd !== undefined) throw forecastError("forecast-option", `--${odd} does not go with --horizon`, { hint: `Leave --${odd} away.` });
  return { steps, future };
}

const MOST_COLUMNS = 40;

function planReport({ input, shards, threads, output, sample, seconds, horizon }: BatchPlan, cost: number | undefined): string {
  const about = input.exact ? "" : "about ";
  const [rows, scored] = horizon === undefined ? ["rows", "scored"] : ["series", "forecast"];
  return [
    `${about}${count(input.rows)} ${rows} in ${count(input.files)} ${input.files === 1 ? "file" : "files"} (${input.format}, ${size(input.bytes)}), ${count(shards)} ${shards === 1 ? "shard" : "shards"}, ${threads} ${threads === 1 ? "thread" : "threads"}${horizon === undefined ? "" : `, ${count(horizon)} ${horizon === 1 ? "step" : "steps"} each`}`,
    sample.rows === input.rows ? `all were ${scored}, in ${duration(seconds)}` : `${count(sample.rows)} were ${scored}: ${count(sample.rowsPerSecond)} a second, about ${duration(seconds)} for all`,
    ...(cost === undefined ? [] : [`${cost < 0.01 && cost > 0 ? "less than 0.01" : `about ${cost.toFixed(2)}`} at the price of an hour that was given, on one machine or shared by several like it`]),
    ...(sample.bad === 0 ? [] : [`${count(sample.bad)} could not be:`, ...sample.reasons.map(({ column, reason, rows }) => `  ${count(rows)}  ${column === null ? "" : `${column}: `}${reason}`)]),
    ...(output.columns.length === 0 ? [] : [`${output.path} would be about ${size(output.bytes)} of ${output.format}: ${output.columns.slice(0, MOST_COLUMNS).join(", ")}${output.columns.length > MOST_COLUMNS ? `, and ${output.columns.length - MOST_COLUMNS} more` : ""}`]),
    ...(output.exists ? [`${output.path} is there already: the run needs --overwrite`] : []),
    "nothing was written",
  ].join("\n");
}
