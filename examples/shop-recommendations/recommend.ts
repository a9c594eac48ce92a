// From what a visitor has looked at to what is shown: the model gives the nearest items, the shop leaves out what was seen
// and what is no longer sold. Who has looked at nothing yet is shown what most people look at.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ask, type Answers } from "../shared/service.ts";

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
  readonly version: string | null;
}

const SHOWN = 8;

/** In the order that the model knows. What is no longer sold stays in the list, marked; what is new needs a training. */
export const catalogue: readonly Item[] = JSON.parse(readFileSync(join(import.meta.dirname, "items.json"), "utf8")) as Item[];
const places = new Map(catalogue.map((item, place) => [item.id, place]));
export const soldOut = new Set<string>();

export const placeOf = (id: string): number | undefined => places.get(id);

const sold = (item: Item): boolean => !soldOut.has(item.id);

export async function recommend(visits: readonly (readonly string[])[]): Promise<Shown[]> {
  const known = visits.map((visit) => visit.filter((id) => places.has(id)));
  const asked = known.filter((visit) => visit.length > 0);
  const answers = asked.length === 0 ? undefined : await ask<Answers<{ neighbors: readonly number[] }> & { model: { version: string } }>("/models/shop/predict", asked.map((visit) => visit.join(" ")));
  let row = 0;
  return known.map((visit): Shown => {
    const fresh = (item: Item): boolean => sold(item) && !visit.includes(item.id);
    if (visit.length === 0) return { items: catalogue.filter(sold).toSorted((a, b) => b.views - a.views).slice(0, SHOWN), prediction: null, version: null };
    const { neighbors } = answers!.predictions[row]!;
    return { items: neighbors.map((n) => catalogue[n]!).filter(fresh).slice(0, SHOWN), prediction: `${answers!.prediction_id}-${row++}`, version: answers!.model.version };
  });
}
