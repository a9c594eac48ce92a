// What is shown to a visitor: the served model finds what goes with what was looked at, leaves that and what is sold out out, and
// shows who has looked at nothing what most people look at. The catalogue is the service's, and changes without a new model.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ask, patch } from "../shared/service.ts";

export interface Item {
  readonly id: string;
  readonly name: string;
  readonly shelf: string;
  readonly price: number;
  readonly views: number;
}
export interface Shown {
  readonly items: readonly Item[];
  /** By which a click is told to the monitor; null where no model was asked. */
  readonly prediction: string | null;
  readonly version: string;
}
interface Answer {
  readonly recommendations: readonly { readonly items: readonly { readonly id: string; readonly metadata: Omit<Item, "id"> }[]; readonly prediction_id: string | null }[];
  readonly model: { readonly version: string };
}

const SHOWN = 8;

/** The places of the items, as the model counts them: what a click tells the monitor. */
const places: ReadonlyMap<string, number> = new Map((JSON.parse(readFileSync(join(import.meta.dirname, "items.json"), "utf8")) as Item[]).map((item, place) => [item.id, place]));

export const placeOf = (id: string): number | undefined => places.get(id);

export async function recommend(visits: readonly (readonly string[])[]): Promise<Shown[]> {
  const { recommendations, model } = await ask<Answer>("/models/shop/recommend", { queries: visits.map((items) => ({ items, k: SHOWN })) });
  return recommendations.map(({ items, prediction_id: prediction }) => ({ items: items.map(({ id, metadata }) => ({ id, ...metadata })), prediction, version: model.version }));
}

export async function markSoldOut(ids: readonly string[]): Promise<void> {
  await patch("/models/shop/catalogue", { items: ids.map((id) => ({ id, available: false })) });
}
