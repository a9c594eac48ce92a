// slipway batch PKG|FILE --in DATA --out DATA

import { availableCpus, openModel } from "../runtime/index.ts";
import { parseProfile, writeSlip } from "@slipway/core/package";
import { INPUT_FORMATS, placeOutput, readErrorLimit, runBatch, type BatchOptions, type BatchSummary, type InputFormat, type Keep, type Progress, type SeenOutput } from "../batch/index.ts";
import { defineCommand, usageError, type Command, type Invocation } from "./command.ts";
import { engineOf, engineOption } from "./engine-option.ts";
import { requireSignatureOption, trustedSigners } from "./trusted-option.ts";
import { printJson, printNote, printResult, progress } from "./output.ts";

const SHARD_MB: readonly [number, number] = [1, 256];

export const batch: Command = defineCommand({
  name: "batch",
  summary: "predictions in bulk: files of any size, no row lost and none twice",
  usage: "PKG|FILE --in DATA --out DATA",
  arguments: [{ name: "PKG|FILE", help: "a package or a saved model", package: true }],
  options: {
    in: { type: "string", value: "PATH", multiple: true, help: "a file, a folder or a pattern: CSV, TSV, JSON lines, Parquet, Arrow, JSON; text also with .gz or .zst behind; may be repeated" },
    out: { type: "string", value: "PATH", help: "a file that ends in .csv, .tsv, .jsonl, .parquet, .arrow or .arrows; or a folder of parts, which ends in /" },
    format: { type: "string", value: "FORMAT", help: `what the input is, where its name does not say: ${INPUT_FORMATS.join(", ")}` },
    to: { type: "string", value: "FORMAT", help: "what the output is, where its name does not say: csv, tsv, jsonl, parquet, arrow, arrows" },
    delimiter: { type: "string", value: "CHARACTER", help: "between the fields of a CSV; found by itself otherwise" },
    query: { type: "string", value: "SQL", help: "what to score, as SQL (DuckDB's) over the input, which it calls input: SELECT * FROM input WHERE ..." },
    keep: { type: "string", value: "COLUMNS", help: "input columns to pass through: names with commas between, all, none, or unused (those that the model does not take; by default)" },
    outputs: { type: "string", value: "NAMES", help: "the model's outputs to write, with commas between; all by default" },
    "no-ids": { type: "boolean", help: "without the columns prediction_id and model_version" },
    resume: { type: "boolean", help: "go on with a run that was stopped; begins anew where there is none" },
    overwrite: { type: "boolean", help: "replace an output that is there" },
    limit: { type: "string", value: "ROWS", help: "only the first rows, to have a look" },
    "max-errors": { type: "string", value: "ROWS|SHARE", help: "bad rows that are allowed: a number, or a share such as 0.1% (by default; ten are always allowed then)" },
    threads: { type: "string", value: "N", help: "threads that score; by default the processors that this process may use" },
    "shard-mb": { type: "string", value: "MB", help: "of text that one part is made from; 4 by default" },
    entry: { type: "string", value: "NAME", help: "which model, where the file holds several" },
    preprocess: { type: "string", value: "FILE", multiple: true, help: "a fitted scaler or encoder that was saved beside the model and is applied before it; may be repeated, in order" },
    engine: engineOption,
    "require-signature": requireSignatureOption,
  },
  examples: [
    "slipway batch churn.slip --in customers.csv --out scores.csv",
    "slipway batch churn.slip --in 'data/*.parquet' --out scores.parquet --keep customer_id",
    "slipway batch churn.slip --in events.jsonl.gz --out scores/ --to parquet --resume",
    "slipway batch churn.slip --in customers.csv --out look.csv --limit 100",
  ],
  async run(call) {
    const input = call.texts("in");
    const out = call.text("out");
    if (input.length === 0 && call.text("query") === undefined) throw usageError("missing-argument", "batch needs --in", { hint: "slipway batch PKG --in DATA --out DATA" });
    if (out === undefined) throw usageError("missing-argument", "batch needs --out", { hint: "slipway batch PKG --in DATA --out DATA" });
    const options = await optionsOf(call, input, out);
    const line = progress();
    const began = performance.now();
    let summary: BatchSummary;
    try {
      summary = await runBatch({ ...options, onProgress: (p) => line.update(progressLine(p, (performance.now() - began) / 1000)) });
    } finally {
      line.done();
    }
    if (call.flag("json")) printJson(summary);
    else printResult(report(summary));
    return 0;
  },
});

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
  const keep = call.text("keep") ?? "unused";
  return {
    package: { bytes: writeSlip(opened.package), digest, name: manifest.name, version: manifest.version, profile: parseProfile(opened.package.profile) },
    input, format: format as InputFormat | undefined, delimiter, query: call.text("query"), output,
    keep: keep === "unused" || keep === "all" || keep === "none" ? keep : list("keep")! satisfies Keep,
    outputs: list("outputs"), ids: !call.flag("no-ids"), engine: engineOf(call),
    threads: call.count("threads", [1, 256]) ?? availableCpus(), shardBytes: (call.count("shard-mb", SHARD_MB) ?? 4) * 2 ** 20,
    resume: call.flag("resume"), overwrite: call.flag("overwrite"), limit: call.count("limit", [1, 2 ** 40]), maxErrors,
  };
}

function progressLine({ rows, bad, share, before }: Progress, seconds: number): string {
  const rate = (rows - before) / Math.max(0.001, seconds);
  const left = share <= 0 || share >= 1 ? undefined : (seconds / share) * (1 - share);
  const width = 24;
  const full = Math.round(width * share);
  return `[${"#".repeat(full)}${".".repeat(width - full)}] ${Math.floor(share * 100)} %  ${count(rows)} rows${bad === 0 ? "" : `, ${count(bad)} bad`}  ${count(Math.round(rate))} a second${left === undefined ? "" : `  ${duration(left)} left`}`;
}

function report({ output, rows, scored, bad, errors, seconds, resumed, outputs, drift }: BatchSummary): string {
  const lines = [`${count(scored)} of ${count(rows)} rows scored in ${duration(seconds)} (${count(Math.round((rows - resumed) / Math.max(0.001, seconds)))} a second) -> ${output}`];
  if (resumed > 0) lines.push(`${count(resumed)} of them by the run that was stopped`);
  if (bad > 0) lines.push(`${count(bad)} rows could not be scored: ${errors}`);
  if (outputs.length > 0) lines.push("", ...outputs.flatMap(describe));
  if (drift !== undefined && drift.length > 0) lines.push("", ...driftLines(drift));
  return lines.join("\n");
}

const MOST_DRIFTED = 8;

function driftLines(drift: NonNullable<BatchSummary["drift"]>): string[] {
  const drifted = drift.filter((d) => d.verdict === "drifted");
  if (drift.every((d) => d.verdict === "unknown")) return ["too few rows to say whether they are distributed as the model's profile"];
  if (drifted.length === 0) return [`distributed as in the model's profile (${drift.length} columns and outputs)`];
  const share = (n: number): string => `${(100 * n).toFixed(1)} %`;
  return [
    `other than in the model's profile: ${drifted.length} of ${drift.length} columns and outputs`,
    ...drifted.slice(0, MOST_DRIFTED).map((d) => `  ${d.name}  PSI ${d.psi.toFixed(2)}${Math.abs(d.missing[0] - d.missing[1]) > 0.01 ? `  missing ${share(d.missing[0])}, before ${share(d.missing[1])}` : ""}`),
    ...(drifted.length > MOST_DRIFTED ? [`  and ${drifted.length - MOST_DRIFTED} more`] : []),
  ];
}

const BAR = 30;
const MOST_LABELS = 12;

function describe({ name, labels, numbers }: SeenOutput): string[] {
  if (numbers !== undefined) return [`${name}: ${short(numbers.least)} to ${short(numbers.most)}, mean ${short(numbers.sum / numbers.count)}`];
  const all = Object.entries(labels ?? {}).toSorted((a, b) => b[1] - a[1]);
  const total = all.reduce((n, [, c]) => n + c, 0);
  const width = Math.max(...all.slice(0, MOST_LABELS).map(([label]) => label.length));
  return [`${name}:`, ...all.slice(0, MOST_LABELS).map(([label, n]) => `  ${label.padEnd(width)}  ${"#".repeat(Math.max(1, Math.round((n / total) * BAR))).padEnd(BAR)}  ${((100 * n) / total).toFixed(1)} %  ${count(n)}`), ...(all.length > MOST_LABELS ? [`  and ${all.length - MOST_LABELS} more`] : [])];
}

function count(n: number): string {
  return n.toLocaleString("en-US");
}
function short(n: number): string {
  return Number.isInteger(n) ? String(n) : String(Number(n.toPrecision(6)));
}
function duration(seconds: number): string {
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${Math.round(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
