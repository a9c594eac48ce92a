// A catalogue for a run in bulk: a file of JSON as PATCH /models/NAME/catalogue takes it, or the store that a service keeps.

import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { ModelPackage } from "@slipway/core/package";
import type { CatalogueContents } from "./bulk.ts";
import { CatalogueStore } from "./catalogue-store.ts";
import { readChange, type ItemState } from "./change.ts";
import { recommendError } from "./errors.ts";

const MAX_BYTES = 2 ** 30;
const MAX_ITEMS = 1_000_000;

/** @param place a .json file, or the address of a store @throws catalogue-invalid, and what a database throws */
export async function readCatalogue(place: string, { manifest: { name }, digest, recommend }: ModelPackage): Promise<CatalogueContents> {
  if (recommend === undefined) throw recommendError("recommend-none", `the model ${name} was not packed to recommend`, { hint: "slipway pack FILE --recommend" });
  if (!place.endsWith(".json")) {
    const postgres = /^postgres(?:ql)?:\/\//.test(place);
    const path = place.replace(/^sqlite:/, "");
    // Opening a file of SQLite makes it.
    if (!postgres && !existsSync(path)) throw recommendError("catalogue-invalid", "there is no such store of catalogues", { where: path, hint: "A file that ends in .json, the file of --catalogues, or postgres://..." });
    const store = await CatalogueStore.open(postgres ? place : `sqlite:${resolve(path)}`);
    try {
      const news = await store.newer(name, 0);
      return { states: [...(news?.items ?? [])], cold: news?.cold ?? [] };
    } finally {
      await store.close();
    }
  }
  const { items, remove, cold = [], tower } = readChange(await json(place), MAX_ITEMS);
  if (tower !== undefined) throw recommendError("catalogue-invalid", "a run in bulk asks no item tower", { where: `${place}: tower`, hint: "Give the items their vectors, or name the store that a service keeps them in." });
  return {
    cold,
    states: [
      ...remove.map((id): [string, ItemState] => [id, { removed: true }]),
      ...items.map(({ id, state, vector }): [string, ItemState] => [id, { ...state, ...(vector === undefined ? {} : { vector: { digest, values: vector } }) }]),
    ],
  };
}

async function json(path: string): Promise<unknown> {
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES) throw new Error(`it has ${size} bytes; ${MAX_BYTES} are allowed`);
    return JSON.parse(await readFile(path, "utf8")) as unknown;
  } catch (cause) {
    throw recommendError("catalogue-invalid", `the catalogue cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { where: path, cause });
  }
}
