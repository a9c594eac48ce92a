// What the pods of an Indexed Job say to each other and to who waits for them: files in the run's folder. A part is committed
// by a record that is renamed into place and names the part's own files, so that two pods of one index, which Kubernetes does
// not rule out, leave one whole record of one whole part, whichever was last; both have the same bytes.

import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { SlipwayError } from "@slipway/core/base";
import { commitFile, outputFailed } from "../../run/files.ts";
import type { Part, ShardKey } from "../../run/messages.ts";
import { damaged } from "../shared-run.ts";

/** A pod ends with it where its share can never be made: another would end so too. */
export const CANNOT_EXIT = 42;

export interface Unmade {
  readonly index: number;
  readonly reason: string;
}

/** The shards of an index: from, and behind the last. */
export function shareOf(index: number, indexes: number, shards: number): readonly [from: number, to: number] {
  return [Math.floor((index * shards) / indexes), Math.floor(((index + 1) * shards) / indexes)];
}
export function indexOf(shard: number, indexes: number, shards: number): number {
  let index = Math.floor((shard * indexes) / shards);
  while (shareOf(index, indexes, shards)[1] <= shard) index++;
  return index;
}

export function markName(kind: "made" | "unmade", shard: number): string {
  return `${kind}-${String(shard).padStart(6, "0")}`;
}

export function isMade(folder: string, shard: number): boolean {
  return existsSync(join(folder, `${markName("made", shard)}.json`));
}
/** @throws SlipwayError batch-output-failed */
export function recordMade(folder: string, part: Part): void {
  record(folder, markName("made", part.shard), part.token!, part);
  rmSync(join(folder, `${markName("unmade", part.shard)}.json`), { force: true });
}
export function recordUnmade(folder: string, { shard, token }: ShardKey, index: number, error: SlipwayError): void {
  record(folder, markName("unmade", shard), token!, { index, reason: `${error.message} [${error.code}]` } satisfies Unmade);
}
function record(folder: string, called: string, token: string, value: object): void {
  const own = join(folder, `${called}.${token}.json`);
  commitFile(own, Buffer.from(JSON.stringify(value)));
  try {
    renameSync(own, join(folder, `${called}.json`));
  } catch (cause) {
    throw outputFailed(own, cause);
  }
}

export function countMade(folder: string): number {
  return readdirSync(folder).filter((n) => /^made-\d+\.json$/.test(n)).length;
}
/** @throws SlipwayError batch-run-damaged */
export function readMade(folder: string): Part[] {
  return read<Part>(folder, /^made-\d+\.json$/).map(([, part]) => part).toSorted((a, b) => a.shard - b.shard);
}
export function readUnmade(folder: string): Map<number, Unmade> {
  return new Map(read<Unmade>(folder, /^unmade-\d+\.json$/).map(([file, unmade]) => [Number(/\d+/.exec(file)![0]), unmade]));
}
function read<T>(folder: string, pattern: RegExp): (readonly [string, T])[] {
  return readdirSync(folder).filter((n) => pattern.test(n)).map((file) => {
    try {
      return [file, JSON.parse(readFileSync(join(folder, file), "utf8")) as T] as const;
    } catch (cause) {
      throw damaged(join(folder, file), cause);
    }
  });
}
/** What could not be made is tried again; parts whose files are gone are made again. */
export function forget(folder: string, parts: readonly Part[]): void {
  for (const { shard } of parts) rmSync(join(folder, `${markName("made", shard)}.json`), { force: true });
  for (const shard of readUnmade(folder).keys()) rmSync(join(folder, `${markName("unmade", shard)}.json`), { force: true });
}
