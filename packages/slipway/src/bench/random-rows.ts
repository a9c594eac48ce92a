// Many valid rows to ask a model with, no two alike where the model allows it: from the check rows that came with a package,
// each column's values dealt anew, else from what the signature says of each column. One row again and again would be
// answered from caches that real requests do not find.

import type { Checks, Signature, TensorInput } from "@slipway/core/package";
import { randomNumbers } from "@slipway/core/stats";
import { Encoder, proofRows } from "../runtime/index.ts";
import { benchError } from "./errors.ts";

const MAX_TENSOR = 2 ** 24;
const WORDS = ["good", "bad", "price", "today", "service", "very", "not", "the", "a", "model", "works", "fails", "42"];

/** In the form of POST /predict: records, lists of a matrix model, texts, or records of nested lists. @throws SlipwayError bench-rows */
export function randomRows(signature: Signature, checks: Checks | null, count: number, seed = 1): unknown[] {
  const random = randomNumbers(seed);
  if (signature.layout === "tensors") return Array.from({ length: count }, () => Object.fromEntries(signature.tensors!.map((t) => [t.name, randomTensor(t, signature.tensorRows === "none" ? 0 : 1, random)])));
  const records = [...(checks === null || checks.inputs.length === 0 ? [] : dealt(checks.inputs, count, random)), ...proofRows(signature, new Map(), WORDS, 2 * count)];
  const encoder = new Encoder(signature);
  const valid = records.filter((record) => encoder.encode({ kind: "records", records: [record] }, "rows").rowErrors.size === 0);
  if (valid.length === 0) throw benchError("bench-rows", "no row that could be made from the signature is valid", { hint: "Pack the model with a check file (slipway pack --check rows.csv): its rows are then used." });
  const rows = Array.from({ length: count }, (_, i) => valid[i % valid.length]!);
  if (signature.layout === "matrix") return rows.map((row) => signature.columns.map((c) => row[c.name] ?? null));
  return rows;
}

type Record_ = Readonly<Record<string, unknown>>;

/** Rows whose columns come from different check rows. */
function dealt(inputs: readonly Record_[], count: number, random: () => number): Record_[] {
  const names = Object.keys(inputs[0]!);
  return Array.from({ length: count }, () => Object.fromEntries(names.map((name) => {
    const value = inputs[Math.floor(random() * inputs.length)]![name];
    return [name, typeof value === "bigint" ? Number(value) : value];
  })));
}

function randomTensor(input: TensorInput, from: number, random: () => number): unknown {
  const shape = input.shape.slice(from).map((d) => (typeof d === "string" || d === -1 ? 1 : d));
  if (shape.reduce((n, d) => n * d, 1) > MAX_TENSOR) throw benchError("bench-rows", `one row of the input ${JSON.stringify(input.name)} holds more than ${MAX_TENSOR} values`);
  const value = input.type === "string" ? () => WORDS[Math.floor(random() * WORDS.length)]! : input.type === "bool" ? () => random() < 0.5 : /int/.test(input.type) ? () => Math.floor(random() * 2) : () => Number(random().toPrecision(6));
  const make = (depth: number): unknown => (depth === shape.length ? value() : Array.from({ length: shape[depth]! }, () => make(depth + 1)));
  return make(0);
}
