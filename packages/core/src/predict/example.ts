// A valid request made from the signature: for errors, the OpenAPI document and the try-it page.

import type { Column, Scalar, Signature, TensorInput } from "../package/index.ts";

/** A value that the column accepts, written as the check file wrote it: true rather than 1. */
export function exampleValue(column: Column): Scalar | null {
  const value = plainExample(column);
  return isFlag(column) && (value === 0 || value === 1) ? value === 1 : value;
}

/** Whether people know the column as true and false, though the model takes any number. */
export function isFlag(column: Column): boolean {
  return column.type === "boolean" || (column.type === "double" && column.seen === "boolean");
}

function plainExample(column: Column): Scalar | null {
  if (column.example !== undefined && (column.example !== null || column.missing === "allowed")) return column.example;
  const category = column.categories?.find((c) => c !== "" && c === c);
  if (category !== undefined) return category;
  switch (column.type) {
    case "string": return "some text";
    case "boolean": return true;
    case "int64":
    case "double": {
      const [low, high] = column.range ?? [0, 2];
      const middle = low + (high - low) / 2;
      const value = column.type === "int64" || (column.range !== undefined && Number.isInteger(low) && Number.isInteger(high)) ? Math.round(middle) : Number(middle.toPrecision(4));
      return Math.min(high, Math.max(low, value));
    }
  }
}

/** One record with every column that is used. Matrix models take it too, by their columns' names. */
export function exampleRecord(signature: Signature): Record<string, Scalar | null> {
  return Object.fromEntries(usedColumns(signature).map((c) => [c.name, exampleValue(c)]));
}

/** The shortest natural request body: texts, rows of numbers, or records. */
export function exampleRequest(signature: Signature): unknown {
  if (signature.layout === "tensors") return { inputs: Object.fromEntries((signature.tensors ?? []).map((t) => [t.name, exampleTensor(t)])) };
  if (signature.layout === "text") return [exampleText(signature)];
  if (signature.layout === "matrix") return [signature.columns.map(exampleValue)];
  return [exampleRecord(signature)];
}

/** Nested lists of a shape that the input takes; no more than a few values where a shape is large. */
function exampleTensor(input: TensorInput): unknown {
  const value = input.type === "string" ? "some text" : input.type === "bool" ? true : /int/.test(input.type) ? 1 : 0.5;
  const make = (depth: number): unknown => {
    const d = input.shape[depth];
    return d === undefined ? value : Array.from({ length: typeof d === "string" || d === -1 ? Math.max(1, input.least?.[depth] ?? 1) : d }, () => make(depth + 1));
  };
  return make(0);
}
export function exampleText(signature: Signature): string {
  const value = signature.columns[0] === undefined ? null : exampleValue(signature.columns[0]);
  return typeof value === "string" ? value : "some text";
}

export function usedColumns(signature: Signature): readonly Column[] {
  return signature.columns.filter((c) => c.used);
}
