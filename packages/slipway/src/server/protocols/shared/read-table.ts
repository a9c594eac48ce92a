// Parquet and Arrow -> the runtime's input: columns by name; a table whose columns are numbered, as pandas numbers them,
// by their order; the one column of a text model whatever its name.

import type { Signature } from "@slipway/core/package";
import { type ModelInput, predictError } from "../../../runtime/index.ts";
import { decodeTable } from "../../decoding/decoder.ts";
import type { Call } from "../../http/call.ts";

/** @throws SlipwayError table-damaged, body-too-large, request-shape, request-timeout */
export async function readTable(kind: "parquet" | "arrow", bytes: Uint8Array, call: Call, signature: Signature): Promise<ModelInput> {
  const { rows, columns } = await decodeTable(kind, bytes, call.deadline);
  if (rows === 0) throw predictError("request-shape", "the table has no rows");
  const [first] = columns;
  if (first === undefined) throw predictError("request-shape", "the table has no columns");
  if (signature.layout === "text" && columns.length === 1) return { kind: "texts", texts: Array.from(first[1]) };
  const known = new Set(signature.columns.map((c) => c.name));
  if (signature.layout !== "tensors" && columns.every(([name], i) => name === String(i)) && !known.has("0")) {
    return { kind: "rows", rows: Array.from({ length: rows }, (_, i) => columns.map(([, values]) => values[i])) };
  }
  const byName = Object.create(null) as Record<string, ArrayLike<unknown>>;
  for (const [name, values] of columns) {
    if (name in byName) throw predictError("request-shape", `the table has the column ${JSON.stringify(name.slice(0, 100))} twice`);
    byName[name] = values;
  }
  return { kind: "columns", columns: byName };
}
