// What is too wide to be watched value by value, and by which measures it is watched instead: pictures by their size, ratio,
// brightness, contrast and colour; tensors that models take, and vectors that they answer (embeddings), by their length, their
// level and where they point. The bins are fixed beforehand, so they need no rows when a model is packed; what is usual in them
// a reference made from traffic says (references.ts).

import type { Output, Signature, TensorInput } from "@slipway/core/package";
import { planImages } from "@slipway/core/predict";
import type { Distribution } from "@slipway/core/stats";

export type WholeMeasure = "size" | "ratio" | "brightness" | "contrast" | "warmth" | "length" | "level" | "entries" | `direction ${number}`;
export interface WholeSpec {
  readonly measure: WholeMeasure;
  /** A tensor that the model takes, or an output of vectors. */
  readonly of: string;
  readonly kind: "input" | "output";
  readonly reference: Distribution;
}

export const DIRECTIONS = 6;
/** Outputs that are shorter are watched entry by entry. */
const LEAST_WIDTH = 16;
/** Longer ones would take too long. */
const MOST_WIDTH = 8192;
/** Of a model's inputs the first ones. */
const MOST_TENSORS = 16;

const steps = (low: number, high: number, count: number): number[] => Array.from({ length: count - 1 }, (_, i) => Number((low + ((i + 1) * (high - low)) / count).toPrecision(6)));
function fixed(low: number, high: number, count: number): Distribution {
  return within(low, high, steps(low, high, count));
}
/** Edges that are as far apart as factors. */
function geometric(low: number, high: number, edges: readonly number[]): Distribution {
  return within(low, high, edges.map((e) => Number((2 ** e).toPrecision(6))));
}
function within(low: number, high: number, edges: readonly number[]): Distribution {
  return { shape: { kind: "number", edges, low, high }, rows: 0, missing: 0, bins: new Array<number>(edges.length + 1).fill(0), outside: 0, sum: 0, squares: 0 };
}

/** What is watched of a signature in this way. New ones come last: what a store holds of a package was counted in this order. */
export function wholeSpecs(signature: Signature): WholeSpec[] {
  const specs: WholeSpec[] = [];
  const plan = pictureOf(signature);
  if (plan !== undefined) {
    specs.push({ measure: "brightness", of: plan.name, kind: "input", reference: fixed(0, 1, 20) }, { measure: "contrast", of: plan.name, kind: "input", reference: fixed(0, 0.5, 20) });
    if (plan.plan.channels >= 3) specs.push({ measure: "warmth", of: plan.name, kind: "input", reference: fixed(-0.5, 0.5, 20) });
  }
  for (const output of signature.outputs.filter(isVector)) specs.push(...pointing(output.name, "output"));
  if (plan !== undefined) {
    // The root of its pixels, which is the edge of a square with as many; quarters of octaves from 16 to 16,384.
    specs.push({ measure: "size", of: plan.name, kind: "input", reference: geometric(1, 16384, Array.from({ length: 41 }, (_, k) => 4 + k / 4)) });
    // Width over height. 1, 4/3, 3/2 and 16/9 lie inside of bins, and so do their inverses.
    specs.push({ measure: "ratio", of: plan.name, kind: "input", reference: geometric(1 / 16, 16, Array.from({ length: 32 }, (_, k) => (k - 15.5) / 8)) });
  }
  for (const input of (signature.layout === "tensors" ? (signature.tensors ?? []) : []).filter((t) => t.name !== plan?.name && t.type !== "string").slice(0, MOST_TENSORS)) specs.push(...ofTensor(input, signature));
  return specs;
}

/** Values of a row; undefined where rows have different numbers of them. */
export function entriesOf({ shape, anyRank }: TensorInput, signature: Signature): number | undefined {
  const dims = signature.tensorRows === "none" ? shape : shape.slice(1);
  return anyRank === true || dims.some((d) => typeof d === "string" || d < 0) ? undefined : dims.reduce<number>((n, d) => n * Number(d), 1);
}
function ofTensor(input: TensorInput, signature: Signature): WholeSpec[] {
  const { name } = input;
  const entries = entriesOf(input, signature);
  // The mean over the root of the mean square: from -1 to 1, whatever the unit.
  const level: WholeSpec = { measure: "level", of: name, kind: "input", reference: fixed(-1, 1, 40) };
  if (entries === undefined) return [{ ...lengthSpec(name, "input") }, level, { measure: "entries", of: name, kind: "input", reference: geometric(0, 2 ** 24, Array.from({ length: 48 }, (_, k) => k / 2 + 0.25)) }];
  return entries >= LEAST_WIDTH && entries <= MOST_WIDTH ? [...pointing(name, "input"), level] : [lengthSpec(name, "input"), level];
}
/** Of lengths the natural logarithm. */
function lengthSpec(of: string, kind: WholeSpec["kind"]): WholeSpec {
  return { measure: "length", of, kind, reference: fixed(-6, 8, 56) };
}
function pointing(of: string, kind: WholeSpec["kind"]): WholeSpec[] {
  return [lengthSpec(of, kind), ...Array.from({ length: DIRECTIONS }, (_, k): WholeSpec => ({ measure: `direction ${k + 1}`, of, kind, reference: fixed(-3, 3, 24) }))];
}
function isVector({ kind, type, rowShape, columns }: Output): boolean {
  return (kind === "transformed" || kind === "value") && columns === undefined && /^(?:float|double|float16)$/.test(type) && rowShape.length === 1 && rowShape[0]! >= LEAST_WIDTH && rowShape[0]! <= MOST_WIDTH;
}
export function pictureOf(signature: Signature): ReturnType<typeof planImages> | undefined {
  if (signature.layout !== "tensors" || signature.tensors?.[0]?.image === undefined) return undefined;
  try {
    return planImages(signature);
  } catch {
    // It takes no pictures.
    return undefined;
  }
}
