// What MLflow's signature adds to the one that was compiled: names of columns where the model has none, types that were seen,
// an example. It changes nothing that is computed; where the two contradict each other, that is told.

import type { Column, ColumnType, Scalar, Signature } from "@slipway/core/package";
import type { MlflowModel } from "./folder.ts";

const SEEN: Readonly<Record<string, ColumnType>> = { boolean: "boolean", integer: "int64", long: "int64", float: "double", double: "double", string: "string" };
/** Names that a library makes up where there were none. */
const MADE_UP = /^(?:x|f|Column_|feature_|feature)?\d+$/;

export function withMlflowSignature(signature: Signature, { inputs, example }: Pick<MlflowModel, "inputs" | "example">): { readonly signature: Signature; readonly notes: readonly string[] } {
  const named = (inputs ?? []).filter((c) => c.name !== undefined);
  if (signature.layout === "tensors" || named.length === 0) return { signature, notes: [] };
  const names = new Set(named.map((c) => c.name!));
  const notes: string[] = [];
  let columns = signature.columns;
  // A matrix has no names in the graph, so that its columns may be called as they are.
  if (signature.layout === "matrix" && columns.length === named.length && names.size === named.length && columns.every((c) => MADE_UP.test(c.name)) && !columns.some((c) => names.has(c.name))) {
    columns = columns.map((c, i) => ({ ...c, name: named[i]!.name! }));
  }
  const unknown = columns.filter((c) => c.used && !names.has(c.name)).map((c) => c.name);
  if (unknown.length > 0) notes.push(`MLflow's signature does not name ${unknown.length === 1 ? "the column" : "the columns"} ${unknown.slice(0, 5).join(", ")} that the model takes`);
  const types = new Map(named.map((c) => [c.name!, c.type]));
  columns = columns.map((column) => {
    const type = types.get(column.name);
    const seen = type === undefined ? undefined : SEEN[type];
    if (type !== undefined && column.used && (seen === undefined || (seen === "string") !== (column.type === "string"))) {
      notes.push(`MLflow's signature says that ${JSON.stringify(column.name)} is ${type}, and the model takes ${column.type === "string" ? "texts" : "numbers"}`);
      return column;
    }
    return { ...column, ...(column.seen === undefined && seen !== undefined && seen !== column.type && column.type !== "string" ? { seen } : {}), ...exampleOf(column, example?.[column.name]) };
  });
  return { signature: { ...signature, columns }, notes };
}

function exampleOf(column: Column, value: unknown): { example?: Scalar } {
  const fits = column.type === "string" ? typeof value === "string" : typeof value === "number" ? Number.isFinite(value) : typeof value === "boolean";
  return column.example === undefined && fits ? { example: value as Scalar } : {};
}
