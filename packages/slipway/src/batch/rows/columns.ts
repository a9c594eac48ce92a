// Which field of a record goes where: into the model, into the output, or nowhere.

import { nearest } from "@slipway/core/base";
import type { Plan, Slot } from "../../runtime/index.ts";
import { batchError } from "../errors.ts";

/** `unused` (default): those that the model does not take. */
export type Keep = "unused" | "all" | "none" | readonly string[];

export interface Layout {
  /** Of the input, in its order. */
  readonly names: readonly string[];
  /** For each of them. */
  readonly slots: readonly (Slot | undefined)[];
  /** Places of those that are passed through, in the output's order. */
  readonly kept: readonly number[];
  /** The model's columns that the input does not have, all of which may be missing. */
  readonly absent: readonly Slot[];
}

/** @throws SlipwayError batch-input-columns */
export function layOut(names: readonly string[], plan: Plan, keep: Keep, where: string): Layout {
  const slots = new Map(plan.slots.map((slot) => [slot.name, slot]));
  const only = plan.signature.layout === "text" && names.length === 1 ? plan.slots[0] : undefined;
  const twice = names.find((name, i) => names.indexOf(name) !== i && (slots.has(name) || keep === "all"));
  if (twice !== undefined) throw batchError("batch-input-columns", `${where} names the column ${JSON.stringify(twice.slice(0, 100))} twice`);
  refuseHistory(names, plan, where);
  const have = new Set(names);
  const unknown = names.filter((name) => !plan.names.has(name));
  const missing = only === undefined ? plan.slots.filter((slot) => !have.has(slot.name)) : [];
  // A name that is nearly that of an absent column is a typing mistake, also where the column could be missing.
  const needed = missing.filter((slot) => slot.column.missing === "refused" || unknown.some((name) => nearest(name, [slot.name]) !== undefined && name.replace(/\d+/g, "") !== slot.name.replace(/\d+/g, "")));
  if (needed.length > 0 || missing.length === plan.slots.length) {
    const list = needed.slice(0, 20).map((slot) => {
      const near = nearest(slot.name, unknown);
      return JSON.stringify(slot.name) + (near === undefined ? "" : ` (it has ${JSON.stringify(near)}: was that meant?)`);
    });
    throw batchError("batch-input-columns", `${where} lacks ${needed.length === 0 ? "every column" : list.length === 1 ? "the column" : `${needed.length} columns`} of the model${needed.length === 0 ? "" : `: ${list.join(", ")}`}`, {
      where, hint: `The model takes ${plan.usedNames.slice(0, 40).join(", ")}${plan.usedNames.length > 40 ? ", ..." : ""}; the input has ${names.slice(0, 40).map((n) => n.slice(0, 60)).join(", ")}${names.length > 40 ? ", ..." : ""}.` });
  }
  return { names, slots: names.map((name) => only ?? slots.get(name)), kept: keptPlaces(names, plan, only === undefined ? keep : keep === "unused" ? "all" : keep, where), absent: missing };
}

/** A history would be scored as rows whose past is missing, of models that take missing values. @throws SlipwayError batch-input-columns */
export function refuseHistory(names: readonly string[], { signature: { forecast } }: Plan, where: string): void {
  if (forecast === undefined) return;
  const absent = [...Object.keys(forecast.lags), ...Object.keys(forecast.rolling)].filter((name) => !names.includes(name));
  if (absent.length === 0) return;
  throw batchError("batch-input-columns", `${where} lacks ${absent.slice(0, 5).map((name) => JSON.stringify(name.slice(0, 100))).join(", ")}${absent.length > 5 ? ", ..." : ""}, which ${absent.length === 1 ? "is a past value" : "are past values"} of ${JSON.stringify(forecast.target.slice(0, 100))}`, {
    where, hint: `They are made of a history, which has the columns ${[...forecast.series, forecast.time, forecast.target].map((name) => name.slice(0, 60)).join(", ")}; other rows have to bring them.` });
}

/** Places of the columns that are passed through. @throws SlipwayError batch-input-columns */
export function keptPlaces(names: readonly string[], plan: Plan, keep: Keep, where: string): number[] {
  if (keep === "none") return [];
  if (keep === "all") return names.map((_, i) => i);
  if (keep === "unused") {
    const used = new Set([...plan.usedNames, ...(plan.signature.tensors ?? []).map((t) => t.name)]);
    return names.flatMap((name, i) => (used.has(name) ? [] : [i]));
  }
  return keep.map((name) => {
    const at = names.indexOf(name);
    if (at >= 0) return at;
    const near = nearest(name, names);
    throw batchError("batch-input-columns", `${where} has no column ${JSON.stringify(name.slice(0, 100))} to keep${near === undefined ? "" : `; did you mean ${JSON.stringify(near)}?`}`);
  });
}
