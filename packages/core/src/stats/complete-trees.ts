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
      const leaf = (tree << depth) - nodes;
      for (let row = 0, at = 0; row < count; row++, at += width) {
        let i = 0;
        for (let d = 0; d < depth; d++) i = 2 * i + (rows[at + features[first + i]!]! > thresholds[first + i]! ? 2 : 1);
        sums[row]! += leaves[leaf + i]!;
      }
    }
  }
}
