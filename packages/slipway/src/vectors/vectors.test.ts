import { randomNumbers } from "@slipway/core/stats";
import { describe, expect, it } from "vitest";
import { exactSearch, HnswSearch, unit } from "./index.ts";

const random = randomNumbers(1);
const [COUNT, WIDTH] = [3000, 13];
const data = Float32Array.from({ length: COUNT * WIDTH }, () => random() - 0.5);
const rows = { data, width: WIDTH };
const query = (row: number): Float32Array => data.subarray(row * WIDTH, (row + 1) * WIDTH);
/** As anybody would write it. */
const plain = (q: Float32Array): { place: number; score: number }[] => Array.from({ length: COUNT }, (_, place) => ({ place, score: query(place).reduce((sum, x, i) => sum + x * q[i]!, 0) })).sort((a, b) => b.score - a.score);

describe("search among vectors", () => {
  it("finds what comparing all finds, in order", async () => {
    for (const row of [0, 7, 2999]) expect((await exactSearch(rows, query(row), 25)).map((s) => s.place)).toEqual(plain(query(row)).slice(0, 25).map((s) => s.place));
  });

  it("lets others have their turn while many are compared", async () => {
    const many = { data: new Float32Array(2 ** 22).fill(1), width: 4 };
    let turns = 0;
    const other = setInterval(() => turns++, 0);
    const found = await exactSearch(many, Float64Array.of(1, 1, 1, 1), 2);
    clearInterval(other);
    expect(found).toEqual([{ place: 0, score: 4 }, { place: 1, score: 4 }]);
    expect(turns).toBeGreaterThan(0);
  });

  it("leaves out what is not allowed, puts equal ones in their order, and gives no more than there are", async () => {
    const same = { data: Float64Array.of(1, 1, 1, 2, 1), width: 1 };
    expect((await exactSearch(same, Float64Array.of(1), 3)).map((s) => s.place)).toEqual([3, 0, 1]);
    expect((await exactSearch(same, Float64Array.of(1), 3, (row) => row !== 3 && row !== 0)).map((s) => s.place)).toEqual([1, 2, 4]);
    expect(await exactSearch(same, Float64Array.of(1), 9)).toHaveLength(5);
    expect(await exactSearch(same, Float64Array.of(1), 0)).toEqual([]);
    expect([...unit(Float64Array.of(3, 4))]).toEqual([0.6, 0.8]);
    expect([...unit(Float64Array.of(0, 0))]).toEqual([0, 0]);
  });

  it("finds nearly all by HNSW, with the same scores", async () => {
    const hnsw = await HnswSearch.build(rows);
    let found = 0;
    for (let row = 0; row < 50; row++) {
      const exact = new Map((await exactSearch(rows, query(row), 10)).map((s) => [s.place, s.score]));
      for (const { place, score } of await hnsw.search(query(row), 10)) {
        if (exact.has(place)) expect(score).toBe(exact.get(place));
        found += exact.has(place) ? 1 : 0;
      }
    }
    expect(found / 500).toBeGreaterThan(0.9);
    // Where too few of those that it looks at are allowed, all are looked at.
    expect(await hnsw.search(query(1), 5, (row) => row >= 2990)).toEqual(await exactSearch(rows, query(1), 5, (row) => row >= 2990));
  });
});
