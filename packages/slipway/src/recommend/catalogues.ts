// The catalogues that a server knows, and the shelves made of them, one for each version of a model. They are looked up in the
// store again when somebody asks and a moment has passed, so that replicas agree soon and nobody waits for a clock.

import type { Servable } from "../runtime/index.ts";
import { HnswSearch } from "../vectors/index.ts";
import type { ItemState } from "./change.ts";
import type { CatalogueStore, StoredChange } from "./catalogue-store.ts";
import { recommendError } from "./errors.ts";
import { Shelf } from "./shelf.ts";

export interface CataloguesOptions {
  readonly store: () => Promise<CatalogueStore>;
  /** Whether what is changed outlasts this process. */
  readonly kept: boolean;
  /** How old may be what is known. */
  readonly intervalMs: number;
  readonly search: "exact" | "hnsw";
}
interface Known {
  version: number;
  cold: readonly string[];
  changed: CatalogueChanged | undefined;
  readonly states: Map<string, ItemState>;
  lookedAt: number;
  looking: Promise<void> | undefined;
  readonly shelves: Map<string, { readonly shelf: Shelf; readonly ready: Promise<void> }>;
}
/** The last change. */
export interface CatalogueChanged {
  readonly at: string;
  readonly by: string;
}
export interface Standing {
  readonly changed?: CatalogueChanged | undefined;
  readonly shelf: Shelf;
  readonly version: number;
  readonly cold: readonly string[];
}

const MAX_SHELVES = 8;

export class Catalogues {
  readonly #options: CataloguesOptions;
  readonly #known = new Map<string, Known>();
  #store: Promise<CatalogueStore> | undefined;

  constructor(options: CataloguesOptions) {
    this.#options = options;
  }
  get kept(): boolean {
    return this.#options.kept;
  }

  /** @throws recommend-none, hnsw-missing, and what a database throws */
  async of(model: Servable): Promise<Standing> {
    const { itemSpace, digest, name } = model;
    if (itemSpace === undefined) throw recommendError("recommend-none", `the model ${name} was not packed to recommend`, { hint: "slipway pack FILE --recommend" });
    const known = this.#knownOf(name);
    await this.#look(name, known);
    let made = known.shelves.get(digest);
    if (made === undefined) {
      const shelf = new Shelf(itemSpace, digest);
      for (const [id, state] of known.states) shelf.apply(id, state);
      made = { shelf, ready: this.#index(shelf) };
      known.shelves.set(digest, made);
      for (const old of [...known.shelves.keys()].slice(0, -MAX_SHELVES)) known.shelves.delete(old);
    }
    await made.ready;
    return { shelf: made.shelf, version: known.version, cold: known.cold, changed: known.changed };
  }

  /** @throws catalogue-version, and what a database throws */
  async change(name: string, change: StoredChange): Promise<number> {
    const version = await (await this.#open()).change(name, change);
    const known = this.#knownOf(name);
    // A look that began before the change does not know of it.
    while (known.version < version) {
      await known.looking;
      await (known.looking ??= this.#refresh(name, known).finally(() => (known.looking = undefined)));
    }
    return version;
  }

  async close(): Promise<void> {
    await (await this.#store)?.close();
  }

  #knownOf(name: string): Known {
    let known = this.#known.get(name);
    if (known === undefined) this.#known.set(name, (known = { version: 0, cold: [], changed: undefined, states: new Map(), lookedAt: 0, looking: undefined, shelves: new Map() }));
    return known;
  }
  #open(): Promise<CatalogueStore> {
    return (this.#store ??= this.#options.store());
  }
  async #index(shelf: Shelf): Promise<void> {
    const { vectors, width } = shelf.space;
    if (this.#options.search === "hnsw" && vectors !== undefined) shelf.hnsw = await HnswSearch.build({ data: vectors, width });
  }

  async #look(name: string, known: Known): Promise<void> {
    if (Date.now() - known.lookedAt < this.#options.intervalMs) return;
    await (known.looking ??= this.#refresh(name, known).finally(() => (known.looking = undefined)));
  }
  async #refresh(name: string, known: Known): Promise<void> {
    const news = await (await this.#open()).newer(name, known.version);
    known.lookedAt = Date.now();
    if (news === undefined) return;
    for (const [id, state] of news.items) {
      known.states.set(id, state);
      for (const { shelf } of known.shelves.values()) shelf.apply(id, state);
    }
    known.version = news.version;
    known.cold = news.cold;
    known.changed = { at: news.changedAt, by: news.changedBy };
  }
}
