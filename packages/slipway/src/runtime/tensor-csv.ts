// CSV for models that take tensors: one input [N, F] of numbers, with or without a header line; or inputs of one value a
// row, by the header's names.

import type { Signature, TensorInput } from "@slipway/core/package";
import { exampleRequest, type ModelInput, onlyInput, shapeText } from "@slipway/core/predict";
import type { CsvField } from "./csv.ts";
import { runtimeError } from "./errors.ts";

const MISSING = /^(|nan|na|n\/a|null|none|-nan)$/i;

/** `rows` are all equally long; there is at least one. */
export function tensorCsv(rows: readonly (readonly CsvField[])[], signature: Signature): ModelInput {
  const only = onlyInput(signature);
  const header = rows[0]!;
  if (only?.shape.length === 2 && only.type !== "string" && (only.shape[1] !== 1 || header.length !== 1)) {
    const numeric = header.every((field) => field !== null && field.trim() !== "" && Number.isFinite(Number(field)));
    return { kind: "rows", rows: rows.slice(numeric ? 0 : 1).map((row) => row.map((field) => value(field, only))) };
  }
  const inputs = signature.tensors ?? [];
  if (signature.tensorRows === "none" || !inputs.every((t) => t.shape.slice(1).every((d) => d === 1))) {
    throw runtimeError("request-csv", `the model takes tensors that are no table: ${inputs.slice(0, 5).map((t) => `${t.name} ${shapeText(t, signature)}`).join(", ")}`, { hint: "Send them as JSON; data.example is a valid request.", data: { example: exampleRequest(signature) } });
  }
  const names = header.map((field) => (field ?? "").trim());
  const missing = inputs.find((t) => !names.includes(t.name));
  if (missing) throw runtimeError("request-csv", `the first line does not name the input ${JSON.stringify(missing.name)}`, { where: "line 1", hint: `It names the model's inputs: ${inputs.map((t) => t.name).join(",")}` });
  return { kind: "columns", columns: Object.fromEntries(inputs.map((t) => [t.name, rows.slice(1).map((row) => value(row[names.indexOf(t.name)]!, t))])) };
}

function value(field: CsvField, input: TensorInput): unknown {
  const text = field ?? "";
  if (input.type === "string") return text;
  const trimmed = text.trim();
  if (MISSING.test(trimmed)) return null;
  if (/^(true|false)$/i.test(trimmed)) return trimmed.toLowerCase() === "true";
  if (input.type.endsWith("int64") && /^-?\d+$/.test(trimmed)) return trimmed;
  const number = Number(trimmed);
  return trimmed.length <= 400 && !Number.isNaN(number) ? number : text;
}
