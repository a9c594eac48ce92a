// Makes a run whose output is in a bucket: its plan, its shards and its model, made on this machine and brought to the bucket;
// or finds the one that is to go on. Of two that begin at once one becomes the run of the output.

import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { batchError } from "../../errors.ts";
import { bucketDestination } from "../../remote/bucket-destination.ts";
import { emptyBelow, several, sizesBelow, type Begun } from "../../remote/object-store.ts";
import { delivered } from "../../run/deliver.ts";
import { CURRENT } from "../../run/leftovers.ts";
import { planDigest, type RunPlan } from "../../run/ledger.ts";
import { findAll, type Found } from "../../run/open-source.ts";
import type { BatchOptions } from "../../run/options.ts";
import { planOf } from "../../run/plan.ts";
import { scratchFolder } from "../../run/scratch.ts";
import { newRunId, refuseAnother, writeRunTo, type Planned } from "../plan-shared.ts";
import { isRunId, RUN, type CurrentRun, type Driver, type SharedRun } from "../shared-run.ts";
import { openInBucket } from "./bucket-home.ts";
import { below, bucketOutput, END, placeIn, readCurrentIn, writeCurrentIn, type BucketOutput } from "./run-bucket.ts";

/** @throws SlipwayError batch-... */
export async function planInBucket(options: BatchOptions, on: Driver): Promise<Planned> {
  const found = await findAll(options);
  const plan = planOf(options, found);
  const output = await bucketOutput(options.output.destination!);
  const before = await currentIn(output);
  const current = before?.current;
  const { shown } = output;
  if (!options.overwrite) {
    if (current !== undefined && !options.resume) throw batchError("batch-output-exists", `${shown} is the output of the run ${current.id}, on which others may work`, { where: shown, hint: "--resume goes on with it, --overwrite begins anew; or choose another name." });
    if (current !== undefined) {
      refuseAnother(current, plan, on, output.store.address(output.runs));
      return { kind: "resumed", run: await describe(output, current) };
    }
    const summary = await delivered(await bucketDestination(options.output.destination!), plan, options);
    if (summary !== undefined) return { kind: "whole", summary };
  }
  const id = newRunId(plan, on);
  // A job's run is called by its plan: the one of before goes first.
  if (current?.id === id) await emptyBelow(output.store, below(output.runs, `${id}/`));
  const orphans = await orphansOf(output, [id, current?.id]);
  const run = await make(output, options, plan, found, id);
  if (!(await writeCurrentIn(output, { id, on, digest: planDigest(plan), plan }, before === undefined ? { nothing: true } : { etag: before.etag }))) {
    await emptyBelow(output.store, below(output.runs, `${id}/`));
    throw batchError("batch-run-busy", `another run of ${shown} was begun at the same time`, { where: shown, hint: "Go on with it by --resume; or begin anew with --overwrite." });
  }
  await several(orphans.objects, (name) => output.store.remove(below(output.runs, name)));
  await several(orphans.begun, (one) => one.abort());
  return { kind: "made", run, replaced: current };
}

/**
 * Objects of runs that were never made whole, their commands were stopped; and what these had begun. Looked for before this run
 * becomes the output's, and removed after: whoever had begun by then can become it no more, and what begins later is not looked at.
 */
async function orphansOf({ store, runs }: BucketOutput, known: readonly (string | undefined)[]): Promise<{ readonly objects: readonly string[]; readonly begun: readonly Begun[] }> {
  const isOrphan = (name: string): boolean => {
    const [id, ...rest] = name.split("/");
    return rest.length > 0 && isRunId(id!) && !known.includes(id);
  };
  return { objects: [...(await sizesBelow(store, runs, isOrphan)).keys()], begun: (await store.begun(runs)).filter(({ key }) => isOrphan(key.slice(runs.key.length))) };
}

/** Nobody who worked on it can put anything in place any more. */
export async function sweepReplaced(destination: string, { id }: CurrentRun): Promise<void> {
  const output = await bucketOutput(destination);
  await output.store.revoke(output.last, below(output.runs, `${id}/${END}`));
  await output.store.remove(below(output.runs, `${id}/${RUN}`));
  await emptyBelow(output.store, below(output.runs, `${id}/`));
}

/** One whose description is gone has ended, by a process that did not come to say so. */
async function currentIn(output: BucketOutput): ReturnType<typeof readCurrentIn> {
  const found = await readCurrentIn(output);
  if (found === undefined || (await output.store.head(below(output.runs, `${found.current.id}/${RUN}`))) !== undefined) return found;
  await emptyBelow(output.store, below(output.runs, `${found.current.id}/`));
  await output.store.remove(below(output.runs, CURRENT), { etag: found.etag });
  return readCurrentIn(output);
}

/** As the database and the pods are told of it: where it is is where everybody finds it. */
function everywhere(run: SharedRun, output: BucketOutput): SharedRun {
  const folder = output.store.address(below(output.runs, run.id));
  return { ...run, folder, output: placeIn(output, run.output.format, folder) };
}
async function describe(output: BucketOutput, { id }: CurrentRun): Promise<SharedRun> {
  const open = await openInBucket(output, below(output.runs, `${id}/`), output.store.address(below(output.runs, id)));
  open.close();
  return everywhere(open.run, output);
}

async function make(output: BucketOutput, options: BatchOptions, plan: RunPlan, found: Found, id: string): Promise<SharedRun> {
  const scratch = scratchFolder("slipway-plan-");
  const local = join(scratch, "run");
  mkdirSync(local);
  try {
    const run = await writeRunTo(local, { options, plan, found, id, output: placeIn(output, options.output.format, output.store.address(below(output.runs, id))), elsewhere: true });
    const paths = readdirSync(local, { recursive: true, withFileTypes: true }).filter((e) => e.isFile()).map((e) => relative(local, join(e.parentPath, e.name))).filter((name) => !/(?:^tmp\/|\.tmp$)/.test(name) && name !== RUN);
    const up = (name: string): Promise<void> => output.store.putFile(below(output.runs, `${id}/${name}`), join(local, name));
    await several(paths, up);
    // Last: a run that has its description is whole.
    await up(RUN);
    return everywhere(run, output);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
