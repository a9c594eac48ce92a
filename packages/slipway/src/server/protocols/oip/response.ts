// Predictions as an inference response: JSON alone, or JSON followed by the binary outputs' bytes.

import { MISSING_STRING } from "@slipway/core/package";
import { numberToHalf, shortestFloat, type Servable, type OutputData, type Prediction } from "../../../runtime/index.ts";
import { outputDatatype, writeByteStrings } from "./datatype.ts";

export interface InferResponse {
  readonly body: string | Buffer;
  /** Bytes of JSON, when binary data follows. */
  readonly headerLength?: number;
}

/** `binary` tells which outputs go as bytes, by name. */
export function writeInferResponse(model: Servable, prediction: Prediction, id: string | undefined, binary: (name: string) => boolean): InferResponse {
  const blobs: Buffer[] = [];
  const outputs = prediction.outputs.map((o) => {
    const shape = outputShape(o, prediction, model);
    const head = `"name":${JSON.stringify(o.output.name)},"datatype":"${outputDatatype(o.output)}","shape":[${shape.join(",")}]`;
    if (!binary(o.output.name)) return `{${head},"data":[${jsonData(o)}]}`;
    const blob = toBytes(o);
    blobs.push(blob);
    return `{${head},"parameters":{"binary_data_size":${blob.length}}}`;
  });
  const json = `{"model_name":${JSON.stringify(model.name)},"model_version":${JSON.stringify(model.version)},${id === undefined ? "" : `"id":${JSON.stringify(id)},`}"outputs":[${outputs.join(",")}]}`;
  if (blobs.length === 0) return { body: json };
  const head = Buffer.from(json, "utf8");
  return { body: Buffer.concat([head, ...blobs]), headerLength: head.length };
}

export function outputShape(o: OutputData, prediction: Prediction, model: Servable): readonly number[] {
  const row = o.dims ?? (o.output.rowShape.length === 0 ? [] : [o.width]);
  return model.signature.tensorRows === "none" ? row : [prediction.rows, ...row];
}

/** Integers of any size are written digit by digit; NaN and infinities become null. */
function jsonData({ data, output }: OutputData): string {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return data.join(",");
  if (data instanceof Float32Array) return Array.from(data, (v) => (Number.isFinite(v) ? String(shortestFloat(v)) : "null")).join(",");
  if (data instanceof Uint8Array && output.type === "bool") return Array.from(data, (v) => (v === 0 ? "false" : "true")).join(",");
  if (Array.isArray(data)) return data.map((v) => (v === MISSING_STRING ? "null" : JSON.stringify(v))).join(",");
  return Array.from(data as Float64Array, (v) => (Number.isFinite(v) ? String(v) : "null")).join(",");
}

/** Little-endian, as every platform that ONNX Runtime runs on is. */
export function toBytes({ data, output }: OutputData): Buffer {
  if (output.type === "float16") return Buffer.from(Uint16Array.from(data as Float32Array, numberToHalf).buffer);
  if (Array.isArray(data)) return writeByteStrings(data.map((v) => (v === MISSING_STRING ? "" : v)));
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}
