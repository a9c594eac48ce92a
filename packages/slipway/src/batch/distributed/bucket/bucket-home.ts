// A run in a bucket, as workers see it: its description, its model and its list of shards are brought here; a shard's bytes
// when it is its turn, tables whole; parts go to the bucket under names of their leases.

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { SlipwayError } from "@slipway/core/base";
import { isBucketAddress, openBucket } from "../../remote/bucket-address.ts";
import { fetchObject, getObject, getRange, sizesBelow, type ObjectStore, type Place } from "../../remote/object-store.ts";
import { batchError } from "../../errors.ts";
import { badName, partName, type Part, type ShardKey, type ShardWork } from "../../run/messages.ts";
import { scratchFolder } from "../../run/scratch.ts";
import { countRecordsOf, isLocal, isTable, readShard, readShards, recordsOf, rowsOf, type FilePlace, type ShardPlace } from "../shard-list.ts";
import { MODEL, RUN, readRun, SHARDS, type SharedRun } from "../shared-run.ts";
import type { OpenRun, RunHome } from "../run-home.ts";
import { below, outputOf, recordedIn, removeRunIn, type BucketOutput } from "./run-bucket.ts";
import { finishInBucket } from "./finish-in-bucket.ts";

const MAX_FILE = 2 ** 31 - 1;

export async function bucketHome(address: string): Promise<RunHome> {
  const { output, run } = await outputOf(address);
  return {
    recorded: (id) => recordedIn(output, id),
    exists: async () => (await output.store.head(below(run, RUN))) !== undefined,
    open: () => openInBucket(output, run, address),
    remove: () => removeRunIn(output, run),
  };
}

/** @throws SlipwayError batch-run-unreachable, batch-run-damaged, batch-source-... */
export async function openInBucket(output: BucketOutput, place: Place, address: string): Promise<OpenRun> {
  const { store } = output;
  const scratch = scratchFolder("slipway-worker-");
  const local = join(scratch, "run");
  mkdirSync(local);
  try {
    for (const name of [RUN, SHARDS, MODEL]) {
      const found = await getObject(store, below(place, name), MAX_FILE);
      if (found === undefined) throw batchError("batch-run-unreachable", `there is no run at ${address}`, { where: address, hint: "A run that is over leaves nothing; begin anew." });
      writeFileSync(join(local, name), found.bytes);
    }
    const run = readRun(local);
    return bucketRun(output, place, run, readShards(run), scratch);
  } catch (error) {
    rmSync(scratch, { recursive: true, force: true });
    throw error;
  }
}

function bucketRun(output: BucketOutput, place: Place, run: SharedRun, shards: readonly ShardPlace[], scratch: string): OpenRun {
  const { store } = output;
  const { format } = run.output;
  const namesOf = (of: ShardKey): string[] => [partName(of, format), badName(of)];
  const path = (name: string): string => join(run.folder, name);
  const tables = new Map<string, Promise<string>>();
  /** A client for each file would know nothing of the others' connections and credentials. */
  const inputs = new Map<string, ReturnType<typeof openBucket>>();
  const openInput = (file: string): ReturnType<typeof openBucket> => {
    const open = inputs.get(file) ?? openBucket(file);
    inputs.set(file, open);
    return open;
  };

  /** Where the bytes of a place are, and of which version they have to be. */
  const sourceOf = async ({ file, version }: FilePlace): Promise<{ readonly store: ObjectStore; readonly place: Place; readonly version: string | undefined }> => (isBucketAddress(file) ? { ...(await openInput(file)), version } : { store, place: below(place, file), version: undefined });
  const textOf = async (found: FilePlace): Promise<Uint8Array> => {
    const source = await sourceOf(found);
    return getRange(source.store, source.place, found.from, found.to, source.version);
  };
  /** Tables are read here and there: whole, once. */
  const tableOf = (file: string): Promise<string> => {
    let brought = tables.get(file);
    if (brought === undefined) {
      brought = (async () => {
        const size = (await sizesBelow(store, place, (name) => name === file)).get(file);
        if (size === undefined) throw batchError("batch-run-unreachable", `there is no ${store.address(below(place, file))} any more`, { where: file });
        mkdirSync(dirname(path(file)), { recursive: true });
        await fetchObject(store, below(place, file), size, path(file));
        return path(file);
      })();
      brought.catch(() => tables.delete(file));
      tables.set(file, brought);
    }
    return brought;
  };

  return {
    run, shards,
    async work(shard, token): Promise<ShardWork> {
      const found = shards[shard]!;
      if (!("file" in found) || isLocal(found)) return readShard(run, shard, found, token);
      if (isTable(run)) return { shard, token, file: await tableOf(found.file), ...rowsOf(found) };
      const bytes = await textOf(found);
      const own = new ArrayBuffer(bytes.length);
      new Uint8Array(own).set(bytes);
      return { shard, token, bytes: own };
    },
    async keep(part: Part) {
      const [whole, bad] = namesOf(part);
      if (part.bad > 0) await store.putFile(below(place, bad!), path(bad!));
      await store.putFile(below(place, whole!), path(whole!));
      for (const name of [whole!, bad!]) rmSync(path(name), { force: true });
    },
    async drop(of) {
      for (const name of namesOf(of)) {
        rmSync(path(name), { force: true });
        await store.remove(below(place, name));
      }
    },
    async lost(parts) {
      const there = await sizesBelow(store, place, (name) => /^(?:part|bad)-/.test(name));
      return parts.filter((part) => there.get(partName(part, format)) !== part.bytes || (part.bad > 0 && !there.has(badName(part))));
    },
    finish: (ending) => finishInBucket({ output, place, run, ending, scratch, rowsOf: async (shard) => {
      const found = shards[shard]!;
      if ("images" in found) return found.images.length;
      if ("broken" in found) return 0;
      if (isTable(run)) return recordsOf(found);
      // What is another object now has no rows that could be counted.
      const text = isLocal(found) ? found : await textOf(found).catch((error: unknown) => {
        if (error instanceof SlipwayError && (error.code === "batch-source-changed" || error.code === "batch-input-missing")) return new Uint8Array(0);
        throw error;
      });
      return countRecordsOf(run, text);
    } }),
    close: () => rmSync(scratch, { recursive: true, force: true }),
  };
}
