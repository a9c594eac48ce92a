// Where a run that many work on lies: a folder that all of them see, or a bucket. What workers and whoever ends a run do there
// is the same; a bucket's files are brought to a folder of this machine first, and parts from there to the bucket.

import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isBucketAddress } from "../remote/bucket-address.ts";
import { badName, partName, type Part, type ShardKey, type ShardWork } from "../run/messages.ts";
import type { BatchSummary } from "../run/options.ts";
import { finishShared, lostParts, recorded, type SharedFinish } from "./finish-shared.ts";
import { countRows, readShard, readShards, type ShardPlace } from "./shard-list.ts";
import { readRun, removeRun, type SharedRun } from "./shared-run.ts";

/** What ends a run, but for where. */
export type Ending = Omit<SharedFinish, "run" | "rowsOf" | "place"> & {
  /** Calls `act` while nobody else can end the run. @throws where it is another's turn */
  readonly place: (act: () => Promise<void> | void) => Promise<void>;
};

export interface RunHome {
  /** A summary that a process left that put the output in place and did not come to say so. */
  recorded(id: string): Promise<BatchSummary | undefined>;
  exists(): Promise<boolean>;
  /** @throws SlipwayError batch-run-unreachable, batch-run-damaged */
  open(): Promise<OpenRun>;
  /** From here on whoever still works on it finds nothing. */
  remove(): Promise<void>;
}
export interface OpenRun {
  /** Its folder is one of this machine. */
  readonly run: SharedRun;
  readonly shards: readonly ShardPlace[];
  /** A shard as threads take it. @throws SlipwayError batch-input-changed, batch-input-damaged */
  work(shard: number, token: string): Promise<ShardWork>;
  /** A part's files, which threads have written to the folder, where everybody sees them. */
  keep(part: Part): Promise<void>;
  /** Away with files that nothing stands for. */
  drop(of: ShardKey): Promise<void>;
  /** The parts, of all that are committed, whose files are not there any more. */
  lost(parts: readonly Part[]): Promise<Part[]>;
  /** @throws SlipwayError batch-errors, batch-output-failed, batch-package-differs */
  finish(ending: Ending): Promise<BatchSummary>;
  close(): void;
}

/** `record`: where the run's summary will be. */
export async function homeOf(folder: string, record: string): Promise<RunHome> {
  return isBucketAddress(folder) ? (await import("./bucket/bucket-home.ts")).bucketHome(folder) : folderHome(folder, record);
}

function folderHome(folder: string, record: string): RunHome {
  return {
    recorded: async (id) => recorded(id, record),
    exists: async () => existsSync(folder),
    open: async () => folderRun(folder, readRun(folder)),
    remove: async () => removeRun(folder),
  };
}

function folderRun(folder: string, run: SharedRun): OpenRun {
  const shards = readShards(run);
  return {
    run, shards,
    work: async (shard, token) => readShard(run, shard, shards[shard]!, token),
    keep: async () => undefined,
    async drop(of) {
      for (const name of [partName(of, run.output.format), badName(of)]) rmSync(join(folder, name), { force: true });
    },
    lost: async (parts) => lostParts(run, parts),
    finish: (ending) => finishShared({ ...ending, run, rowsOf: async (shard) => countRows(run, shards[shard]!) }),
    close: () => undefined,
  };
}
