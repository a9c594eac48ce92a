import { expect, it } from "vitest";
import { TreeWalker } from "./complete-trees.ts";
import { randomNumbers } from "./random.ts";

it("gives each row the leaves that it reaches, however many rows go side by side", () => {
  const random = randomNumbers(5);
  const [depth, trees, width] = [4, 7, 5];
  const nodes = (1 << depth) - 1;
  const features = Array.from({ length: trees * nodes }, () => Math.floor(random() * width));
  const thresholds = Array.from({ length: trees * nodes }, () => Math.round(random() * 8));
  const leaves = Array.from({ length: trees << depth }, () => random());
  const walkers = [true, false].map((kernel) => new TreeWalker({ depth, features, thresholds, leaves }, kernel));
  const values = [NaN, Infinity, -Infinity, -0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
  for (const count of [0, 1, 2, 3, 7, 8, 9, 13, 127, 128, 129, 300]) {
    const rows = Float64Array.from({ length: count * width }, () => values[Math.floor(random() * values.length)]!);
    const expected = Array.from({ length: count }, (_, row) => {
      let sum = 0;
      for (let tree = 0; tree < trees; tree++) {
        let node = 0;
        while (node < nodes) node = rows[row * width + features[tree * nodes + node]!]! > thresholds[tree * nodes + node]! ? 2 * node + 2 : 2 * node + 1;
        sum += leaves[(tree << depth) + node - nodes]!;
      }
      return sum;
    });
    for (const walker of walkers) {
      const sums = new Float64Array(count);
      walker.walk(rows, width, count, sums);
      expect([...sums]).toEqual(expected);
    }
  }
});
