// `pandas_categorical`: for each column of type category, in the order of the columns, the list of its categories. The
// file does not say which columns these are; training's description of the features does, as far as it goes.

import { readJsonDocument } from "../../formats/index.ts";
import type { Faults } from "../boosted/faults.ts";
import type { LightgbmModel } from "./model.ts";

type Categories = readonly (string | number | boolean)[];

export function readPandasCategories(text: string | undefined, faults: Faults): Categories[] {
  if (text === undefined || text.trim() === "") return [];
  return checkPandasCategories(readJsonDocument(new TextEncoder().encode(text), 8), faults);
}
export function checkPandasCategories(value: unknown, faults: Faults): Categories[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw faults.malformed("pandas_categorical is not a list");
  return value.map((list: unknown) => {
    if (!Array.isArray(list)) throw faults.malformed("pandas_categorical is not a list of lists");
    const texts = list.every((v) => typeof v === "string");
    if (!texts && !list.every((v) => typeof v === "number" || typeof v === "boolean")) throw faults.refuse("categories of mixed kinds in one column", "text stands beside numbers", "Turn the column into text before fitting.");
    return list as Categories;
  });
}

/**
 * The categories of each feature, undefined for numbers.
 * @throws unsupported-option when the file leaves open which columns they belong to
 */
export function placeCategories(model: LightgbmModel, faults: Faults): (Categories | undefined)[] {
  const { pandasCategories: lists, features, infos } = model;
  const out: (Categories | undefined)[] = Array.from({ length: features });
  if (lists.length === 0) return out;
  const declared = new Set(model.categorical);
  const categorical = Array.from({ length: features }, (_, f) => (declared.has(f) || isCategorical(infos[f]) ? f : -1)).filter((f) => f >= 0);
  // The usual case: every categorical feature is such a column, and no ordered column is among them.
  const places = categorical.length === lists.length && categorical.every((f, k) => fits(infos[f], lists[k]!.length, true)) ? categorical : match(model, lists, new Set(categorical));
  if (!places) {
    throw faults.refuse(`${lists.length} columns of pandas categories and ${categorical.length} categorical features`, "the file does not say which column has which categories", "Fit with columns of type category that are not ordered, and leave categorical_feature at 'auto'.");
  }
  places.forEach((f, k) => (out[f] = lists[k]!));
  return out;
}

function isCategorical(info: string | undefined): boolean {
  return info !== undefined && info !== "none" && !info.startsWith("[");
}
/** Whether a feature with this description can have codes 0 to below `count`. */
function fits(info: string | undefined, count: number, categorical: boolean): boolean {
  if (info === undefined || info === "none") return true;
  const numbers = info.replace(/^\[|\]$/g, "").split(":").map(Number);
  return numbers.every((v) => Number.isInteger(v) && v >= -1 && v < count) && (!categorical || !info.startsWith("["));
}

/** The one way to give the lists to features in order, if there is only one. */
function match(model: LightgbmModel, lists: readonly Categories[], categorical: ReadonlySet<number>): number[] | undefined {
  const { features, infos } = model;
  const can = (f: number, k: number): boolean => fits(infos[f], lists[k]!.length, categorical.has(f));
  if (features * lists.length > 1_000_000) return undefined;
  // ways[k][f]: in how many ways (0, 1, 2 for more) lists k.. go to features f..
  const ways = Array.from({ length: lists.length + 1 }, () => new Uint8Array(features + 1));
  ways[lists.length]!.fill(1);
  for (let k = lists.length - 1; k >= 0; k--) {
    for (let f = features - 1; f >= 0; f--) ways[k]![f] = Math.min(2, ways[k]![f + 1]! + (can(f, k) ? ways[k + 1]![f + 1]! : 0));
  }
  if (ways[0]![0] !== 1) return undefined;
  const places: number[] = [];
  for (let f = 0; f < features && places.length < lists.length; f++) {
    const k = places.length;
    if (can(f, k) && ways[k + 1]![f + 1] === 1) places.push(f);
  }
  return places;
}
