// Triton's classification extension
// (https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_classification.md): the highest
// values of an output as texts "value:index" or "value:index:label", a row each, the highest first.

import { cellReader, type OutputData } from "../../../runtime/index.ts";
import { serverError } from "../../errors.ts";

/** BYTES [N, K] of an output [N, C] of numbers; K is at most C. @throws SlipwayError tensor-invalid */
export function classify(data: OutputData, count: number): OutputData {
  const { output, width } = data;
  if (output.type === "string" || output.type === "bool") throw serverError("tensor-invalid", `output ${JSON.stringify(output.name)} holds no numbers to choose the highest of`, { hint: "Ask for probabilities or scores as classes." });
  const k = Math.min(count, width);
  const cell = cellReader(data);
  const rows = width === 0 ? 0 : data.data.length / width;
  const texts: string[] = [];
  for (let row = 0; row < rows; row++) {
    const values = Array.from({ length: width }, (_, i) => Number(cell(row * width + i)));
    // NaN is below every number.
    const order = values.map((_, i) => i).sort((a, b) => rank(values[b]!) - rank(values[a]!) || a - b);
    for (const i of order.slice(0, k)) {
      const label = output.columns?.length === width ? output.columns[i] : undefined;
      texts.push(`${values[i]!}:${i}${label === undefined ? "" : `:${label}`}`);
    }
  }
  return { output: { ...output, type: "string", rowShape: [k] }, width: k, data: texts };
}

function rank(value: number): number {
  return Number.isNaN(value) ? -Number.MAX_VALUE : Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value));
}
