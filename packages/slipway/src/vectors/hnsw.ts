// The nearest of many vectors by a graph of neighbours (HNSW), which usearch 2 makes and walks. It may miss some; what it finds
// is compared again in doubles, so that scores are those of the exact search.

import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { vectorsError } from "./errors.ts";
import { exactSearch, product, type Query, type Rows } from "./exact.ts";
import type { Scored } from "./best.ts";

/** What is used of usearch, which is no dependency of Slipway's: where its owner keeps it, it is found. */
interface UsearchIndex {
  add(keys: BigUint64Array, vectors: Float32Array, threads: number): void;
  search(vector: Float32Array, k: number, threads: number): { readonly keys: BigUint64Array };
}
interface Usearch {
  readonly Index: new (options: { metric: "ip" | "cos"; dimensions: number; connectivity: number; quantization: "f32" }) => UsearchIndex;
}

const CONNECTIVITY = 16;
const ROWS_AT_ONCE = 512;
/** What is looked at beside what is wanted. */
const SPARE = 32;

export class HnswSearch {
  readonly #rows: Rows;
  readonly #index: UsearchIndex;

  private constructor(rows: Rows, index: UsearchIndex) {
    this.#rows = rows;
    this.#index = index;
  }

  /** Built piece by piece, so that nobody is held up for long. @throws hnsw-missing */
  static async build(rows: Rows): Promise<HnswSearch> {
    const { Index } = await loadUsearch();
    const { data, width } = rows;
    const index = new Index({ metric: "ip", dimensions: width, connectivity: CONNECTIVITY, quantization: "f32" });
    const count = data.length / width;
    for (let start = 0; start < count; start += ROWS_AT_ONCE) {
      const end = Math.min(count, start + ROWS_AT_ONCE);
      index.add(BigUint64Array.from({ length: end - start }, (_, i) => BigInt(start + i)), Float32Array.from(data.subarray(start * width, end * width)), 1);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return new HnswSearch(rows, index);
  }

  /** @param excluded about how many rows are not allowed: so many more are looked at; where that is not enough, all are */
  async search(query: Query, k: number, allowed?: (row: number) => boolean, excluded = 0): Promise<Scored[]> {
    const { data, width } = this.#rows;
    const count = data.length / width;
    const look = k + excluded + SPARE;
    if (look >= count) return exactSearch(this.#rows, query, k, allowed);
    const { keys } = this.#index.search(Float32Array.from(query), look, 1);
    const found = [...keys].map(Number).filter((row) => allowed === undefined || allowed(row)).map((place) => ({ place, score: product(data, place * width, query, width) }));
    if (found.length < Math.min(k, count)) return exactSearch(this.#rows, query, k, allowed);
    return found.sort((a, b) => b.score - a.score || a.place - b.place).slice(0, k);
  }
}

let loading: Promise<Usearch> | undefined;

/** From the folder of Slipway, or from the one that it was started in. @throws hnsw-missing */
export async function loadUsearch(folders: readonly string[] = [import.meta.dirname, process.cwd()]): Promise<Usearch> {
  return (loading ??= find(folders).catch((error: unknown) => {
    loading = undefined;
    throw error;
  }));
}

async function find(folders: readonly string[]): Promise<Usearch> {
  for (const folder of folders) {
    try {
      const found = createRequire(pathToFileURL(join(folder, "_.js"))).resolve("usearch");
      return (await import(pathToFileURL(found).href)) as Usearch;
    } catch (error) {
      if ((error as { code?: string }).code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  throw vectorsError("hnsw-missing", "usearch, which searches by HNSW, is not installed", { hint: "npm install usearch, or leave the setting out: exact search needs nothing." });
}
