// The items' vectors as an item tower gives them: a model that takes an item's columns and gives a vector.

import { predictError, readInput } from "@slipway/core/predict";
import { loadModelPackage } from "../model.ts";
import { openModel } from "../open.ts";
import { recommendFileError } from "./errors.ts";

const ROWS_AT_ONCE = 1024;

/** @throws as openModel, recommend-file, and what the tower says of a row */
export async function towerVectors(path: string, rows: readonly Readonly<Record<string, unknown>>[]): Promise<{ readonly shape: readonly number[]; readonly data: Float64Array }> {
  const model = await loadModelPackage((await openModel(path)).package, { placement: "inline" });
  try {
    const { signature } = model;
    const fitting = signature.outputs.filter((o) => (o.type === "float" || o.type === "double") && o.rowShape.length === 1);
    const [output, ...others] = fitting;
    if (output === undefined || others.length > 0) throw recommendFileError("recommend-file", `the item tower gives ${signature.outputs.map((o) => o.name).join(", ")}, where one vector is expected`, { where: path });
    const names = signature.layout === "tensors" ? signature.tensors!.map((t) => t.name) : signature.columns.filter((c) => c.used).map((c) => c.name);
    const missing = names.find((name) => !rows.some((row) => Object.hasOwn(row, name)));
    if (missing !== undefined) throw predictError("request-invalid", `the item tower takes ${names.join(", ")}, and the items have no column ${JSON.stringify(missing)}`, { where: path });
    const width = output.rowShape[0]!;
    if (width < 1) throw recommendFileError("recommend-file", `the item tower does not tell how many numbers ${output.name} has`, { where: path, hint: "Export it with a fixed last dimension." });
    const data = new Float64Array(rows.length * width);
    for (let start = 0; start < rows.length; start += ROWS_AT_ONCE) {
      const records = rows.slice(start, start + ROWS_AT_ONCE).map((row) => Object.fromEntries(names.map((name) => [name, valueOf(row[name])])));
      const { batch } = model.encode(readInput(records, signature));
      const { outputs } = await model.run(batch, { outputs: [output.name] });
      data.set(Float64Array.from(outputs[0]!.data as ArrayLike<number>), start * width);
    }
    return { shape: [rows.length, width], data };
  } finally {
    await model.close();
  }
}

/** A CSV's field that holds a list: [0.1, 0.2]. */
function valueOf(value: unknown): unknown {
  if (typeof value !== "string" || !/^\[[\d\s,.eE+-]*\]$/.test(value)) return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value; // refused by the tower, as a text
  }
}
