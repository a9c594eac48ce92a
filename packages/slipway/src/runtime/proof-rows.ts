// Rows on which two engines are compared, made from a signature: what every column takes, its known categories and others,
// what is missing, and the numbers at which the model's trees decide, with their neighbours. The same rows every time.

import type { Column, Scalar, Signature } from "@slipway/core/package";

export type ProofRow = Readonly<Record<string, Scalar | null>>;

/** By name of a column: numbers at which an answer may change. */
export type Boundaries = ReadonlyMap<string, readonly number[]>;

const float = new Float32Array(1);
const floatBits = new Int32Array(float.buffer);
const double = new Float64Array(1);
const doubleBits = new BigInt64Array(double.buffer);

/** The numbers next to one, as floats and as doubles. */
function around(x: number): number[] {
  if (!Number.isFinite(x)) return [x];
  if (x === 0) return [0, -0, 5e-324, -5e-324, 1e-30, -1e-30];
  float[0] = x;
  const near: number[] = [x, float[0]];
  const bits = floatBits[0]!;
  for (const step of [-1, 1]) {
    floatBits[0] = bits + step;
    near.push(float[0]);
  }
  double[0] = x;
  const wide = doubleBits[0]!;
  for (const step of [-1n, 1n]) {
    doubleBits[0] = wide + step;
    near.push(double[0]);
  }
  return near;
}

/** A small generator: the rows are the same on every machine. */
function numbers(seed: number): () => number {
  let s = seed >>> 0;
  return () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return s / 2 ** 32;
  };
}

const WORDS = ["the", "a", "not", "very", "good", "bad", "data", "model", "price", "today", "service", "and", "of", "Ünïcode", "42", "e-mail", "can't", "x", ""];

export function proofRows(signature: Signature, boundaries: Boundaries, words: readonly string[], count: number): ProofRow[] {
  const random = numbers(count);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  const columns = signature.columns.filter((c) => c.used).map((column) => [column.name, source(column, boundaries.get(column.name) ?? [], words, random, pick)] as const);
  return Array.from({ length: count }, (_, row) => {
    // Some rows at rest, most with everything at once.
    const plain = row % 8 === 0;
    return Object.fromEntries(columns.map(([name, next]) => [name, next(plain)]));
  });
}

function source(column: Column, boundaries: readonly number[], words: readonly string[], random: () => number, pick: <T>(from: readonly T[]) => T): (plain: boolean) => Scalar | null {
  const { type, categories, missing, infinite, limits: [lowest, highest] = [-Infinity, Infinity] } = column;
  const maybeMissing = (plain: boolean): boolean => !plain && missing === "allowed" && random() < 0.08;
  if (type === "string") {
    const known = (categories ?? []).filter((c) => typeof c === "string");
    const open = column.unknown !== "refused" || categories === undefined;
    return (plain) => {
      if (maybeMissing(plain)) return null;
      if (known.length > 0 && (!open || plain || random() < 0.9)) return pick(known);
      if (typeof column.example === "string" && random() < 0.2) return column.example;
      return Array.from({ length: known.length > 0 ? 1 : Math.floor(random() * 25) }, () => pick(random() < 0.6 && words.length > 0 ? words : WORDS)).join(pick([" ", " ", ", "]));
    };
  }
  if (type === "boolean") return (plain) => (maybeMissing(plain) ? null : random() < 0.5);
  const known = (categories ?? []).filter((c) => typeof c === "number");
  const [from, to] = column.range ?? spread(boundaries);
  const inLimits = (x: number): number => Math.min(highest, Math.max(lowest, x));
  return (plain) => {
    if (maybeMissing(plain)) return null;
    if (known.length > 0 && (column.unknown === "refused" || random() < 0.8)) return pick(known);
    const draw = random();
    let x: number;
    if (plain || draw < 0.45 || boundaries.length === 0) x = from + (to - from) * (random() * 1.2 - 0.1);
    else if (draw < 0.92) x = pick(around(pick(boundaries)));
    else if (draw < 0.94 && infinite === "allowed") x = pick([Infinity, -Infinity]);
    else x = pick([0, 1, -1, 1e-3, 1e6, -1e6, 123.456]);
    if (type === "int64") x = Math.round(inLimits(Math.max(-1e9, Math.min(1e9, x))));
    return inLimits(x);
  };
}

function spread(boundaries: readonly number[]): readonly [number, number] {
  const finite = boundaries.filter((b) => Number.isFinite(b));
  if (finite.length === 0) return [-3, 3];
  const [low, high] = finite.reduce(([a, b], x) => [Math.min(a, x), Math.max(b, x)], [Infinity, -Infinity] as [number, number]);
  const margin = (high - low) / 10 || 1;
  return [low - margin, high + margin];
}
