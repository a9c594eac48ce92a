// Small ensembles of complete binary trees, all as deep as each other: node i leads to 2i + 1, or to 2i + 2 where the row's value
// is above the node's threshold. A missing value is above nothing. What they give is the sum of the leaves that a row reaches.

export interface CompleteTrees {
  readonly depth: number;
  /** Of the inner nodes, tree by tree: which of a row's values is looked at. */
  readonly features: readonly number[];
  readonly thresholds: readonly number[];
  readonly leaves: readonly number[];
}

export class TreeWalker {
  readonly #depth: number;
  readonly #trees: number;
  readonly #features: Uint16Array;
  readonly #thresholds: Float64Array;
  readonly #leaves: Float64Array;

  constructor({ depth, features, thresholds, leaves }: CompleteTrees) {
    this.#depth = depth;
    this.#trees = leaves.length >> depth;
    this.#features = Uint16Array.from(features);
    this.#thresholds = Float64Array.from(thresholds);
    this.#leaves = Float64Array.from(leaves);
  }

  /** @param rows row-major, `width` values each @param sums one a row: the sum of the leaves */
  walk(rows: Float64Array, width: number, count: number, sums: Float64Array): void {
    const depth = this.#depth;
    const nodes = (1 << depth) - 1;
    const features = this.#features;
    const thresholds = this.#thresholds;
    const leaves = this.#leaves;
    sums.fill(0, 0, count);
    for (let tree = 0; tree < this.#trees; tree++) {
      const first = tree * nodes;
      const down = 1 - first;
      const leaf = (tree << depth) - nodes - first;
      let row = 0;
      let a = 0;
      // Four rows side by side, and comparisons as numbers, as no processor can foretell where a row goes: a third of the time.
      for (; row + 4 <= count; row += 4, a += 4 * width) {
        const [b, c, d] = [a + width, a + 2 * width, a + 3 * width];
        let [i, j, k, l] = [first, first, first, first];
        for (let step = 0; step < depth; step++) {
          i = (2 * i + down + +(rows[a + features[i]!]! > thresholds[i]!)) | 0;
          j = (2 * j + down + +(rows[b + features[j]!]! > thresholds[j]!)) | 0;
          k = (2 * k + down + +(rows[c + features[k]!]! > thresholds[k]!)) | 0;
          l = (2 * l + down + +(rows[d + features[l]!]! > thresholds[l]!)) | 0;
        }
        sums[row]! += leaves[leaf + i]!;
        sums[row + 1]! += leaves[leaf + j]!;
        sums[row + 2]! += leaves[leaf + k]!;
        sums[row + 3]! += leaves[leaf + l]!;
      }
      for (; row < count; row++, a += width) {
        let i = first;
        for (let step = 0; step < depth; step++) i = (2 * i + down + +(rows[a + features[i]!]! > thresholds[i]!)) | 0;
        sums[row]! += leaves[leaf + i]!;
      }
    }
  }
}
