// The objects of a run that many work on, where its output is one in a bucket:
//
//   OUT.parts/current.json             which run is the last one here, and who drives it; changed on the condition of its ETag
//   OUT.parts/RUN/run.json, shards.jsonl, model.slip, part-000000.LEASE.csv ...
//
// Where the output is several objects below OUT/, `_run/` takes the place of OUT.parts/. As in a folder, nothing of a run
// changes but that parts are added, each under a name of its lease; and what a run has made is put in place from objects of
// its own, which are removed before the run counts as done.

import { join } from "node:path";
import { openBucket } from "../../remote/bucket-address.ts";
import { RUN_META } from "../../remote/bucket-destination.ts";
import { emptyBelow, getObject, type Condition, type ObjectStore, type Place } from "../../remote/object-store.ts";
import type { BatchSummary } from "../../run/options.ts";
import { SUCCESS, type OutputPlace } from "../../run/output-place.ts";
import { CURRENT } from "../../run/leftovers.ts";
import { wholeSummary } from "../finish-shared.ts";
import { damaged, isRunId, parseCurrent, type CurrentRun } from "../shared-run.ts";

/** What objects of a run begin with that become its output. */
export const END = "end-whole-";
const MAX_NOTE = 2 ** 24;

/** An output in a bucket and the objects around it. */
export interface BucketOutput {
  readonly store: ObjectStore;
  /** Its address. */
  readonly shown: string;
  readonly folder: boolean;
  /** OUT, or OUT/ */
  readonly key: string;
  readonly bucket: string;
  /** What is there once all is there. */
  readonly last: Place;
  readonly errors: Place;
  readonly record: Place;
  /** Of the runs: ends in /. */
  readonly runs: Place;
}

export async function bucketOutput(destination: string): Promise<BucketOutput> {
  const { store, place } = await openBucket(destination);
  return outputIn(store, place);
}
function outputIn(store: ObjectStore, { bucket, key }: Place): BucketOutput {
  const folder = key.endsWith("/");
  const at = (name: string): Place => ({ bucket, key: `${key}${name}` });
  return { store, shown: store.address({ bucket, key }), folder, key, bucket, last: at(folder ? SUCCESS : ""), errors: at(folder ? "errors.jsonl" : ".errors.jsonl"), record: at(folder ? "_run.json" : ".run.json"), runs: at(folder ? "_run/" : ".parts/") };
}
/** As the run has it; made on this machine first, in `local`. */
export function placeIn({ store, shown, errors, record, folder }: BucketOutput, format: OutputPlace["format"], work: string): OutputPlace {
  return { path: shown, format, folder, work, errors: store.address(errors), record: store.address(record), destination: shown };
}
export function localPlace(local: string, { folder, format }: OutputPlace): OutputPlace {
  return { path: join(local, folder ? "whole" : `whole.${format}`), format, folder, work: join(local, "work"), errors: join(local, "errors.jsonl"), record: join(local, "record.json") };
}

export function below({ bucket, key }: Place, name: string): Place {
  return { bucket, key: `${key}${name}` };
}
/** `address`: of a run, without a / at its end. The output that it belongs to. */
export async function outputOf(address: string): Promise<{ readonly output: BucketOutput; readonly run: Place }> {
  const { store, place: { bucket, key } } = await openBucket(address);
  const [, out, kind, id] = /^(.*?)(\.parts|_run)\/([^/]+)$/s.exec(key) ?? [];
  if (id === undefined || !isRunId(id) || (kind === "_run" && out !== "" && !out!.endsWith("/"))) throw damaged(address);
  return { output: outputIn(store, { bucket, key: out! }), run: { bucket, key: `${key}/` } };
}

export async function readCurrentIn({ store, runs }: BucketOutput): Promise<{ readonly current: CurrentRun; readonly etag: string } | undefined> {
  const place = below(runs, CURRENT);
  const found = await getObject(store, place, MAX_NOTE);
  return found === undefined ? undefined : { current: parseCurrent(Buffer.from(found.bytes).toString("utf8"), store.address(place)), etag: found.etag };
}
/** False: another one has become the run of this output meanwhile. */
export async function writeCurrentIn(output: BucketOutput, current: CurrentRun, condition: Condition): Promise<boolean> {
  const put = await output.store.put(below(output.runs, CURRENT), Buffer.from(`${JSON.stringify(current, null, 1)}\n`), { condition });
  // An answer may have been lost.
  return put || (await readCurrentIn(output))?.current.id === current.id;
}

/** What a process said that put this run's output in place, whole. */
export async function recordedIn(output: BucketOutput, id: string): Promise<BatchSummary | undefined> {
  const [mark, record] = [await output.store.head(output.last), await getObject(output.store, output.record, MAX_NOTE)];
  if (mark === undefined || record === undefined) return undefined;
  const whole = wholeSummary(id, Buffer.from(record.bytes).toString("utf8"));
  return whole !== undefined && mark.meta(RUN_META) === whole.digest ? whole.summary : undefined;
}

/** From here on whoever still works on it finds nothing. */
export async function removeRunIn(output: BucketOutput, run: Place): Promise<void> {
  const { store } = output;
  // Without its description nobody begins to work on it.
  await store.remove(below(run, "run.json"));
  await emptyBelow(store, run);
  const found = await readCurrentIn(output);
  if (found !== undefined && run.key === `${output.runs.key}${found.current.id}/`) await store.remove(below(output.runs, CURRENT), { etag: found.etag });
}
