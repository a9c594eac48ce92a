// One scheduled run, in a process of its own: what is new is found, scored as `slipway batch` does, and told.

import { SlipwayError } from "@slipway/core/base";
import { parseProfile, writeSlip } from "@slipway/core/package";
import { isThere, newerRows, placeOutput, readErrorLimit, runBatch, type BatchOptions, type BatchSummary } from "../../batch/index.ts";
import { availableCpus, openModel } from "../../runtime/index.ts";
import { shownPath } from "../shown.ts";
import type { RunJob, RunMessage, RunResult } from "../messages.ts";
import { newFiles } from "./new-files.ts";

const SHARD_BYTES = 4 * 2 ** 20;

/** @throws SlipwayError batch-..., package-..., runtime-... */
export async function runJob(job: RunJob, tell: (message: RunMessage) => void): Promise<RunResult> {
  const { definition, names } = job;
  const note = (text: string): void => tell({ note: text });
  const opened = await openModel(job.model, job.trusted === undefined ? {} : { trusted: job.trusted });
  const { manifest, digest } = opened.package;
  note(`${manifest.name} ${manifest.version} (${digest}), ${names.input.map(shownPath).join(", ")} -> ${shownPath(names.output)}`);
  let input: readonly string[] = names.input;
  let query = names.query;
  let watermark: string | null = null;
  let files: RunResult["files"] = [];
  if (definition.newFiles) {
    files = await newFiles(job);
    if (files.length === 0) return nothing(note, "no file is new");
    note(`${files.length} new ${files.length === 1 ? "file" : "files"}: ${files.slice(0, 20).map((f) => f.path).join(", ")}${files.length > 20 ? " ..." : ""}`);
    input = files.map((f) => f.path);
  }
  if (definition.watermark !== undefined) {
    const found = await newerRows({ input, format: definition.format, query, column: definition.watermark, after: job.after });
    if (found.without > 0) note(`${found.without} rows have no ${definition.watermark}: they are not taken`);
    if (found.query === undefined) return nothing(note, `no row is beyond ${job.after ?? "the beginning"}`);
    note(`rows of ${definition.watermark} ${job.after === null ? "" : `beyond ${job.after}, `}up to ${found.watermark}`);
    ({ input, query, watermark } = found);
  }
  const keep = definition.keep ?? ["unused"];
  const options: BatchOptions = {
    package: { bytes: writeSlip(opened.package), digest, name: manifest.name, version: manifest.version, profile: parseProfile(opened.package.profile) },
    input, format: definition.format, image: definition.image, skipBroken: definition.skipBroken, delimiter: definition.delimiter, query, output: placeOutput(names.output, definition.to),
    keep: keep.length === 1 && (keep[0] === "unused" || keep[0] === "all" || keep[0] === "none") ? keep[0] : keep, outputs: definition.outputs, ids: definition.ids,
    engine: "auto", threads: definition.threads ?? Math.max(1, Math.floor(availableCpus() / 2)), shardBytes: SHARD_BYTES, resume: true, overwrite: false, maxErrors: readErrorLimit(definition.maxErrors),
    onProgress: (progress) => tell({ progress }),
  };
  const summary = await goOn(options, job.overwrite, note);
  note(`${summary.scored} of ${summary.rows} rows scored in ${summary.seconds.toFixed(1)} s${summary.bad === 0 ? "" : `; ${summary.bad} could not be: ${summary.errors}`}`);
  for (const { name, psi } of (summary.drift ?? []).filter((d) => d.verdict === "drifted").slice(0, 20)) note(`${name} is distributed otherwise than in the model's profile: PSI ${psi.toFixed(2)}`);
  return { summary, watermark, files };
}

function nothing(note: (text: string) => void, what: string): RunResult {
  note(`${what}: nothing to do`);
  return { summary: null, watermark: null, files: [] };
}

/** Where the run was stopped; anew where what is there is no part of it. */
async function goOn(options: BatchOptions, overwrite: boolean, note: (text: string) => void): Promise<BatchSummary> {
  try {
    return await runBatch(options);
  } catch (error) {
    const code = error instanceof SlipwayError ? error.code : "";
    // Parts of other input or of another model are nobody's output.
    const anew = code === "batch-run-other" ? overwrite || !isThere(options.output) : code === "batch-output-exists" && overwrite;
    if (!anew) throw error;
    note(code === "batch-run-other" ? "what an earlier try left is of other input: the run begins anew" : `${options.output.path} is replaced`);
    return runBatch({ ...options, resume: false, overwrite: true });
  }
}
