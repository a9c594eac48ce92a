// Every way of the server's that carries rows, as a request and how its answer is read: the gate replays the same rows
// through each. Rows are records by column; `text` models have the one column "text".

import type { Column, Signature } from "@slipway/core/package";
import { parseJson, type OutputData } from "../runtime/index.ts";
import { arrowTable } from "../server/decoding/index.ts";
import type { Row } from "./context.ts";

export interface Way {
  readonly name: string;
  /** Whether this way can say what is in the rows; a reason where it cannot. */
  readonly cannot?: (signature: Signature, rows: readonly Row[]) => string | undefined;
  readonly request: (rows: readonly Row[], model: string, signature: Signature) => { readonly path: string; readonly type: string; readonly body: string | Uint8Array<ArrayBuffer> };
  /** Records by output. */
  readonly read: (answer: unknown, outputs: readonly OutputData[]) => readonly Row[];
}

const JSON_TYPE = "application/json";

/** JSON with NaN, the infinities and whole numbers of any size, all of which the server reads. */
export function jsonOf(value: unknown): string {
  if (typeof value === "number") return Number.isNaN(value) ? "NaN" : Number.isFinite(value) ? JSON.stringify(value) : value > 0 ? "Infinity" : "-Infinity";
  if (typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return `[${value.map(jsonOf).join(",")}]`;
  if (typeof value === "object" && value !== null) return `{${Object.entries(value).filter(([, v]) => v !== undefined).map(([k, v]) => `${JSON.stringify(k)}:${jsonOf(v)}`).join(",")}}`;
  return JSON.stringify(value);
}

const namesOf = (rows: readonly Row[]): string[] => [...new Set(rows.flatMap((row) => Object.keys(row)))];
const split = (rows: readonly Row[]): { columns: string[]; data: unknown[][] } => {
  const columns = namesOf(rows);
  return { columns, data: rows.map((row) => columns.map((name) => row[name] ?? null)) };
};

/** A protocol drops the name of an output that is alone. */
function named(list: unknown, outputs: readonly OutputData[]): Row[] {
  const names = outputs.map((o) => o.output.name);
  return (Array.isArray(list) ? list : []).map((row: unknown): Row => (names.length === 1 && !(typeof row === "object" && row !== null && !Array.isArray(row) && Object.hasOwn(row, names[0]!)) ? { [names[0]!]: row } : row as Row));
}
const inside = (key: string) => (answer: unknown, outputs: readonly OutputData[]): Row[] => named((answer as Record<string, unknown> | null)?.[key], outputs);

function tensors(rows: readonly Row[], signature: Signature): object[] {
  const used = signature.columns.filter((c) => c.used);
  if (signature.layout === "matrix") return [{ name: signature.matrixName ?? "X", shape: [rows.length, used.length], datatype: "FP64", data: rows.map((row) => used.map((c) => number(row[c.name]))) }];
  return used.map((column) => ({ name: column.name, shape: [rows.length, 1], datatype: datatype(column, rows), data: rows.map((row) => (column.type === "string" ? row[column.name] ?? null : datatype(column, rows) === "BOOL" ? row[column.name] === true || row[column.name] === 1 : number(row[column.name]))) }));
}
function datatype(column: Column, rows: readonly Row[]): string {
  if (column.type === "string") return "BYTES";
  return column.type === "boolean" && rows.every((row) => row[column.name] !== null && row[column.name] !== undefined) ? "BOOL" : "FP64";
}
function number(value: unknown): unknown {
  return value === null || value === undefined ? NaN : typeof value === "boolean" ? Number(value) : value;
}

/** Fields that hold what would end them are quoted; an empty text is, a missing value is not. */
function csvOf(rows: readonly Row[]): string {
  const names = namesOf(rows);
  const field = (value: unknown): string => {
    if (value === null || value === undefined) return "";
    if (typeof value === "number" || typeof value === "bigint") return jsonOf(value);
    if (typeof value === "boolean") return String(value);
    const text = typeof value === "string" ? value : jsonOf(value);
    return /^$|[",;\t\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `${[names, ...rows.map((row) => names.map((name) => row[name]))].map((line) => line.map(field).join(",")).join("\n")}\n`;
}

const ofTensors = (signature: Signature): string | undefined => (signature.layout === "tensors" ? "the model takes tensors" : undefined);
/** CSV of one column has no delimiter to be told by, and a line with a missing value is an empty line. */
const inCsv = (signature: Signature, rows: readonly Row[]): string | undefined => ofTensors(signature) ?? (namesOf(rows).length < 2 ? "one column has no delimiter in CSV" : undefined);

export const WAYS: readonly Way[] = [
  { name: "POST /predict, records", request: (rows) => ({ path: "/predict", type: JSON_TYPE, body: `{"records":${jsonOf(rows)}}` }), read: inside("predictions") },
  { name: "POST /predict, JSON lines", cannot: ofTensors, request: (rows) => ({ path: "/predict", type: "application/x-ndjson", body: rows.map(jsonOf).join("\n") }), read: inside("predictions") },
  { name: "POST /predict, CSV", cannot: inCsv, request: (rows) => ({ path: "/predict", type: "text/csv", body: csvOf(rows) }), read: inside("predictions") },
  { name: "POST /predict, Arrow", cannot: ofTensors, request: (rows) => ({ path: "/predict", type: "application/vnd.apache.arrow.stream", body: arrowTable(namesOf(rows).map((name) => [name, rows.map((row) => row[name] ?? null)])) }), read: inside("predictions") },
  {
    name: "Open Inference Protocol v2", cannot: ofTensors,
    request: (rows, model, signature) => ({ path: `/v2/models/${encodeURIComponent(model)}/infer`, type: JSON_TYPE, body: jsonOf({ inputs: tensors(rows, signature) }) }),
    read(answer) {
      const outputs = ((answer as { outputs?: unknown } | null)?.outputs ?? []) as { name: string; shape: number[]; data: unknown[] }[];
      return Array.from({ length: outputs[0]?.shape[0] ?? 0 }, (_, i) => Object.fromEntries(outputs.map(({ name, shape, data }) => {
        const width = shape.slice(1).reduce((a, b) => a * b, 1);
        return [name, shape.length === 1 ? data[i] : data.slice(i * width, (i + 1) * width)];
      })));
    },
  },
  { name: "TensorFlow Serving v1", request: (rows, model) => ({ path: `/v1/models/${encodeURIComponent(model)}:predict`, type: JSON_TYPE, body: jsonOf({ instances: rows }) }), read: inside("predictions") },
  { name: "MLflow, dataframe_split", cannot: ofTensors, request: (rows) => ({ path: "/invocations", type: JSON_TYPE, body: jsonOf({ dataframe_split: split(rows) }) }), read: inside("predictions") },
  { name: "MLflow, dataframe_records", cannot: ofTensors, request: (rows) => ({ path: "/invocations", type: JSON_TYPE, body: jsonOf({ dataframe_records: rows }) }), read: inside("predictions") },
  { name: "Vertex AI", cannot: ofTensors, request: (rows) => ({ path: "/invocations", type: JSON_TYPE, body: jsonOf({ instances: rows }) }), read: inside("predictions") },
  { name: "Azure ML", cannot: ofTensors, request: (rows) => ({ path: "/score", type: JSON_TYPE, body: jsonOf({ input_data: split(rows) }) }), read: named },
];

export function readAnswer(text: string): unknown {
  // Bare NaN and infinities are read; TensorFlow Serving writes them so.
  return parseJson(text);
}
