// The rows once more, through the whole server: request, decoding, model, answer, in JSON. ML Test Score, infrastructure 3:
// an integration test of the pipeline that will serve.

import { createHandler } from "../../server/index.ts";
import { parseJson } from "../../runtime/index.ts";
import type { Row } from "../context.ts";
import { defineGateTest, type GateTest } from "../define-gate-test.ts";
import { compare, ITERATES, onlyTransformed, predict, servedAsExpected, worstTable } from "../predictions.ts";

const ROWS_AT_ONCE = 100;

export const served: GateTest = defineGateTest({
  name: "served", title: "Through the server", area: "infrastructure",
  checks: "POST /predict answers the known rows as the model itself does: nothing is lost between a request and its answer.",
  needsRows: true,
  async run({ model, rows, rowsFrom, answers }) {
    // Not closed: it would close the model with it.
    const handler = createHandler(model);
    const given: Row[] = [];
    for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
      const body = `{"records":[${rows.slice(at, at + ROWS_AT_ONCE).map(jsonOf).join(",")}]}`;
      const response = await handler(new Request("http://localhost/predict", { method: "POST", headers: { "content-type": "application/json" }, body }));
      const text = await response.text();
      if (response.status !== 200) return { verdict: "fail", reason: `the server answered ${response.status}: ${text.slice(0, 300)}`, bar: "200" };
      given.push(...(parseJson(text) as { predictions: Row[] }).predictions);
    }
    if (given.length !== rows.length) return { verdict: "fail", reason: `${given.length} answers came to ${rows.length} rows`, bar: "an answer to each row" };
    const direct = rows.length === answers.rows ? answers : await predict(model, rows);
    const comparison = compare(servedAsExpected(given, direct.outputs), direct.outputs, model.signature);
    return {
      verdict: comparison.passed ? "pass" : onlyTransformed([comparison], model.signature) ? "warn" : "fail",
      reason: onlyTransformed([comparison], model.signature) ? ITERATES : comparison.passed ? `${rows.length} rows (${rowsFrom}) are answered alike` : `${comparison.rowsBeyond} of ${rows.length} answers differ from the model's own`,
      bar: "every label equal, every number within 1e-9 (doubles) or 1e-5 (floats)",
      figures: { rows: rows.length, "rows that differ": comparison.rowsBeyond, "largest difference": comparison.maxAbs },
      tables: worstTable(comparison),
    };
  },
});

/** JSON with NaN, the infinities and whole numbers of any size, all of which the server reads. */
function jsonOf(value: unknown): string {
  if (typeof value === "number") return Number.isNaN(value) ? "NaN" : Number.isFinite(value) ? JSON.stringify(value) : value > 0 ? "Infinity" : "-Infinity";
  if (typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return `[${value.map(jsonOf).join(",")}]`;
  if (typeof value === "object" && value !== null) return `{${Object.entries(value).filter(([, v]) => v !== undefined).map(([k, v]) => `${JSON.stringify(k)}:${jsonOf(v)}`).join(",")}}`;
  return JSON.stringify(value);
}
