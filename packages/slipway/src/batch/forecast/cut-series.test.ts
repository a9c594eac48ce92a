import { expect, it } from "vitest";
import { cutRows, cutSeries, type Cutter } from "./cut-series.ts";

function cut(cutter: Cutter, sizes: readonly number[]): Cutter["cuts"] {
  let at = 0;
  for (const rows of sizes) {
    cutter.add(at, rows);
    at += rows;
  }
  return cutter.cuts;
}

it("puts whole series together, so many in a shard", () => {
  expect(cut(cutSeries(2), [3, 1, 4, 1, 5])).toEqual([{ from: 0, to: 4, records: 2 }, { from: 4, to: 9, records: 2 }, { from: 9, to: 14, records: 1 }]);
  expect(cut(cutSeries(9, 3), [3, 1, 4, 1, 5])).toEqual([{ from: 0, to: 8, records: 3 }]);
  expect(cut(cutSeries(9), [2 ** 21, 1])).toEqual([{ from: 0, to: 2 ** 21, records: 1 }, { from: 2 ** 21, to: 2 ** 21 + 1, records: 1 }]);
});
it("puts rows of series together, and cuts a long series into shards that say where it begins", () => {
  expect(cut(cutRows(5, Infinity, 4), [3, 1, 9, 1, 5, 3])).toEqual([{ from: 0, to: 4 }, { from: 4, to: 8 }, { from: 8, to: 12, lead: 4 }, { from: 12, to: 14, lead: 4 }, { from: 14, to: 18 }, { from: 18, to: 22, lead: 14 }]);
  expect(cut(cutRows(5, 6), [3, 1, 9, 1])).toEqual([{ from: 0, to: 4 }, { from: 4, to: 6 }]);
});
