// Whole HTTP requests, head and body, in each protocol that can be measured.

import type { Signature } from "@slipway/core/package";
import { usedColumns } from "../runtime/index.ts";

export const PROTOCOLS = ["slipway", "v2", "tfs", "mlflow"] as const;
export type BenchProtocol = (typeof PROTOCOLS)[number];

export interface RequestOptions {
  readonly protocol: BenchProtocol;
  readonly model: string;
  /** As the Host header has it. */
  readonly host: string;
  /** Before the route; empty, or with a slash in front. */
  readonly prefix: string;
  readonly apiKey?: string | undefined;
}

export function makeRequest(signature: Signature, rows: readonly unknown[], { protocol, model, host, prefix, apiKey }: RequestOptions): Buffer {
  const name = encodeURIComponent(model);
  const [path, body] = {
    slipway: () => [`/models/${name}/predict`, rows] as const,
    v2: () => [`/v2/models/${name}/infer`, { inputs: signature.layout === "tensors" ? tensors(signature, rows) : columns(signature, rows) }] as const,
    tfs: () => [`/v1/models/${name}:predict`, signature.tensorRows === "none" ? { inputs: rows[0] } : { instances: rows }] as const,
    mlflow: () => ["/invocations", signature.layout === "columns" ? { dataframe_records: rows } : signature.tensorRows === "none" ? { inputs: rows[0] } : { inputs: signature.layout === "tensors" ? byInput(rows) : rows }] as const,
  }[protocol]();
  const bytes = Buffer.from(JSON.stringify(body, (_, v: unknown) => (v === Infinity ? "Infinity" : v === -Infinity ? "-Infinity" : v)));
  const head = `POST ${prefix}${path} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\n${apiKey === undefined ? "" : `authorization: Bearer ${apiKey}\r\n`}content-length: ${bytes.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), bytes]);
}

function byInput(rows: readonly unknown[]): Record<string, unknown[]> {
  const records = rows as readonly Record<string, unknown>[];
  return Object.fromEntries(Object.keys(records[0]!).map((name) => [name, records.map((r) => r[name])]));
}

function columns(signature: Signature, rows: readonly unknown[]): object[] {
  const n = rows.length;
  if (signature.layout === "matrix") return [{ name: signature.matrixName ?? "X", datatype: "FP64", shape: [n, signature.columns.length], data: (rows as number[][]).flat() }];
  return usedColumns(signature).map((column) => {
    const values = rows.map((row) => (row as Record<string, unknown>)[column.name] ?? null);
    if (column.type === "string") return { name: column.name, datatype: "BYTES", shape: [n, 1], data: values };
    return { name: column.name, datatype: "FP64", shape: [n, 1], data: values.map((v) => (v === null ? null : Number(v))) };
  });
}

const DATATYPES: Readonly<Record<string, string>> = {
  // 16-bit floats cannot be written in JSON; 32-bit ones are taken for them.
  float: "FP32", double: "FP64", float16: "FP32", int8: "INT8", int16: "INT16", int32: "INT32", int64: "INT64", uint8: "UINT8", uint16: "UINT16", uint32: "UINT32", uint64: "UINT64", bool: "BOOL", string: "BYTES",
};

function tensors(signature: Signature, rows: readonly unknown[]): object[] {
  const whole = signature.tensorRows === "none";
  const given = whole ? (rows[0] as Record<string, unknown>) : byInput(rows);
  return signature.tensors!.map((t) => ({
    name: t.name, datatype: DATATYPES[t.type]!, shape: t.shape.map((d, i) => (i === 0 && !whole ? rows.length : typeof d === "string" || d === -1 ? 1 : d)), data: [given[t.name]].flat(Infinity),
  }));
}
