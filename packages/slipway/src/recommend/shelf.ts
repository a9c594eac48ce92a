// The items of one version of a model as they are now: those of its package, with what the catalogue says of them since, and
// those that came after it. An item that came later and has no vector of this version is known, but not found by its likeness.

import type { Scalar } from "@slipway/core/package";
import type { ItemSpace } from "../runtime/index.ts";
import { exactSearch, product, unit, type HnswSearch, type Query, type Scored } from "../vectors/index.ts";
import type { ItemState } from "./change.ts";

export interface ShelfItem {
  readonly id: string;
  readonly available: boolean;
  readonly popularity: number | undefined;
  readonly metadata: Readonly<Record<string, Scalar | null>>;
  /** Whether this version of the model can find it. */
  readonly found: boolean;
}

export class Shelf {
  readonly space: ItemSpace;
  readonly #digest: string;
  readonly #items: (ShelfItem | undefined)[];
  readonly #places = new Map<string, number>();
  /** Vectors that the catalogue gave, by place. */
  readonly #given = new Map<number, Float64Array>();
  #hidden = 0;
  #gone = 0;
  #popular: number[] | undefined;
  /** Walks the package's own vectors, where that was asked for. */
  hnsw: HnswSearch | undefined;

  constructor(space: ItemSpace, digest: string) {
    this.space = space;
    this.#digest = digest;
    this.#items = space.settings.items.map((item, place) => {
      this.#places.set(item.id, place);
      return { id: item.id, available: true, popularity: item.popularity, metadata: item.metadata ?? {}, found: true };
    });
  }

  /** Items there are, those that are not shown now, and those that came after the package. */
  get counts(): { readonly items: number; readonly unavailable: number; readonly added: number } {
    const added = this.#items.slice(this.space.settings.items.length).filter((item) => item !== undefined).length;
    return { items: this.#items.length - this.#gone, unavailable: this.#hidden - this.#gone, added };
  }
  /** Places that there are or were. */
  get size(): number {
    return this.#items.length;
  }
  at(place: number): ShelfItem | undefined {
    return this.#items[place];
  }
  placeOf(id: string): number | undefined {
    return this.#places.get(id);
  }
  /** What may be shown: neither taken out nor unavailable. */
  shows(place: number): boolean {
    return this.#items[place]?.available === true;
  }

  apply(id: string, state: ItemState): void {
    this.#popular = undefined;
    const place = this.#places.get(id) ?? this.#items.length;
    const own = this.space.settings.items[place];
    const wasGone = place < this.#items.length && this.#items[place] === undefined;
    const wasHidden = place < this.#items.length && !this.shows(place);
    const { vector } = state;
    const given = vector !== undefined && vector.digest === this.#digest ? Float64Array.from(vector.values) : undefined;
    if (given === undefined) this.#given.delete(place);
    else this.#given.set(place, this.space.settings.similarity === "cosine" ? unit(given) : given);
    this.#places.set(id, place);
    this.#items[place] = state.removed === true ? undefined : {
      id, available: state.available ?? true, popularity: state.popularity ?? own?.popularity, metadata: { ...own?.metadata, ...state.metadata }, found: own !== undefined || given !== undefined,
    };
    this.#gone += (state.removed === true ? 1 : 0) - (wasGone ? 1 : 0);
    this.#hidden += (this.shows(place) ? 0 : 1) - (wasHidden ? 1 : 0);
  }

  vectorOf(place: number): Query | undefined {
    const { vectors, width, settings } = this.space;
    return this.#given.get(place) ?? (vectors !== undefined && place < settings.items.length ? vectors.subarray(place * width, (place + 1) * width) : undefined);
  }

  /** The nearest to a vector. @param allowed which of those that may be shown */
  async nearest(query: Query, k: number, allowed: (place: number) => boolean, excluded: number): Promise<Scored[]> {
    const { vectors, width } = this.space;
    if (vectors === undefined) return [];
    const own = (place: number): boolean => this.shows(place) && !this.#given.has(place) && allowed(place);
    const rows = { data: vectors, width };
    const found = await (this.hnsw?.search(query, k, own, excluded + this.#hidden) ?? exactSearch(rows, query, k, own));
    for (const [place, vector] of this.#given) if (this.shows(place) && allowed(place)) found.push({ place, score: product(vector, 0, query, width) });
    return found.sort((a, b) => b.score - a.score || a.place - b.place).slice(0, k);
  }

  /** Places, the most popular first. */
  get popular(): readonly number[] {
    return (this.#popular ??= Array.from(this.#items.keys()).filter((place) => this.#items[place]?.popularity !== undefined).sort((a, b) => this.#items[b]!.popularity! - this.#items[a]!.popularity! || a - b));
  }
}
