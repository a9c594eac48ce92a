// Queries -> items. Where somebody stands the model says (one call for all queries), or the mean of the vectors of the items that
// were seen; the shelf finds what is near. Without history: the list that was sent, that of the catalogue, the most popular.

import type { Scalar } from "@slipway/core/package";
import { readInput, type ModelInput, type OutputData, type Prediction, type Servable } from "../runtime/index.ts";
import { Best, unit, type Scored } from "../vectors/index.ts";
import type { Standing } from "./catalogues.ts";
import { recommendError } from "./errors.ts";
import type { Query } from "./query.ts";
import type { Shelf } from "./shelf.ts";

export interface RecommendedNow {
  readonly id: string;
  /** Null where it is shown because of no likeness. */
  readonly score: number | null;
  readonly metadata?: Readonly<Record<string, Scalar | null>>;
}
export interface Recommendation {
  readonly items: readonly RecommendedNow[];
  /** Whether there was no history to go by. */
  readonly cold: boolean;
  /** The row of the call that the model was asked in. */
  readonly row: number | undefined;
}
export type Ask = (input: ModelInput, outputs: readonly string[]) => Promise<Prediction>;

/** @param ask runs the model, bad rows in their place @param signal asked between two queries @throws recommend-request, recommend-without-history, and what the model says of a row */
export async function recommend(model: Servable, standing: Standing, queries: readonly Query[], ask: Ask, signal: Pick<AbortSignal, "throwIfAborted">): Promise<Recommendation[]> {
  const { settings } = standing.shelf.space;
  const inputs = queries.map((query) => modelInput(model, standing.shelf, query));
  const asked = inputs.flatMap((input, i) => (input === undefined ? [] : [i]));
  const outputs = [settings.output, ...(settings.distances === undefined ? [] : [settings.distances])];
  const prediction = asked.length === 0 ? undefined : await ask(joined(model, asked.map((i) => inputs[i])), outputs);
  const made: Recommendation[] = [];
  for (const [i, query] of queries.entries()) {
    // Between one and the next others get their turn.
    if (i > 0) {
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
    }
    const row = inputs[i] === undefined ? undefined : asked.indexOf(i);
    made.push({ ...(await itemsFor(standing, query, prediction, row)), row });
  }
  return made;
}

/** @param row of the prediction; undefined: the model was not asked @throws recommend-without-history */
export async function itemsFor(standing: Standing, query: Query, prediction: Prediction | undefined, row: number | undefined): Promise<Pick<Recommendation, "items" | "cold">> {
  const { shelf } = standing;
  const { settings } = shelf.space;
  const output = (name: string | undefined): OutputData => prediction!.outputs.find((o) => o.output.name === name)!;
  const known = row !== undefined && prediction !== undefined && prediction.refused?.has(row) !== true;
  const found = await (known ? near(shelf, query, output(settings.output), settings.distances === undefined ? undefined : output(settings.distances), row) : nearItems(shelf, query));
  return found === undefined ? coldStart(standing, query) : { items: shown(shelf, found), cold: false };
}

/** What the model is asked; undefined: there is nothing to ask it. */
function modelInput({ signature, name }: Servable, shelf: Shelf, { user, items }: Query): unknown {
  const { settings } = shelf.space;
  if (user === undefined) {
    if (items.length === 0 || settings.seen === undefined || settings.user !== undefined) return undefined;
    const known = items.filter((id) => (shelf.placeOf(id) ?? Infinity) < settings.items.length);
    return known.length === 0 ? undefined : { [settings.seen]: known.join(settings.separator) };
  }
  if (typeof user === "object" && !Array.isArray(user)) return user;
  const column = settings.user ?? onlyColumn(signature);
  if (column === undefined) throw recommendError("recommend-request", `${name} takes more than an id of a user`, { where: "user", hint: `Send {"user": {...}} with ${signature.layout === "tensors" ? signature.tensors!.map((t) => t.name).join(", ") : signature.columns.filter((c) => c.used).map((c) => c.name).slice(0, 20).join(", ")}.` });
  return { [column]: user };
}

function onlyColumn({ layout, columns, tensors }: Servable["signature"]): string | undefined {
  const names = layout === "tensors" ? tensors!.map((t) => t.name) : columns.filter((c) => c.used).map((c) => c.name);
  return names.length === 1 ? names[0] : undefined;
}

function joined({ signature }: Servable, records: readonly unknown[]): ModelInput {
  return readInput(records, signature);
}

/** undefined: where nothing is known of one who asks. */
async function near(shelf: Shelf, query: Query, { data, width }: OutputData, distances: OutputData | undefined, row: number): Promise<Scored[] | undefined> {
  const { settings } = shelf.space;
  const own = Float64Array.from({ length: width }, (_, i) => Number(data[row * width + i]));
  const allowed = allowing(shelf, query);
  if (settings.kind === "embedding") return own.every((x) => x === 0) ? nearItems(shelf, query) : shelf.nearest(settings.similarity === "cosine" ? unit(own) : own, query.k, allowed, query.exclude.size + query.items.length);
  const best = new Best(query.k);
  for (let i = 0; i < width; i++) {
    const place = distances === undefined ? i : own[i]!;
    if (shelf.shows(place) && allowed(place)) best.offer(place, distances === undefined ? own[i]! : -Number(distances.data[row * width + i]));
  }
  return best.take();
}

/** By the mean of the vectors of what was seen. */
async function nearItems(shelf: Shelf, query: Query): Promise<Scored[] | undefined> {
  const vectors = query.items.map((id) => shelf.placeOf(id)).map((place) => (place === undefined ? undefined : shelf.vectorOf(place))).filter((v) => v !== undefined);
  if (vectors.length === 0) return undefined;
  const { width, settings } = shelf.space;
  const mean = Float64Array.from({ length: width }, (_, i) => (i < (settings.factors ?? width) ? vectors.reduce((sum, v) => sum + v[i]!, 0) / vectors.length : 0));
  return shelf.nearest(settings.similarity === "cosine" ? unit(mean) : mean, query.k, allowing(shelf, query), query.exclude.size + query.items.length);
}

/** What was seen and what is to be left out is not shown, nor what the filter does not let through. */
function allowing(shelf: Shelf, { items, exclude, filter }: Query): (place: number) => boolean {
  const left = new Set([...items, ...exclude].map((id) => shelf.placeOf(id)));
  return (place) => !left.has(place) && filter.every(([field, values]) => values.has(shelf.at(place)?.metadata[field] ?? null));
}

function coldStart({ shelf, cold }: Standing, query: Query): Pick<Recommendation, "items" | "cold"> {
  const listed = query.cold ?? (cold.length > 0 ? cold : undefined);
  if (listed === undefined && shelf.space.settings.cold === "refused") throw recommendError("recommend-without-history", "nothing is known of who asks, and there is no list to show instead", { hint: "Send {\"cold\": [ids]}, or keep such a list: PATCH the catalogue with {\"cold\": [ids]}." });
  const allowed = allowing(shelf, query);
  const places = (listed?.map((id) => shelf.placeOf(id)).filter((place) => place !== undefined) ?? shelf.popular).filter((place) => shelf.shows(place) && allowed(place)).slice(0, query.k);
  return { items: shown(shelf, places.map((place) => ({ place, score: null }))), cold: true };
}

function shown(shelf: Shelf, found: readonly { readonly place: number; readonly score: number | null }[]): RecommendedNow[] {
  return found.map(({ place, score }) => {
    const { id, metadata } = shelf.at(place)!;
    return { id, score, ...(Object.keys(metadata).length === 0 ? {} : { metadata }) };
  });
}
