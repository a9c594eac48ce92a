// A request for recommendations: {"user", "items", "k", "exclude", "filter", "cold"}, or {"queries": [several of them]}.

import { JsonObject, type Fail, type Scalar } from "@slipway/core/package";
import { readId } from "./change.ts";
import { recommendError } from "./errors.ts";

export interface Query {
  /** An id, or what the model takes of one who asks. */
  readonly user: unknown;
  /** What was seen, the last one last. */
  readonly items: readonly string[];
  readonly k: number;
  readonly exclude: ReadonlySet<string>;
  /** Fields of the metadata, and values of which one must be there. */
  readonly filter: readonly (readonly [field: string, values: ReadonlySet<Scalar | null>])[];
  /** In place of the most popular. */
  readonly cold: readonly string[] | undefined;
}

const MAX_QUERIES = 256;
const MAX_ITEMS = 10_000;
const MAX_K = 1000;
const MAX_FIELDS = 100;
const USUAL_K = 10;
const KEYS = ["user", "items", "k", "exclude", "filter", "cold"];

const fail: Fail = (message, where) => recommendError("recommend-request", message, { where });

/** @throws recommend-request */
export function readQueries(body: unknown): { readonly queries: readonly Query[]; readonly many: boolean } {
  const top = new JsonObject(body, "", fail);
  if (!top.has("queries")) return { queries: [readQuery(body, "")], many: false };
  if (top.keys().length > 1) throw fail("beside queries stands something else", "queries");
  const queries = top.array("queries", MAX_QUERIES, readQuery);
  if (queries.length === 0) throw fail("there are none", "queries");
  return { queries, many: true };
}

/** {"query": "...", "k", "exclude", "filter"} @throws recommend-request */
export function readSearch(body: unknown): Query {
  const top = new JsonObject(body, "", fail);
  const query = top.string("query");
  if (query.trim() === "") throw fail("expected a text", "query");
  const others = Object.fromEntries(top.keys().filter((key) => key !== "query").map((key) => [key, top.get(key)]));
  const odd = Object.keys(others).find((key) => !["k", "exclude", "filter"].includes(key));
  if (odd !== undefined) throw fail(`there is nothing called ${JSON.stringify(odd.slice(0, 60))}; it is one of query, k, exclude, filter`, odd.slice(0, 60));
  // Where nothing is like it, nothing is found.
  return { ...readQuery({ ...others, user: query }, ""), cold: [] };
}

function readQuery(value: unknown, where: string): Query {
  const q = new JsonObject(value, where, fail);
  const odd = q.keys().find((key) => !KEYS.includes(key));
  if (odd !== undefined) throw fail(`there is nothing called ${JSON.stringify(odd.slice(0, 60))}; it is one of ${KEYS.join(", ")}`, q.at(odd.slice(0, 60)));
  const ids = (key: string): string[] => (q.get(key) === null || !q.has(key) ? [] : q.array(key, MAX_ITEMS, id));
  const k = q.has("k") ? q.count("k", MAX_K) : USUAL_K;
  if (k === 0) throw fail(`expected 1 to ${MAX_K}`, q.at("k"));
  const filter = q.has("filter") ? q.object("filter") : undefined;
  const fields = filter?.keys() ?? [];
  if (fields.length > MAX_FIELDS) throw fail(`${fields.length} fields; at most ${MAX_FIELDS} are allowed`, q.at("filter"));
  return {
    user: q.get("user") ?? undefined, items: ids("items"), k, exclude: new Set(ids("exclude")), cold: q.has("cold") ? ids("cold") : undefined,
    filter: fields.map((field) => [field, valuesOf(filter!.get(field), filter!.at(field))] as const),
  };
}

function id(value: unknown, where: string): string {
  try {
    return readId(value, where);
  } catch (error) {
    throw fail((error as Error).message, where);
  }
}

function valuesOf(value: unknown, where: string): ReadonlySet<Scalar | null> {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (!values.every((v): v is Scalar | null => v === null || ["string", "number", "boolean"].includes(typeof v))) throw fail("expected a text, a number, true, false or null, or a list of them", where);
  return new Set(values);
}
