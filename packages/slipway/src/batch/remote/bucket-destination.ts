// An object in a bucket as the output, or several below a prefix and a mark that they are whole. Each is put as a whole: small ones in
// one request, larger ones in pieces that become an object with the last request.

import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { batchError } from "../errors.ts";
import type { Delivery, Destination } from "../output/destination.ts";
import { CURRENT } from "../run/leftovers.ts";
import { SUCCESS } from "../run/output-place.ts";
import { openBucket } from "./bucket-address.ts";
import { getObject, missingObject, sizesBelow, type ObjectStore, type Place } from "./object-store.ts";

const MAX_NOTE = 2 ** 24;
/** What is kept with an object: the run that it is of, by its plan's digest. */
export const RUN_META = "slipway-run";

/** @throws SlipwayError batch-source-address */
export async function bucketDestination(address: string): Promise<Destination> {
  const { store, place } = await openBucket(address);
  const { bucket } = place;
  const folder = place.key.endsWith("/");
  const shown = store.address(place);
  /** What is there once all is there. */
  const last = { bucket, key: folder ? `${place.key}${SUCCESS}` : place.key };
  const record = { bucket, key: folder ? `${place.key}_run.json` : `${place.key}.run.json` };
  return {
    shown,
    async look(run) {
      const runs = `${place.key}${folder ? "_run/" : ".parts/"}`;
      const shared = await sharedRun(store, bucket, runs);
      if (shared !== undefined) throw batchError("batch-run-busy", `a run that other processes share has not ended at ${shown}`, { where: store.address({ bucket, key: shared }), hint: "Go on with it by the --on that it was made with and --resume, or begin anew with --on and --overwrite." });
      const found = await store.head(last);
      if (found === undefined) return { state: "nothing" };
      if (found.meta(RUN_META) !== run) return { state: "other" };
      const note = (await getObject(store, record, MAX_NOTE)) ?? missingObject(store.address(record));
      return { state: "same", note: Buffer.from(note.bytes).toString("utf8") };
    },
    async put({ place: local, run, note, overwrite }: Delivery) {
      const meta = { [RUN_META]: run };
      const upload = (key: string, path: string): Promise<void> => store.putFile({ bucket, key }, path, meta);
      if (folder) {
        const names = (await readdir(local.path)).filter((n) => /^part-\d+\./.test(n)).sort();
        if (overwrite) await clear(store, place, new Set(names), last);
        for (const name of names) await upload(`${place.key}${name}`, join(local.path, name));
      }
      if (await isFile(local.errors)) await upload(folder ? `${place.key}errors.jsonl` : `${place.key}.errors.jsonl`, local.errors);
      await store.put(record, Buffer.from(note), { meta });
      if (folder) await store.put(last, Buffer.alloc(0), { meta });
      else await upload(last.key, local.path);
    },
  };
}

/** The last run here that many work on, where it has not ended. */
async function sharedRun(store: ObjectStore, bucket: string, runs: string): Promise<string | undefined> {
  const current = await getObject(store, { bucket, key: `${runs}${CURRENT}` }, MAX_NOTE);
  const id = current === undefined ? undefined : /"id": ?"([0-9a-f-]{36})"/.exec(Buffer.from(current.bytes).toString("utf8"))?.[1];
  return id !== undefined && (await store.head({ bucket, key: `${runs}${id}/run.json` })) !== undefined ? `${runs}${id}` : undefined;
}
async function isFile(path: string): Promise<boolean> {
  return stat(path).then((s) => s.isFile(), () => false);
}

/** The mark of another run, and its parts that this one does not have. */
async function clear(store: ObjectStore, place: Place, keep: ReadonlySet<string>, mark: Place): Promise<void> {
  await store.remove(mark);
  for (const name of (await sizesBelow(store, place, (found) => /^part-\d+\.\w+$/.test(found) && !keep.has(found))).keys()) await store.remove({ bucket: place.bucket, key: place.key + name });
}
