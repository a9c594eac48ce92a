// A saved model, and the rows someone checked in a notebook, -> a package. The check is run: a model that does not
// predict what the notebook predicted is not packed.

import { SlipwayError, VERSION } from "@slipway/core/base";
import { basename } from "node:path";
import type { ImportedModel } from "@slipway/core/convert";
import {
  buildPackage, checkForecasting, compareOutputs, nameFromFile, packageError, parseForecasting, profileOf, profileToJson, readCheckFile, sampleChecks, signatureOfRows, sha256, writeCard, writeSbom,
  type CardFacts, type Checks, type Comparison, type AudioInput, type ImageInput, type ModelPackage, type Profile, type Signature,
} from "@slipway/core/package";
import { readCheckRows } from "./check-rows.ts";
import { provenKernel } from "./engine.ts";
import { predictError } from "@slipway/core/predict";
import { runtimeError } from "./errors.ts";
import { importFile, type ImportFileOptions } from "./import-file.ts";
import type { RecommendOptions } from "./recommend/import-recommender.ts";
import { withAudio, withImage } from "./images/import-image.ts";
import type { PictureSpec } from "./images/picture-spec.ts";
import { withTask } from "./images/with-task.ts";
import { loadModelPackage, type ModelSource } from "./model.ts";
import { lineOfRow } from "./row-line.ts";
import { withMlflowSignature, type MlflowModel } from "./mlflow/index.ts";

export interface PackOptions extends ImportFileOptions {
  readonly name?: string;
  readonly version?: string;
  /** What MLflow tells of the model. */
  readonly mlflow?: MlflowModel;
  /** How pictures become its tensor. */
  readonly image?: ImageInput;
  /** Pack it as one that recommends. */
  readonly recommend?: RecommendOptions | undefined;
  /** How sounds become its tensor. */
  readonly audio?: AudioInput;
  /** What a network that looks at pictures is for. */
  readonly task?: PictureSpec;
  /** How its columns come from the history of a series: JSON, as it stands in the file. */
  readonly lags?: { readonly file: string; readonly json: unknown };
  /** For the model card. */
  readonly facts?: CardFacts;
  /** Rows with the columns the model takes and, beside them, what it predicted. */
  readonly check?: { readonly file: string; readonly text: string };
  /** Rows that the model was trained on, for the profile; those of the check file by default. `label`: the column with what is true, of a regression. */
  readonly training?: { readonly file: string; readonly sha256?: string; readonly rows: (signature: Signature) => Promise<readonly Readonly<Record<string, unknown>>[]>; readonly label?: string };
  /** Whether the package is to say that our own kernel answers as ONNX Runtime does, where that is so. */
  readonly prove?: boolean;
}
export interface Packed {
  readonly package: ModelPackage;
  readonly imported: ImportedModel;
  readonly comparison?: Comparison;
  /** Columns of the check file that were not understood, and other things to tell. */
  readonly notes: readonly string[];
}

/** Rows of the check file kept in the package. */
const KEPT_CHECKS = 200;

/** @throws what import and the package room throw, and check-differs with the comparison in `data` */
export async function packModel(path: string, bytes: Uint8Array, options: PackOptions = {}): Promise<Packed> {
  const recommender = options.recommend === undefined ? undefined : await (await import("./recommend/import-recommender.ts")).importRecommender(path, bytes, options.recommend, options);
  const forecast = options.lags === undefined ? undefined : parseForecasting(options.lags.json, "", lagsFail(options.lags.file));
  const { imported, joined, source, text } = recommender ?? (await importFile(path, bytes, options));
  const compiled = options.task === undefined ? imported.compiled : withTask(imported.compiled, options.task, path);
  const { model } = compiled;
  const notes = [...compiled.warnings, ...(recommender?.notes ?? [])];
  let signature: Signature = compiled.signature;
  if (options.image) signature = withImage(signature, options.image, undefined, path);
  if (options.audio) signature = withAudio(signature, options.audio, path);
  if (options.mlflow) {
    const told = withMlflowSignature(signature, options.mlflow);
    signature = told.signature;
    notes.push(...options.mlflow.notes, ...told.notes);
  }
  if (forecast !== undefined) {
    checkForecasting(forecast, signature, "", lagsFail(options.lags!.file));
    signature = { ...signature, forecast };
  }
  let checks: Checks | null = null;
  let allChecks: Checks | null = null;
  let comparison: Comparison | undefined;
  if (options.check && signature.layout === "tensors") {
    throw predictError("request-shape", "a check file is a table of columns, and this model takes tensors", { hint: "Pack it without --check." });
  }
  if (options.check) {
    const rows = readCheckRows(options.check.text);
    const file = readCheckFile(rows, signature, { file: basename(options.check.file), sha256: await sha256(new TextEncoder().encode(options.check.text)) });
    for (const { column, suggestion } of file.unknown) {
      notes.push(`column ${JSON.stringify(column)} of the check file is neither an input nor an output and was not used${suggestion === undefined ? "" : `; did you mean ${JSON.stringify(suggestion)}?`}`);
    }
    const { check } = options;
    // Rows are counted from 1 for people, and stand on a line of their file.
    const place = (row: number): string => {
      const line = lineOfRow(check.text, row);
      return `row ${row + 1}${line === undefined ? "" : ` (line ${line})`}`;
    };
    const compared = await runChecks({ model, text }, file.signature, file.checks).catch((error: unknown): never => { throw refusedCheck(error, basename(check.file), place); });
    comparison = compared;
    if (!compared.passed) throw differs(compared, check.file, file.signature, file.checks, place);
    signature = file.signature;
    allChecks = file.checks;
    checks = sampleChecks(file.checks, KEPT_CHECKS);
  }
  const training = options.training === undefined || signature.layout === "tensors" ? undefined : await readTrainingRows(options.training, signature);
  if (training !== undefined && checks === null) signature = signatureOfRows(signature, training.rows);
  const profile = signature.layout === "tensors" ? null : await profileFor({ model, text }, signature, allChecks, training);
  const kernel = options.prove === true && text === undefined ? await provenKernel({ model, signature, checks, manifest: { name: "proof", version: "0.0.0" }, digest: "" }) : undefined;
  const manifest = {
    name: options.name ?? nameFromFile(path),
    version: options.version ?? "0.0.0",
    source: {
      file: basename(path), sha256: source.sha256, bytes: source.bytes, format: imported.format,
      producer: imported.producer, rootClass: imported.compiled.className,
    },
    tool: { name: "slipway", version: VERSION },
    lineage: joined,
    ...(options.mlflow === undefined ? {} : { origin: options.mlflow.origin }),
    ...(kernel === undefined ? {} : { kernel }),
  };
  const described = { manifest, signature, ...(options.facts ? { facts: options.facts } : {}), ...(comparison ? { comparison } : {}) };
  return {
    package: await buildPackage({
      manifest, model, signature, checks, profile, ...(text === undefined ? {} : { text }), ...(recommender === undefined ? {} : { recommend: recommender.recommend }),
      card: writeCard({ ...described, ...(options.check ? { checkFile: basename(options.check.file) } : {}) }),
      sbom: writeSbom({ ...described, modelSha256: await sha256(model), opsets: imported.compiled.opsets }),
    }),
    imported, notes,
    ...(comparison ? { comparison } : {}),
  };
}

function lagsFail(file: string): (message: string, where: string) => SlipwayError {
  return (message, where) => packageError("package-lags", `${basename(file)}${where === "" ? "" : `, ${where}`}: ${message}`, { where: file, hint: "docs/forecasting.md tells what the file holds." });
}

/** Those of PackOptions, read. */
interface TrainingRows {
  readonly file: string;
  readonly sha256?: string;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** What is true of each row, NaN where that is not known. */
  readonly truth?: readonly number[] | undefined;
}
/** @throws pack-label, and what reading the rows throws */
async function readTrainingRows(training: NonNullable<PackOptions["training"]>, signature: Signature): Promise<TrainingRows> {
  const { label } = training;
  if (label !== undefined && !signature.outputs.some((o) => o.kind === "value" && o.rowShape.length === 0)) throw runtimeError("pack-label", `--label ${label} is for models that predict one number`, { hint: "Leave it out: how good a classifier is likely to be is estimated from its own probabilities." });
  const rows = await training.rows(signature);
  if (label === undefined) return { ...training, rows };
  return { ...training, rows: rows.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => name !== label))), truth: rows.map((row) => Number(row[label])) };
}

/** A graph and, of a model of texts, what stands around it. */
type Network = Pick<ModelSource, "model" | "text">;

/** Predicts the checks' rows and compares. */
async function runChecks({ model, text }: Network, signature: Signature, checks: Checks): Promise<Comparison> {
  const loaded = await loadModelPackage({ model, signature, text, manifest: { name: "checks", version: "0.0.0" }, digest: "" }, { engine: "onnxruntime" });
  try {
    const { batch } = loaded.encode({ kind: "records", records: checks.inputs });
    return compareOutputs(checks.expected, (await loaded.run(batch)).outputs, checks.tolerance);
  } finally {
    await loaded.close();
  }
}

async function profileFor(model: Network, signature: Signature, checks: Checks | null, training: TrainingRows | undefined): Promise<object | null> {
  if (training !== undefined) {
    const { file, sha256: digest, rows, truth } = training;
    return profileToJson(await makeProfile(model, signature, { rows: "training", file, ...(digest === undefined ? {} : { sha256: digest }) }, rows, truth));
  }
  if (checks === null) return null;
  const { file, sha256: digest } = checks.source;
  return profileToJson(await makeProfile(model, signature, { rows: "checks", file, ...(digest === undefined ? {} : { sha256: digest }) }, checks.inputs));
}

/** What the model answers to the rows is part of it; rows that it refuses are not in it. */
export async function makeProfile({ model, text }: Network, signature: Signature, source: Profile["source"], rows: readonly Readonly<Record<string, unknown>>[], truth?: readonly number[]): Promise<Profile> {
  const loaded = await loadModelPackage({ model, signature, text, manifest: { name: "profile", version: "0.0.0" }, digest: "" }, { engine: "onnxruntime", placement: "inline" });
  try {
    const { batch, kept } = loaded.encode({ kind: "records", records: rows }, "rows");
    const { outputs, refused } = await loaded.run(batch, { onInvalid: "rows" });
    const encoded = kept === undefined ? rows : Array.from(kept, (i) => rows[i]!);
    const known = truth && (kept === undefined ? truth : Array.from(kept, (i) => truth[i]!));
    if (refused === undefined || refused.size === 0) return profileOf(signature, encoded, outputs, source, known);
    const answered = encoded.flatMap((_, i) => (refused.has(i) ? [] : [i]));
    return profileOf(signature, answered.map((i) => encoded[i]!), outputs.map((o) => ({ ...o, data: answered.flatMap((i) => Array.from({ length: o.width }, (_, j) => o.data[i * o.width + j]!)) })), source, known && answered.map((i) => known[i]!));
  } finally {
    await loaded.close();
  }
}

/** A row that the model refuses, told by its place in the check file. */
function refusedCheck(error: unknown, file: string, place: (row: number) => string): unknown {
  if (!(error instanceof SlipwayError) || error.code !== "request-invalid") return error;
  const problems = (error.data as { readonly problems?: readonly { readonly row: number | null; readonly column: string | null; readonly expected: string; readonly found: string }[] } | undefined)?.problems;
  const first = problems?.[0];
  if (!first || first.row === null || first.found === "no such column") return error;
  const column = first.column === null ? "" : `, column ${JSON.stringify(first.column)}`;
  return predictError("request-invalid", `the model refuses a row of ${file}: ${place(first.row)}${column}: expected ${first.expected}, found ${first.found}`, {
    where: `${file}, ${place(first.row)}${column}`, hint: "Leave rows that the model itself would refuse out of the check file.", data: { problems }, cause: error });
}

function differs(comparison: Comparison, file: string, signature: Signature, checks: Checks, place: (row: number) => string): Error {
  const worst = comparison.worst.map((w) => `${place(w.row)}, ${w.output}${w.entry === null ? "" : ` ${String(w.entry)}`}: ${String(w.actual)} instead of ${String(w.expected)}`);
  return runtimeError("check-differs", `the compiled model differs from ${basename(file)} in ${comparison.rowsBeyond} of ${comparison.rows} rows (${comparison.labelFlips} labels differ). Worst: ${worst.slice(0, 5).join("; ")}`, {
    hint: missingEverywhere(comparison, signature, checks) ?? "Was the check file made by this very model, from the raw columns? If so, this is a fault of Slipway's: please report it.", data: { comparison } });
}

/** pandas keeps None and NaN apart in a column of texts, and so does scikit-learn; a file has one way to say missing. */
function missingEverywhere(comparison: Comparison, signature: Signature, checks: Checks): string | undefined {
  const column = signature.columns.find((c) => c.used && c.type === "string"
    && comparison.worst.every((w) => checks.inputs[w.row]?.[c.name] === null) && checks.inputs.some((row) => row[c.name] !== null));
  return column && `In every row that differs ${JSON.stringify(column.name)} is missing. Where the notebook's frame held None there, scikit-learn took it for one more text (SimpleImputer fills only NaN). Make it NaN for both: df.fillna(np.nan), then fit and write the check file again.`;
}
