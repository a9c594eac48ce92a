// The records of an indexed run as objects: the first one that says of a shard that it is made stands (If-None-Match), and
// names a whole part; where a storage does not know that condition the last one stands, which names another whole part of the
// same bytes.

import { getObject, several, sizesBelow } from "../../remote/object-store.ts";
import type { Part } from "../../run/messages.ts";
import { markName, type Unmade } from "../kubernetes/index-shares.ts";
import type { Marks } from "../kubernetes/marks.ts";
import { damaged } from "../shared-run.ts";
import { below, outputOf } from "./run-bucket.ts";

const MAX_MARK = 2 ** 24;
const AT_ONCE = 6;

export async function bucketMarks(address: string): Promise<Marks> {
  const { output: { store }, run } = await outputOf(address);
  const list = async (pattern: RegExp): Promise<string[]> => [...(await sizesBelow(store, run, (name) => pattern.test(name))).keys()];
  const shardOf = (name: string): number => Number(/\d+/.exec(name)![0]);
  const read = async <T>(name: string): Promise<T | undefined> => {
    const found = await getObject(store, below(run, name), MAX_MARK);
    try {
      return found === undefined ? undefined : JSON.parse(Buffer.from(found.bytes).toString("utf8")) as T;
    } catch (cause) {
      throw damaged(store.address(below(run, name)), cause);
    }
  };
  const readAll = async <T>(pattern: RegExp): Promise<Map<number, T>> => {
    const all = new Map<number, T>();
    await several(await list(pattern), async (name) => {
      const value = await read<T>(name);
      if (value !== undefined) all.set(shardOf(name), value);
    }, AT_ONCE);
    return all;
  };
  const body = (value: object): Uint8Array => Buffer.from(JSON.stringify(value));
  const MADE = /^made-\d+\.json$/;
  const UNMADE = /^unmade-\d+\.json$/;
  return {
    made: async () => new Set((await list(MADE)).map(shardOf)),
    async recordMade(part) {
      const name = `${markName("made", part.shard)}.json`;
      const first = await store.put(below(run, name), body(part), { condition: { nothing: true } });
      // An answer may have been lost.
      const ours = first || (await read<Part>(name))?.token === part.token;
      await store.remove(below(run, `${markName("unmade", part.shard)}.json`));
      return ours;
    },
    async recordUnmade({ shard }, index, error) {
      await store.put(below(run, `${markName("unmade", shard)}.json`), body({ index, reason: `${error.message} [${error.code}]` } satisfies Unmade));
    },
    count: async () => (await list(MADE)).length,
    readMade: async () => [...(await readAll<Part>(MADE)).values()].toSorted((a, b) => a.shard - b.shard),
    readUnmade: () => readAll<Unmade>(UNMADE),
    async forget(parts) {
      await several([...parts.map(({ shard }) => `${markName("made", shard)}.json`), ...await list(UNMADE)], (name) => store.remove(below(run, name)));
    },
  };
}
