// A corpus case -> its predictions as JSON: {"outputs": {name: values}, "classes"?, "row_errors"?}, or {"refused": {...}}
// and exit code 2. The same code as `slipway predict`, with bad rows reported beside the others.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SlipwayError } from "../packages/core/src/base/index.ts";
import { loadModelPackage, openModel, parseJson, readInput } from "../packages/slipway/src/runtime/index.ts";

const [folder, out, inputs] = process.argv.slice(2);
if (folder === undefined || out === undefined) {
  console.error("predict-case CASE_DIR OUT.json [INPUTS]");
  process.exit(2);
}

try {
  const spec = JSON.parse(readFileSync(join(folder, "case.json"), "utf8")) as { model_file: string };
  const opened = await openModel(join(folder, spec.model_file));
  const model = await loadModelPackage(opened.package);
  const data = parseJson(readFileSync(inputs ?? join(folder, "inputs.json"), "utf8")) as Record<string, unknown>;
  if (Array.isArray(data["tensors"])) data["inputs"] = data["tensors"];
  const key = (["records", "rows", "texts", "inputs"] as const).find((k) => Array.isArray(data[k]));
  const { batch, kept, rowErrors } = model.encode(readInput(key === undefined ? data : { [key]: data[key] }, model.signature), "rows");
  const prediction = await model.run(batch, { onInvalid: "rows" });
  const total = kept === undefined ? batch.rows : kept.length + rowErrors.size;
  const outputs: Record<string, unknown> = {};
  for (const { output, width, data: values } of prediction.outputs) {
    const rows: unknown[] = Array.from({ length: total }, () => null);
    const cells: unknown[] = Array.from(values as ArrayLike<unknown>, plain);
    for (let i = 0; i < batch.rows; i++) rows[kept?.[i] ?? i] = output.rowShape.length === 0 ? cells[i] : cells.slice(i * width, (i + 1) * width);
    outputs[output.name] = rows;
  }
  const classes = model.signature.outputs.find((o) => o.name === "probabilities")?.columns;
  writeFileSync(out, JSON.stringify({ outputs, ...(classes ? { classes } : {}), row_errors: Object.fromEntries([...[...rowErrors].map(([row, p]) => [row, p.message]), ...[...(prediction.refused ?? [])].map(([row, reason]) => [kept?.[row] ?? row, reason])]) }, (_, v: unknown) => (typeof v === "bigint" ? (Number.isSafeInteger(Number(v)) ? Number(v) : String(v)) : v)));
  await model.close();
} catch (error) {
  if (!(error instanceof SlipwayError)) throw error;
  writeFileSync(out, JSON.stringify({ refused: error.toJSON() }));
  console.error(`${error.code}: ${error.message}${error.where === undefined ? "" : ` (${error.where})`}${error.hint === undefined ? "" : ` ${error.hint}`}`);
  process.exitCode = 2;
}

/** JSON has no infinities. */
function plain(value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? (Number.isNaN(value) ? null : String(value)) : value;
}
