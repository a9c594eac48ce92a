// One scheduled run, in a process of its own: what is new is found, scored as `slipway batch` does, and told.

import { statSync } from "node:fs";
import { join } from "node:path";
import { SlipwayError } from "@slipway/core/base";
import { parseProfile, writeSlip } from "@slipway/core/package";
import { isThere, placeOutput, readErrorLimit, runBatch, runOnPostgres, type BatchOptions, type BatchSummary, type OutputPlace } from "../../batch/index.ts";
import { availableCpus, openModel } from "../../runtime/index.ts";
import { scheduleError } from "../errors.ts";
import { shownPath } from "../shown.ts";
import type { RunJob, RunMessage, RunResult, Selection } from "../messages.ts";
import { selectNew } from "./select-new.ts";

const SHARD_BYTES = 4 * 2 ** 20;
/** Of a part in a worker's hands: after so long without a word it is another's. */
const LEASE_MS = 30_000;

/** @throws SlipwayError batch-..., package-..., runtime-... */
export async function runJob(job: RunJob, tell: (message: RunMessage) => void): Promise<RunResult> {
  const { definition, names } = job;
  const note = (text: string): void => tell({ note: text });
  const opened = await openModel(job.model, job.trusted === undefined ? {} : { trusted: job.trusted });
  const { manifest, digest } = opened.package;
  note(`${manifest.name} ${manifest.version} (${digest}), ${names.input.map(shownPath).join(", ")} -> ${shownPath(names.output)}`);
  let chosen: Selection = { ...names, watermark: null, files: [] };
  if (definition.newFiles || definition.watermark !== undefined) {
    const selection = job.selection ?? await selectNew(job, note);
    if (selection === undefined) {
      note("nothing is new");
      return { summary: null, watermark: null, files: [] };
    }
    tell({ selection });
    chosen = selection;
  }
  const keep = definition.keep ?? [definition.horizon === undefined ? "unused" : "none"];
  const options: BatchOptions = {
    package: { bytes: writeSlip(opened.package), digest, name: manifest.name, version: manifest.version, profile: parseProfile(opened.package.profile), forecast: opened.package.signature.forecast },
    input: chosen.input, format: definition.format, image: definition.image, skipBroken: definition.skipBroken, delimiter: definition.delimiter, query: chosen.query, output: placeOutput(names.output, definition.to),
    keep: keep.length === 1 && (keep[0] === "unused" || keep[0] === "all" || keep[0] === "none") ? keep[0] : keep, outputs: definition.outputs, ids: definition.ids,
    engine: "auto", threads: definition.threads ?? Math.max(1, Math.floor(availableCpus() / 2)), shardBytes: SHARD_BYTES, resume: true, overwrite: false, maxErrors: readErrorLimit(definition.maxErrors),
    ...(definition.horizon === undefined ? {} : { horizon: { steps: definition.horizon, future: names.future ?? [] } }),
    onProgress: (progress) => tell({ progress }),
  };
  const summary = await goOn(options, job, note);
  note(`${summary.scored} of ${summary.rows} ${summary.horizon === undefined ? "rows scored" : `series forecast, ${summary.horizon} steps each,`} in ${summary.seconds.toFixed(1)} s${summary.bad === 0 ? "" : `; ${summary.bad} could not be: ${summary.errors}`}`);
  for (const { name, psi } of (summary.drift ?? []).filter((d) => d.verdict === "drifted").slice(0, 20)) note(`${name} is distributed otherwise than in the model's profile: PSI ${psi.toFixed(2)}`);
  return { summary, watermark: chosen.watermark, files: chosen.files };
}

/** Where the run was stopped; anew where what is there is no part of it. */
async function goOn(options: BatchOptions, job: RunJob, note: (text: string) => void): Promise<BatchSummary> {
  const make = (given: BatchOptions): Promise<BatchSummary> => (job.definition.on === undefined ? runBatch(given) : makeByWorkers(given, job, note));
  try {
    return await make(options);
  } catch (error) {
    const code = error instanceof SlipwayError ? error.code : "";
    const overwrite = job.overwrite || isOwn(options.output, job.since);
    // Parts of other input or of another model are nobody's output.
    const anew = code === "batch-run-other" ? overwrite || !isThere(options.output) : code === "batch-output-exists" && overwrite;
    if (!anew) throw error;
    note(code === "batch-run-other" ? "what an earlier try left is of other input: the run begins anew" : `${options.output.path} is replaced`);
    return make({ ...options, resume: false, overwrite: true });
  }
}

/** The run made for workers, and watched; one that an earlier try made goes on. */
async function makeByWorkers(options: BatchOptions, { definition: { attempts = 5 }, databaseUrl }: RunJob, note: (text: string) => void): Promise<BatchSummary> {
  const { summary } = await runOnPostgres(options, { databaseUrl, leaseMs: LEASE_MS, attempts, detach: false, note });
  const { failed = [], shards } = summary;
  for (const { shard, file, from, to, unit, reason } of failed.slice(0, 20)) note(`part ${shard} (${shownPath(file)}, ${unit} ${from} to ${to}) could not be made: ${reason}`);
  if (failed.length > 0) throw scheduleError("schedule-run-incomplete", `workers could not make ${failed.length} of ${shards} parts: ${failed[0]!.reason}`, { where: options.output.path, hint: "What is good is there. The next try makes the others; see the workers' notes and the input." });
  return summary;
}

/** Whether an earlier try of this run has put it there, whose end was not told any more: the input is another one since. */
function isOwn({ path, folder }: OutputPlace, since: string): boolean {
  const there = statSync(folder ? join(path, "_SUCCESS") : path, { throwIfNoEntry: false });
  return there !== undefined && there.mtimeMs >= Date.parse(since);
}
