// One output's values as JSON text, a piece a row: nested lists after the tensor's shape, integers of any size digit by
// digit, floats by the shortest decimal that reads back as the same float.

import { MISSING_STRING } from "@slipway/core/package";
import { shortestFloat, type OutputData } from "../../../runtime/index.ts";

export interface NumberStyle {
  /** What NaN and infinities become: `null`, or the bare words that Python writes and reads. */
  readonly special: "null" | "bare";
  /** Floats always have a point or an exponent, so that readers without a schema tell them from integers. */
  readonly point: boolean;
}

/** Sizes of one row: [] for one value. */
export function rowDims(o: OutputData): readonly number[] {
  return o.dims ?? (o.output.rowShape.length === 0 ? [] : [o.width]);
}

/** Writes row i. */
export function rowWriter(o: OutputData, style: NumberStyle): (row: number) => string {
  const cell = cellWriter(o, style);
  const dims = rowDims(o);
  if (dims.length === 0) return cell;
  if (dims.length === 1) return (row) => list(cell, row * o.width, o.width);
  return (row) => nested(cell, dims, 0, row * o.width);
}

function list(cell: (i: number) => string, start: number, count: number): string {
  let text = "[";
  for (let i = 0; i < count; i++) text += (i === 0 ? "" : ",") + cell(start + i);
  return `${text}]`;
}

function nested(cell: (i: number) => string, dims: readonly number[], depth: number, start: number): string {
  const count = dims[depth]!;
  if (depth === dims.length - 1) return list(cell, start, count);
  let step = 1;
  for (let d = depth + 1; d < dims.length; d++) step *= dims[d]!;
  return `[${Array.from({ length: count }, (_, i) => nested(cell, dims, depth + 1, start + i * step)).join(",")}]`;
}

function cellWriter({ data, output }: OutputData, style: NumberStyle): (i: number) => string {
  if (Array.isArray(data) && output.json === true) return (i) => (data[i] === MISSING_STRING ? "null" : data[i]!);
  if (Array.isArray(data)) return (i) => (data[i] === MISSING_STRING ? "null" : JSON.stringify(data[i]));
  if (output.type === "bool") return (i) => (Number(data[i]) === 0 ? "false" : "true");
  if (data instanceof Float32Array) return (i) => floatText(shortestFloat(data[i]!), style);
  if (data instanceof Float64Array) return (i) => floatText(data[i]!, style);
  return (i) => String(data[i]);
}

export function floatText(value: number, style: NumberStyle): string {
  if (!Number.isFinite(value)) return style.special === "null" ? "null" : String(value);
  if (Object.is(value, -0)) return style.point ? "-0.0" : "-0";
  const text = String(value);
  return style.point && Number.isInteger(value) && !text.includes("e") ? `${text}.0` : text;
}
