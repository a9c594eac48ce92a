// What is made of an indexed run and what is not, where its folder or its bucket tells it.

import { SlipwayError } from "@slipway/core/base";
import { isBucketAddress } from "../../remote/bucket-address.ts";
import type { Part, ShardKey } from "../../run/messages.ts";
import { countMade, forget, isMade, readMade, readUnmade, recordMade, recordUnmade, type Unmade } from "./index-shares.ts";

export interface Marks {
  /** Of these shards those that are made. */
  made(shards: readonly number[]): Promise<ReadonlySet<number>>;
  /** False: another pod's part stands for this shard. @throws SlipwayError batch-output-failed, batch-source-... */
  recordMade(part: Part): Promise<boolean>;
  recordUnmade(of: ShardKey, index: number, error: SlipwayError): Promise<void>;
  count(): Promise<number>;
  /** @throws SlipwayError batch-run-damaged */
  readMade(): Promise<Part[]>;
  readUnmade(): Promise<ReadonlyMap<number, Unmade>>;
  /** What could not be made is tried again; parts whose files are gone are made again. */
  forget(parts: readonly Part[]): Promise<void>;
}

export async function marksOf(folder: string): Promise<Marks> {
  return isBucketAddress(folder) ? (await import("../bucket/bucket-marks.ts")).bucketMarks(folder) : folderMarks(folder);
}

function folderMarks(folder: string): Marks {
  return {
    made: (shards) => Promise.resolve(new Set(shards.filter((shard) => isMade(folder, shard)))),
    recordMade: async (part) => {
      recordMade(folder, part);
      return true;
    },
    recordUnmade: async (...args) => recordUnmade(folder, ...args),
    count: async () => countMade(folder),
    readMade: async () => readMade(folder),
    readUnmade: async () => readUnmade(folder),
    forget: async (parts) => forget(folder, parts),
  };
}
