// recommend.json: of a model that recommends, which of its outputs says where the one who asks stands, and the items it knows,
// in the order in which the graph counts them. The items' vectors are a constant of the graph.

import { packageError } from "./errors.ts";
import { JsonObject, type Fail } from "./json.ts";
import type { Scalar } from "./signature.ts";

export interface RecommendedItem {
  readonly id: string;
  /** For who has no history: the largest first. */
  readonly popularity?: number | undefined;
  /** What a page shows of it. */
  readonly metadata?: Readonly<Record<string, Scalar | null>> | undefined;
}

export const SIMILARITIES = ["dot", "cosine"] as const;
export type Similarity = (typeof SIMILARITIES)[number];

export interface Recommending {
  /** `embedding`: a vector, compared with those of the items. `scores`: one number an item. `neighbors`: places of the nearest items, with `distances`. */
  readonly kind: "embedding" | "scores" | "neighbors";
  /** The output's name. */
  readonly output: string;
  readonly distances?: string | undefined;
  /** Of embeddings. */
  readonly similarity?: Similarity | undefined;
  /** The graph's constant [items, width] of the items' vectors, or `vectors.f32` of the package; of cosines they have length 1. */
  readonly vectors?: string | undefined;
  /** How many of a vector's numbers tell of likeness, where the last ones are biases. */
  readonly factors?: number | undefined;
  /** The column that takes a user's id. */
  readonly user?: string | undefined;
  /** The column that takes the items which were seen: their ids with `separator` between. */
  readonly seen?: string | undefined;
  readonly separator: string;
  /** Whether one without history gets the most popular items, or is refused. */
  readonly cold: "popular" | "refused";
  readonly items: readonly RecommendedItem[];
}

const MAX_ITEMS = 10_000_000;
const MAX_FIELDS = 100;

const fail: Fail = (message, where) => packageError("package-recommend", message, { where: `recommend.json: ${where}` });

/** @throws package-recommend */
export function parseRecommending(json: unknown): Recommending {
  const top = new JsonObject(json, "", fail);
  const kind = top.oneOf("kind", ["embedding", "scores", "neighbors"]);
  const optional = (key: string): string | undefined => top.optionalString(key);
  const items = top.array("items", MAX_ITEMS, parseItem);
  if (items.length === 0) throw fail("there are no items", "items");
  if (new Set(items.map((item) => item.id)).size < items.length) throw fail("an item is there twice", "items");
  const [vectors, distances] = [optional("vectors"), optional("distances")];
  if (kind === "embedding" && vectors === undefined) throw fail("the items' vectors are not named", "vectors");
  if (kind === "neighbors" && distances === undefined) throw fail("the distances are not named", "distances");
  return {
    kind, output: top.string("output"), distances, vectors, items, factors: top.has("factors") ? top.count("factors") : undefined,
    similarity: kind === "embedding" ? top.oneOf("similarity", SIMILARITIES) : undefined,
    user: optional("user"), seen: optional("seen"), separator: top.string("separator"), cold: top.oneOf("cold", ["popular", "refused"]),
  };
}

function parseItem(value: unknown, where: string): RecommendedItem {
  const item = new JsonObject(value, where, fail);
  const id = item.string("id");
  if (id === "") throw fail("an item without an id", where);
  const popularity = item.get("popularity");
  if (popularity !== undefined && (typeof popularity !== "number" || !Number.isFinite(popularity))) throw fail("expected a number", item.at("popularity"));
  return { id, ...(popularity === undefined ? {} : { popularity }), ...(item.has("metadata") ? { metadata: parseMetadata(item.get("metadata"), item.at("metadata"), fail) } : {}) };
}

/** Texts, numbers, truth values and null, by name. */
export function parseMetadata(value: unknown, where: string, fault: Fail): Record<string, Scalar | null> {
  const object = new JsonObject(value, where, fault);
  const keys = object.keys();
  if (keys.length > MAX_FIELDS) throw fault(`${keys.length} fields; at most ${MAX_FIELDS} are allowed`, where);
  return Object.fromEntries(keys.map((key) => {
    const field = object.get(key);
    if (field !== null && !["string", "boolean"].includes(typeof field) && !(typeof field === "number" && Number.isFinite(field))) throw fault("expected a text, a number, true, false or null", object.at(key));
    return [key, field as Scalar | null];
  }));
}
