// The end of a run whose output is in a bucket: put together on this machine, sent up under the hand of whoever holds the
// lease on the end, and put in place by requests that only the holder's own means make possible. Whoever held the lease
// before has lost these means: its upload is aborted, and what it would copy from is removed with the run.

import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { SlipwayError } from "@slipway/core/base";
import { s3Address } from "../../remote/s3-client.ts";
import { copyWithin, headObject, removeObject, several, sizesBelow, type Condition } from "../../remote/s3-objects.ts";
import { abortUploads, putFile, S3Upload } from "../../remote/s3-upload.ts";
import type { S3Place } from "../../remote/s3-source.ts";
import { batchError } from "../../errors.ts";
import { planDigest } from "../../run/ledger.ts";
import { partName, type Part } from "../../run/messages.ts";
import type { BatchSummary } from "../../run/options.ts";
import { SUCCESS, type OutputPlace } from "../../run/output-place.ts";
import { finishShared } from "../finish-shared.ts";
import type { SharedRun } from "../shared-run.ts";
import type { Ending } from "../run-home.ts";
import { bringParts } from "./bring-parts.ts";
import { below, localPlace, PLAN_HEADER, type BucketOutput } from "./run-bucket.ts";

export interface BucketFinish {
  readonly output: BucketOutput;
  /** The run's objects. */
  readonly place: S3Place;
  readonly run: SharedRun;
  readonly ending: Ending;
  /** A folder of this machine. */
  readonly scratch: string;
  readonly rowsOf: (shard: number) => Promise<number>;
}

/** @throws SlipwayError batch-errors, batch-output-exists, batch-run-replaced, batch-source-... */
export async function finishInBucket({ output, place, run, ending, scratch, rowsOf }: BucketFinish): Promise<BatchSummary> {
  const local = localPlace(join(scratch, `end${ending.tag}`), run.output);
  mkdirSync(local.work, { recursive: true });
  if (local.folder) mkdirSync(local.path, { recursive: true });
  await bringParts(output, place, ending.parts, local.format, local.work, !local.folder);
  return finishShared({
    ...ending, run, rowsOf, output: local,
    place: async (renames) => {
      renames();
      await putInPlace(output, place, run, local, ending);
    },
  });
}

/** What is there of the output on this machine: only its dead letters, where there are too many. */
async function putInPlace(output: BucketOutput, place: S3Place, run: SharedRun, local: OutputPlace, { parts, failed, tag, place: fenced }: Ending): Promise<void> {
  const { client } = output;
  const digest = planDigest(run.plan);
  const staged = async (name: string, path: string, headers?: Readonly<Record<string, string>>): Promise<S3Place | undefined> => {
    if (!existsSync(path)) return undefined;
    const at = below(place, `${name}${tag}`);
    await putFile(client, at, path, headers);
    return at;
  };
  const [errors, record] = [await staged("end-errors", local.errors), await staged("end-record", local.record)];
  if (record === undefined) {
    if (errors !== undefined) await fenced(() => copyWithin(client, errors, output.errors));
    return;
  }
  const whole = failed.length === 0;
  const marked = { [PLAN_HEADER]: whole ? digest : `${digest} in part` };
  if (local.folder) {
    const others = await putParts(output, place, run, parts);
    const mark = whole ? await staged("end-mark", join(local.path, SUCCESS), marked) : undefined;
    return fenced(async () => {
      await putNotes(output, errors, record);
      await several(others, (at) => removeObject(client, at));
      if (mark !== undefined) await copyWithin(client, mark, output.last);
    });
  }
  const there = await headObject(client, output.last);
  const condition: Condition = there === undefined ? { nothing: true } : { etag: there.etag };
  // Those of whoever had the lease before; one that has lost it aborts nothing.
  await fenced(() => abortUploads(client, output.last));
  const upload = await S3Upload.begin(client, output.last, marked);
  try {
    await upload.send(local.path).catch((error: unknown) => {
      throw error instanceof SlipwayError && error.code === "batch-input-missing" ? aborted(output) : error;
    });
    await fenced(async () => {
      await putNotes(output, errors, record);
      const outcome = await upload.complete(condition);
      if (outcome === "there" || (outcome === "taken" && (await headObject(client, output.last))?.meta("slipway-run") === digest)) return;
      if (outcome === "gone") throw aborted(output);
      throw batchError("batch-run-busy", `${s3Address(output.bucket, output.key)} was written by somebody else meanwhile`, { where: s3Address(output.bucket, output.key), hint: "Begin anew with --overwrite." });
    });
  } catch (error) {
    await upload.abort();
    throw error;
  }
}

/** Whose turn it is tries again. */
function aborted({ bucket, key }: BucketOutput): Error {
  return batchError("batch-source-unavailable", `the upload of ${s3Address(bucket, key)} was aborted by another process`, { where: s3Address(bucket, key), hint: "Go on with --resume." });
}

/** Copies of the run's own objects: once these are gone, nobody makes any. Gives parts of a run that was replaced. */
async function putParts({ client, bucket, key }: BucketOutput, place: S3Place, { output: { format } }: SharedRun, parts: readonly Part[]): Promise<S3Place[]> {
  const names = new Map(parts.map((part) => [`${key}${partName({ shard: part.shard }, format)}`, part]));
  const before = await sizesBelow(client, { bucket, key }, (name) => /^part-\d+\.\w+$/.test(name));
  await several([...names], ([to, part]) => copyWithin(client, below(place, partName(part, format)), { bucket, key: to }));
  return [...before.keys()].map((name) => ({ bucket, key: `${key}${name}` })).filter((at) => !names.has(at.key));
}
/** The record comes first: who has lost the run has nothing to copy it from, and does nothing else. */
async function putNotes({ client, errors: to, record: recordTo }: BucketOutput, errors: S3Place | undefined, record: S3Place): Promise<void> {
  await copyWithin(client, record, recordTo);
  if (errors === undefined) await removeObject(client, to);
  else await copyWithin(client, errors, to);
}
