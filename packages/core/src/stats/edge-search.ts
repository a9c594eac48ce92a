// How many of many sorted edges are below a value: where to begin is told by a grid of even cells, so that few are looked at.

const CELLS_AN_EDGE = 4;

export class EdgeSearch {
  readonly #edges: Float64Array;
  readonly #starts: Uint16Array;
  readonly #low: number;
  readonly #scale: number;

  /** @param edges ascending */
  constructor(edges: Float64Array) {
    this.#edges = edges;
    const cells = Math.max(1, Math.min(2 ** 12, CELLS_AN_EDGE * edges.length));
    this.#low = edges[0] ?? 0;
    const scale = cells / ((edges.at(-1) ?? 0) - this.#low);
    this.#scale = Number.isFinite(scale) ? scale : 0;
    this.#starts = new Uint16Array(cells + 1);
    // A cell's number never falls as the value rises: edges of lower cells are below each value of this one.
    for (const edge of edges) for (let cell = this.#cell(edge) + 1; cell <= cells; cell++) this.#starts[cell]!++;
  }

  /** @param value not NaN */
  below(value: number): number {
    const edges = this.#edges;
    let bin = this.#starts[this.#cell(value)]!;
    while (bin < edges.length && edges[bin]! < value) bin++;
    return bin;
  }
  #cell(value: number): number {
    const cell = (value - this.#low) * this.#scale;
    // Infinity times 0 is NaN, which is in the first cell like what is below every edge.
    return cell > 0 ? (cell < this.#starts.length ? cell | 0 : this.#starts.length - 1) : 0;
  }
}
