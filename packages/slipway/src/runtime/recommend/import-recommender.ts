// A saved model as one that recommends: factors are compiled with their items; to any other model its items are added.

import { addItems, compileFactors, factorsOf, factorsOfArchive, readSource, type CompiledRecommender, type FactorModel, type ImportedModel } from "@slipway/core/convert";
import { sniffFormat } from "@slipway/core/formats";
import { arrayFloat64, assertInert, readNpy } from "@slipway/core/pickle";
import { sha256, type RecommendedItem, type Similarity } from "@slipway/core/package";
import { importFile, type ImportedFile, type ImportFileOptions } from "../import-file.ts";
import { recommendFileError } from "./errors.ts";
import { readIds, readItems, type ItemRows } from "./items-file.ts";
import { towerVectors } from "./tower-vectors.ts";

export interface RecommendOptions {
  /** How many items an answer has. */
  readonly k: number;
  readonly similarity?: Similarity | undefined;
  readonly cold: "popular" | "refused";
  readonly items?: { readonly file: string; readonly text: string } | undefined;
  readonly users?: { readonly file: string; readonly text: string } | undefined;
  /** The column of `items` that says how popular an item is. */
  readonly popularity?: string | undefined;
  /** An .npy of one row an item. */
  readonly vectors?: Uint8Array | undefined;
  /** A model that gives an item's vector: a path. */
  readonly tower?: string | undefined;
  /** The model's output that stands for the one who asks. */
  readonly output?: string | undefined;
}
export interface ImportedRecommender extends ImportedFile {
  readonly recommend: CompiledRecommender["recommend"];
  readonly notes: readonly string[];
}

/** @throws as importFile, recommend-* */
export async function importRecommender(path: string, bytes: Uint8Array, options: RecommendOptions, file: ImportFileOptions): Promise<ImportedRecommender> {
  const listed = options.items === undefined ? undefined : readItems(options.items.text, options.items.file, options.popularity);
  const found = factorsIn(bytes);
  if (found !== undefined) {
    const { compiled, recommend, notes } = fromFactors(found.factors, listed, options);
    return { imported: { format: found.format, compiled, producer: {} }, source: { sha256: await sha256(bytes), bytes: bytes.length }, joined: [], recommend, notes };
  }
  if (listed === undefined) throw recommendFileError("recommend-file", "nothing says which items the model knows", { hint: "--items items.csv: one item a row, with its id, in the order of the model's items." });
  const from = await importFile(path, bytes, file);
  if (from.text !== undefined) throw recommendFileError("recommend-file", "a model of texts with a tokenizer of its own gives vectors, and is not packed to recommend", { hint: "Pack it as it is, and search with slipway index." });
  const vectors = options.tower !== undefined ? await towerVectors(options.tower, listed.rows) : options.vectors === undefined ? undefined : matrixOf(options.vectors);
  const { compiled, recommend } = addItems(from.imported.compiled, { k: options.k, similarity: options.similarity ?? "dot", items: listed.items, vectors, output: options.output, cold: cold(options, listed.items) });
  const imported: ImportedModel = { ...from.imported, compiled };
  return { ...from, imported, recommend, notes: [] };
}

function factorsIn(bytes: Uint8Array): { readonly factors: FactorModel; readonly format: string } | undefined {
  const format = sniffFormat(bytes);
  if (format === "zip") return { factors: factorsOfArchive(bytes), format: "npz" };
  if (format !== "pickle") return undefined;
  const source = readSource(bytes);
  assertInert(source.pickle);
  const factors = factorsOf(source.pickle.value);
  return factors === undefined ? undefined : { factors, format: source.format };
}

function fromFactors(model: FactorModel, listed: ItemRows | undefined, options: RecommendOptions): CompiledRecommender & { readonly notes: readonly string[] } {
  const notes: string[] = [];
  const users = options.users === undefined ? model.userIds : readIds(options.users.text, options.users.file);
  const numbered = (count: number, what: string): string[] => {
    notes.push(`the file has no ids of its ${what}: they go by their row, 0 to ${count - 1} (--${what} FILE names them)`);
    return Array.from({ length: count }, (_, i) => String(i));
  };
  const [userCount, itemCount] = [model.users.shape[0]!, model.items.shape[0]!];
  const userIds = users ?? numbered(userCount, "users");
  const items = itemsOf(model, listed) ?? numbered(itemCount, "items").map((id, i) => ({ id, ...(model.popularity === undefined ? {} : { popularity: model.popularity[i]! }) }));
  if (userIds.length !== userCount) throw recommendFileError("recommend-file", `${options.users!.file} has ${userIds.length} users, and the model ${userCount}`);
  if (options.output !== undefined || options.vectors !== undefined || options.tower !== undefined) throw recommendFileError("recommend-file", "the file holds the items' factors itself", { hint: "Leave --query, --item-vectors and --item-tower out." });
  return { ...compileFactors(model, { k: options.k, similarity: options.similarity ?? "dot", userIds, items, cold: cold(options, items) }), notes };
}

/** In the order of the factors; of a file that names its items, those of the list with the same ids. */
function itemsOf(model: FactorModel, listed: ItemRows | undefined): readonly RecommendedItem[] | undefined {
  const counted = (id: string, i: number): RecommendedItem => ({ id, ...(model.popularity === undefined ? {} : { popularity: model.popularity[i]! }) });
  if (listed === undefined) return model.itemIds?.map(counted);
  if (model.itemIds === undefined) {
    if (listed.items.length !== model.items.shape[0]) throw recommendFileError("recommend-file", `there are ${listed.items.length} items in the list, and ${model.items.shape[0]} in the model`);
    return listed.items;
  }
  const byId = new Map(listed.items.map((item) => [item.id, item]));
  return model.itemIds.map((id, i) => ({ ...counted(id, i), ...byId.get(id) }));
}

/** @throws recommend-cold */
function cold({ cold: wanted }: RecommendOptions, items: readonly RecommendedItem[]): "popular" | "refused" {
  if (wanted === "popular" && !items.some((item) => item.popularity !== undefined)) {
    throw recommendFileError("recommend-cold", "nothing says how popular an item is, which is what somebody without history is shown", { hint: "--popularity COLUMN of --items, or --cold-start refused." });
  }
  return wanted;
}

function matrixOf(bytes: Uint8Array): { readonly shape: readonly number[]; readonly data: Float64Array } {
  const array = readNpy(bytes);
  if (array.dtype.kind !== "f") throw recommendFileError("recommend-file", `the items' vectors are of the type ${array.dtype.code}`, { hint: "numpy.save of an array of floats, one row an item." });
  return { shape: array.shape, data: arrayFloat64(array) };
}
