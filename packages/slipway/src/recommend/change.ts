// A change of a catalogue as it is sent: {"items": [{"id", "available", "popularity", "metadata", "vector"}], "remove": [id ...],
// "cold": [id ...], "tower": NAME, "if_version": 7}. What an item does not say stays as it is.

import { JsonObject, parseMetadata, type Fail, type Scalar } from "@slipway/core/package";
import { recommendError } from "./errors.ts";

/** What was said of an item since the model was packed. */
export interface ItemState {
  readonly removed?: boolean;
  readonly available?: boolean;
  readonly popularity?: number;
  readonly metadata?: Readonly<Record<string, Scalar | null>>;
  /** Where it stands, in the space of the package with this digest. */
  readonly vector?: { readonly digest: string; readonly values: readonly number[] };
}
export interface ItemChange {
  readonly id: string;
  readonly state: Omit<ItemState, "vector">;
  readonly vector?: readonly number[] | undefined;
  /** What the item tower takes of it. */
  readonly row?: unknown;
}
export interface CatalogueChange {
  readonly items: readonly ItemChange[];
  readonly remove: readonly string[];
  /** What those without history are shown; an empty list: the most popular. */
  readonly cold?: readonly string[] | undefined;
  /** A served model that gives the vectors of items with a `row`. */
  readonly tower?: string | undefined;
  readonly ifVersion?: number | undefined;
}

export const MAX_CHANGES = 10_000;
const MAX_ID = 512;
const MAX_WIDTH = 65_536;
const KEYS = ["items", "remove", "cold", "tower", "if_version"];
const ITEM_KEYS = ["id", "available", "popularity", "metadata", "vector", "row"];

const fail: Fail = (message, where) => recommendError("catalogue-invalid", message, { where });

/** @throws catalogue-invalid */
export function readChange(json: unknown, most: number = MAX_CHANGES): CatalogueChange {
  const top = new JsonObject(json, "", fail);
  const odd = top.keys().find((key) => !KEYS.includes(key));
  if (odd !== undefined) throw fail(`there is nothing called ${JSON.stringify(odd.slice(0, 60))}; it is one of ${KEYS.join(", ")}`, odd.slice(0, 60));
  const change: CatalogueChange = {
    items: top.has("items") ? top.array("items", most, readItem) : [],
    remove: top.has("remove") ? top.array("remove", most, readId) : [],
    cold: top.has("cold") ? top.array("cold", MAX_CHANGES, readId) : undefined,
    tower: top.optionalString("tower"),
    ifVersion: top.has("if_version") ? top.count("if_version") : undefined,
  };
  if (change.items.length + change.remove.length === 0 && change.cold === undefined) throw fail("it changes nothing", "top level");
  if (change.items.some((i) => i.row !== undefined) !== (change.tower !== undefined)) throw fail("rows of items and the tower that takes them go together", "tower");
  const ids = [...change.items.map((i) => i.id), ...change.remove];
  if (new Set(ids).size < ids.length) throw fail("an item is named twice", "items");
  return change;
}

export function readId(value: unknown, where: string): string {
  if (typeof value === "number" && Number.isSafeInteger(value)) return String(value);
  if (typeof value !== "string" || value === "" || value.length > MAX_ID) throw fail(`expected an id of 1 to ${MAX_ID} characters`, where);
  return value;
}

function readItem(value: unknown, where: string): ItemChange {
  const item = new JsonObject(value, where, fail);
  const odd = item.keys().find((key) => !ITEM_KEYS.includes(key));
  if (odd !== undefined) throw fail(`an item has ${ITEM_KEYS.join(", ")}; what a page shows belongs into metadata`, item.at(odd.slice(0, 60)));
  if (item.has("vector") && item.has("row")) throw fail("a vector and a row both say where it stands", where);
  const popularity = item.get("popularity");
  if (popularity !== undefined && (typeof popularity !== "number" || !Number.isFinite(popularity))) throw fail("expected a number", item.at("popularity"));
  return {
    id: readId(item.get("id"), item.at("id")),
    state: {
      // Who is named again is back.
      removed: false,
      ...(item.has("available") ? { available: item.boolean("available") } : {}), ...(popularity === undefined ? {} : { popularity }),
      ...(item.has("metadata") ? { metadata: parseMetadata(item.get("metadata"), item.at("metadata"), fail) } : {}),
    },
    vector: item.has("vector") ? item.array("vector", MAX_WIDTH, readNumber) : undefined,
    row: item.get("row"),
  };
}

function readNumber(value: unknown, where: string): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw fail("expected a number", where);
  return value;
}
