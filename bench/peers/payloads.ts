// The requests that make_models.py wrote: records of a length (four bytes, little-endian) and as many bytes.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Entry, Request } from "./contender.ts";

const MAX_BODIES = 8;

/** `bytes`: floats as they are, in the place of JSON. */
export function requestOf(root: string, entry: Entry, model: string, rows: number, bytes: boolean): Request {
  const expected = (JSON.parse(readFileSync(join(root, "payloads/expected.json"), "utf8")) as Record<string, number[][][]>)[`${model}.b${rows}`]!;
  const path = (entry.path ?? "/predict").replace("{model}", model);
  const json = { "content-type": "application/json" };
  if (!bytes) {
    const bodies = records(join(root, "payloads", `${model}.${entry.format ?? "rows"}.b${rows}.rec`)).slice(0, expected.length);
    return { path, headers: json, bodies: entry.check === "slipway" ? bodies.map(withoutWrapper) : bodies, expected };
  }
  const tensors = records(join(root, "payloads", `${model}.bin.b${rows}.rec`)).slice(0, expected.length);
  if (entry.check !== "slipway") return { path: "/raw", headers: { "content-type": "application/octet-stream" }, bodies: tensors, expected };
  // The Open Inference Protocol's binary tensors.
  const head = Buffer.from(JSON.stringify({ inputs: [{ name: "x", shape: [rows, 3, 224, 224], datatype: "FP32", parameters: { binary_data_size: tensors[0]!.length } }] }));
  return { path: `/v2/models/${model}/infer`, headers: { "content-type": "application/octet-stream", "inference-header-content-length": String(head.length) }, bodies: tensors.map((t) => Buffer.concat([head, t])), expected };
}

/** Rows alone: at its own address Slipway has no name around them. The text is kept as it is. */
function withoutWrapper(body: Buffer): Buffer {
  const text = body.toString();
  return Buffer.from(text.slice(text.indexOf("["), text.lastIndexOf("}")));
}

function records(path: string): Buffer[] {
  const file = readFileSync(path);
  const list: Buffer[] = [];
  for (let at = 0; at + 4 <= file.length && list.length < MAX_BODIES;) {
    const size = file.readUInt32LE(at);
    list.push(file.subarray(at + 4, at + 4 + size));
    at += 4 + size;
  }
  return list;
}
