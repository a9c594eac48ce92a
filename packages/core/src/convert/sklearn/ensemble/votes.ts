// Matching the classes of one classifier with another's, and adding up votes.

import type { Value } from "../../../onnx/index.ts";
import type { Labels } from "../../conversion/contract.ts";
import type { Conversion } from "../../conversion/conversion.ts";
import type { Estimator } from "../../conversion/estimator.ts";

type Label = string | bigint | number | boolean;

/** The place of each of a member's classes among `all`. */
export function labelPlaces(member: Estimator, own: Labels | undefined, all: Labels, c: Conversion): number[] {
  if (!own) throw c.malformed(member, "it is no classifier");
  const keys = new Map((all.values as readonly Label[]).map((v, i) => [labelKey(v), i] as const));
  return (own.values as readonly Label[]).map((v) => {
    const place = keys.get(labelKey(v));
    if (place === undefined) throw c.malformed(member, `its class ${String(v)} is not among the classes of the estimator around it`);
    return place;
  });
}
/** Labels 0 .. count - 1, as members have them that were fitted on encoded labels. */
export function encodedLabels(count: number): Labels {
  return { type: "int64", values: Array.from({ length: count }, (_, i) => BigInt(i)) };
}
/** Labels as numbers, for members whose labels are used as such. */
export function numericLabels(member: Estimator, labels: Labels | undefined, c: Conversion): Float64Array {
  if (!labels || labels.type === "string") throw c.malformed(member, "its labels are not numbers");
  return Float64Array.from(labels.values as readonly Label[], Number);
}
/** Numbers and booleans compare as Python compares them; strings by content. */
function labelKey(v: Label): string {
  return typeof v === "string" ? `s${v}` : `n${Number(v)}`;
}

/** The identity matrix [n, n], to gather one-hot rows from. */
export function oneHot(c: Conversion, n: number): Value {
  const data = new Float64Array(n * n);
  for (let i = 0; i < n; i++) data[i * n + i] = 1;
  return c.o.doubles(data, [n, n]);
}

/** p [N, own classes] as [N, count], its columns at `places`, zero elsewhere. */
export function toPlaces(c: Conversion, p: Value, places: readonly number[], count: number): Value {
  const data = new Float64Array(places.length * count);
  places.forEach((place, i) => (data[i * count + place] = 1));
  return c.o.matmul(p, c.o.doubles(data, [places.length, count]));
}

/** The sum of values of one shape, from first to last. */
export function sumAll(c: Conversion, values: readonly Value[]): Value {
  return values.length === 1 ? values[0]! : c.graph.op("Sum", values);
}
