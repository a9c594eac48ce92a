// The end of a run whose output is in a bucket: put together on this machine, sent up under the hand of whoever holds the
// lease on the end, and put in place by requests that only the holder's own means make possible. Whoever held the lease
// before has lost these means: its upload is aborted, and what it would copy from is removed with the run.

import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { SlipwayError } from "@slipway/core/base";
import { RUN_META } from "../../remote/bucket-destination.ts";
import { several, sizesBelow, type Condition, type Meta, type Place } from "../../remote/object-store.ts";
import { batchError } from "../../errors.ts";
import { planDigest } from "../../run/ledger.ts";
import { partName, type Part } from "../../run/messages.ts";
import type { BatchSummary } from "../../run/options.ts";
import { SUCCESS, type OutputPlace } from "../../run/output-place.ts";
import { finishShared } from "../finish-shared.ts";
import type { SharedRun } from "../shared-run.ts";
import type { Ending } from "../run-home.ts";
import { bringParts } from "./bring-parts.ts";
import { below, END, localPlace, type BucketOutput } from "./run-bucket.ts";

export interface BucketFinish {
  readonly output: BucketOutput;
  /** The run's objects. */
  readonly place: Place;
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
async function putInPlace(output: BucketOutput, place: Place, run: SharedRun, local: OutputPlace, { parts, failed, tag, place: fenced }: Ending): Promise<void> {
  const { store } = output;
  const digest = planDigest(run.plan);
  const staged = async (name: string, path: string, meta?: Meta): Promise<Place | undefined> => {
    if (!existsSync(path)) return undefined;
    const at = below(place, `${name}${tag}`);
    await store.putFile(at, path, meta);
    return at;
  };
  const [errors, record] = [await staged("end-errors", local.errors), await staged("end-record", local.record)];
  if (record === undefined) {
    if (errors !== undefined) await fenced(() => store.copy(errors, output.errors));
    return;
  }
  const whole = failed.length === 0;
  const marked = { [RUN_META]: whole ? digest : `${digest} in part` };
  if (local.folder) {
    const others = await putParts(output, place, run, parts);
    const mark = whole ? await staged("end-mark", join(local.path, SUCCESS), marked) : undefined;
    return fenced(async () => {
      await putNotes(output, errors, record);
      await several(others, (at) => store.remove(at));
      if (mark !== undefined) await store.copy(mark, output.last);
    });
  }
  const there = await store.head(output.last);
  const condition: Condition = there === undefined ? { nothing: true } : { etag: there.etag };
  // Those of whoever had the lease before; one that has lost it aborts nothing.
  await fenced(() => store.revoke(output.last, below(place, END)));
  const upload = await store.begin(output.last, below(place, END), marked);
  try {
    await upload.send(local.path).catch((error: unknown) => {
      throw error instanceof SlipwayError && error.code === "batch-input-missing" ? aborted(output) : error;
    });
    await fenced(async () => {
      await putNotes(output, errors, record);
      const outcome = await upload.complete(condition);
      if (outcome === "there" || (outcome === "taken" && (await store.head(output.last))?.meta(RUN_META) === digest)) return;
      if (outcome === "gone") throw aborted(output);
      throw batchError("batch-run-busy", `${output.shown} was written by somebody else meanwhile`, { where: output.shown, hint: "Begin anew with --overwrite." });
    });
  } catch (error) {
    await upload.abort();
    throw error;
  }
}

/** Whose turn it is tries again. */
function aborted({ shown }: BucketOutput): Error {
  return batchError("batch-source-unavailable", `the upload of ${shown} was aborted by another process`, { where: shown, hint: "Go on with --resume." });
}

/** Copies of the run's own objects: once these are gone, nobody makes any. Gives parts of a run that was replaced. */
async function putParts({ store, bucket, key }: BucketOutput, place: Place, { output: { format } }: SharedRun, parts: readonly Part[]): Promise<Place[]> {
  const names = new Map(parts.map((part) => [`${key}${partName({ shard: part.shard }, format)}`, part]));
  const before = await sizesBelow(store, { bucket, key }, (name) => /^part-\d+\.\w+$/.test(name));
  await several([...names], ([to, part]) => store.copy(below(place, partName(part, format)), { bucket, key: to }));
  return [...before.keys()].map((name) => ({ bucket, key: `${key}${name}` })).filter((at) => !names.has(at.key));
}
/** The record comes first: who has lost the run has nothing to copy it from, and does nothing else. */
async function putNotes({ store, errors: to, record: recordTo }: BucketOutput, errors: Place | undefined, record: Place): Promise<void> {
  await store.copy(record, recordTo);
  if (errors === undefined) await store.remove(to);
  else await store.copy(errors, to);
}
