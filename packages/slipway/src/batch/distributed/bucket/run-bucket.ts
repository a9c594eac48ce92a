// The objects of a run that many work on, where its output is one in S3:
//
//   OUT.parts/current.json             which run is the last one here, and who drives it; changed on the condition of its ETag
//   OUT.parts/RUN/run.json, shards.jsonl, model.slip, part-000000.LEASE.csv ...
//
// Where the output is several objects below OUT/, `_run/` takes the place of OUT.parts/. As in a folder, nothing of a run
// changes but that parts are added, each under a name of its lease; and what a run has made is put in place from objects of
// its own, which are removed before the run counts as done.

import { join } from "node:path";
import { S3Client, s3Address } from "../../remote/s3-client.ts";
import { getObject, headObject, putObject, removeBelow, removeObject, type Condition } from "../../remote/s3-objects.ts";
import { parseS3, type S3Place } from "../../remote/s3-source.ts";
import type { BatchSummary } from "../../run/options.ts";
import { SUCCESS, type OutputPlace } from "../../run/output-place.ts";
import { CURRENT } from "../../run/leftovers.ts";
import { wholeSummary } from "../finish-shared.ts";
import { damaged, isRunId, parseCurrent, type CurrentRun } from "../shared-run.ts";

/** Metadata of an output: the plan of its run, where it is whole. */
export const PLAN_HEADER = "x-amz-meta-slipway-run";
const MAX_NOTE = 2 ** 24;

/** An output in a bucket and the objects around it. */
export interface BucketOutput {
  readonly client: S3Client;
  readonly folder: boolean;
  /** OUT, or OUT/ */
  readonly key: string;
  readonly bucket: string;
  /** What is there once all is there. */
  readonly last: S3Place;
  readonly errors: S3Place;
  readonly record: S3Place;
  /** Of the runs: ends in /. */
  readonly runs: S3Place;
}

export function bucketOutput(destination: string, client: S3Client = new S3Client()): BucketOutput {
  const { bucket, key } = parseS3(destination);
  const folder = destination.endsWith("/");
  const at = (name: string): S3Place => ({ bucket, key: `${key}${name}` });
  return { client, folder, key, bucket, last: at(folder ? SUCCESS : ""), errors: at(folder ? "errors.jsonl" : ".errors.jsonl"), record: at(folder ? "_run.json" : ".run.json"), runs: at(folder ? "_run/" : ".parts/") };
}
/** As the run has it; made on this machine first, in `local`. */
export function placeIn({ bucket, key, errors, record, folder }: BucketOutput, format: OutputPlace["format"], work: string): OutputPlace {
  const address = s3Address(bucket, key);
  return { path: address, format, folder, work, errors: s3Address(errors.bucket, errors.key), record: s3Address(record.bucket, record.key), destination: address };
}
export function localPlace(local: string, { folder, format }: OutputPlace): OutputPlace {
  return { path: join(local, folder ? "whole" : `whole.${format}`), format, folder, work: join(local, "work"), errors: join(local, "errors.jsonl"), record: join(local, "record.json") };
}

export function below({ bucket, key }: S3Place, name: string): S3Place {
  return { bucket, key: `${key}${name}` };
}
/** `address`: of a run, without a / at its end. The output that it belongs to. */
export function outputOf(address: string): { readonly output: BucketOutput; readonly run: S3Place } {
  const { bucket, key } = parseS3(address);
  const [, out, kind, id] = /^(.*?)(\.parts|_run)\/([^/]+)$/s.exec(key) ?? [];
  if (id === undefined || !isRunId(id) || (kind === "_run" && out !== "" && !out!.endsWith("/"))) throw damaged(address);
  return { output: bucketOutput(s3Address(bucket, out!)), run: { bucket, key: `${key}/` } };
}

export async function readCurrentIn({ client, runs }: BucketOutput): Promise<{ readonly current: CurrentRun; readonly etag: string } | undefined> {
  const place = below(runs, CURRENT);
  const found = await getObject(client, place, MAX_NOTE);
  return found === undefined ? undefined : { current: parseCurrent(Buffer.from(found.bytes).toString("utf8"), s3Address(place.bucket, place.key)), etag: found.etag };
}
/** False: another one has become the run of this output meanwhile. */
export async function writeCurrentIn(output: BucketOutput, current: CurrentRun, condition: Condition): Promise<boolean> {
  const put = await putObject(output.client, below(output.runs, CURRENT), Buffer.from(`${JSON.stringify(current, null, 1)}\n`), { condition });
  // An answer may have been lost.
  return put || (await readCurrentIn(output))?.current.id === current.id;
}

/** What a process said that put this run's output in place, whole. */
export async function recordedIn(output: BucketOutput, id: string): Promise<BatchSummary | undefined> {
  const [mark, record] = [await headObject(output.client, output.last), await getObject(output.client, output.record, MAX_NOTE)];
  if (mark === undefined || record === undefined) return undefined;
  const whole = wholeSummary(id, Buffer.from(record.bytes).toString("utf8"));
  return whole !== undefined && mark.meta("slipway-run") === whole.digest ? whole.summary : undefined;
}

/** From here on whoever still works on it finds nothing. */
export async function removeRunIn(output: BucketOutput, run: S3Place): Promise<void> {
  const { client } = output;
  // Without its description nobody begins to work on it.
  await removeObject(client, below(run, "run.json"));
  await removeBelow(client, run);
  const found = await readCurrentIn(output);
  if (found !== undefined && run.key === `${output.runs.key}${found.current.id}/`) await removeObject(client, below(output.runs, CURRENT), { etag: found.etag });
}
