// The rows of a kept history as shards, given series by series in their order.

/** Rows of the file; `to` is behind the last. */
export interface Cut {
  readonly from: number;
  readonly to: number;
  /** Of forecasts: series. */
  readonly records?: number;
  /** Of rows: where the series begins that this shard goes on with. */
  readonly lead?: number;
}
export interface Cutter {
  readonly cuts: readonly Cut[];
  add(from: number, rows: number): void;
}

/** Of its rows, in a shard: a part of one that is stopped is made again from its beginning. */
const MOST_ROWS = 2 ** 21;
/** A series of more rows is cut: each of its shards is read from the series' beginning. */
const LONGEST = 2 ** 19;

/** Whole series, `most` in a shard; `limit` in all. */
export function cutSeries(most: number, limit: number = Infinity): Cutter {
  const cuts: Cut[] = [];
  let taken = 0;
  return {
    cuts,
    add(from, rows) {
      if (taken++ >= limit) return;
      const last = cuts.at(-1);
      if (last === undefined || last.records === most || from + rows - last.from > MOST_ROWS) cuts.push({ from, to: from + rows, records: 1 });
      else cuts[cuts.length - 1] = { from: last.from, to: from + rows, records: last.records! + 1 };
    },
  };
}

/** `most` rows in a shard, or more of one series; `limit` in all. */
export function cutRows(most: number, limit: number = Infinity, longest: number = LONGEST): Cutter {
  const cuts: Cut[] = [];
  return {
    cuts,
    add(from, rows) {
      const to = Math.min(from + rows, limit);
      const last = cuts.at(-1);
      if (to <= from) return;
      if (last !== undefined && to - last.from <= most) cuts[cuts.length - 1] = { ...last, to };
      else for (let at = from; at < to; at += longest) cuts.push({ from: at, to: Math.min(to, at + longest), ...(at === from ? {} : { lead: from }) });
    },
  };
}
