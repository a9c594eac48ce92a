// What a walker does with one row's leaf: adds its value to the row's result, or writes the leaf itself there, and goes on
// to the next result. Leaves lie one after another; `number` points to bytes that say which.

import type { FunctionWriter } from "../../wasm/index.ts";
import type { LeafUse } from "./walk-module.ts";

export interface LeafPlaces {
  /** Locals of the function: where the leaves' numbers are, where their values are, where the result goes, and how far the next one is. */
  readonly number: number;
  readonly leaves: number;
  readonly to: number;
  readonly stride: number;
}

/** `i`: which of the numbers. */
export function addLeaf(f: FunctionWriter, how: LeafUse, i: number, { number, leaves, to, stride }: LeafPlaces): void {
  const size = how === "f64" ? 3 : 2;
  const leaf = (): FunctionWriter => f.get(number).access("i32.load8_u", i).i32(size).op("i32.shl").get(leaves).op("i32.add");
  f.get(to);
  if (how === "f64") {
    f.get(to).access("f64.load");
    leaf().access("f64.load").op("f64.add").access("f64.store");
  } else if (how === "f32") {
    f.get(to).access("f32.load");
    leaf().access("f32.load").op("f32.add").access("f32.store");
  } else leaf().access("i32.load").access("i32.store");
  f.get(to, stride).op("i32.add").set(to);
}
