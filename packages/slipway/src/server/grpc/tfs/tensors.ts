// TensorFlow's TensorProto -> a request's tensor, and outputs -> TensorProto. Values stand in tensor_content, as bytes, or
// in the list of their type; a list that is shorter than its tensor repeats its last value, as TensorFlow has it.

import { MISSING_STRING } from "@slipway/core/package";
import { halfToNumber, numberToHalf, type OutputData, type Prediction, type Servable } from "../../../runtime/index.ts";
import { serverError } from "../../errors.ts";
import { DATATYPES, outputDatatype, readFixed, type Datatype } from "../../protocols/oip/datatype.ts";
import { readShape, type InputTensor } from "../../protocols/oip/request.ts";
import { outputShape } from "../../protocols/oip/response.ts";
import { DTYPES } from "../../protocols/tfs/signatures.ts";
import type { Draft } from "../protobuf/schema.ts";
import { DataType, type TensorProto } from "./messages.ts";

type List = "half_val" | "float_val" | "double_val" | "int_val" | "string_val" | "int64_val" | "bool_val" | "uint32_val" | "uint64_val";
const LISTS: Readonly<Record<Datatype, List>> = {
  BOOL: "bool_val", INT8: "int_val", INT16: "int_val", INT32: "int_val", UINT8: "int_val", UINT16: "int_val", INT64: "int64_val", UINT32: "uint32_val", UINT64: "uint64_val",
  FP16: "half_val", BF16: "half_val", FP32: "float_val", FP64: "double_val", BYTES: "string_val",
};
const DATATYPE_OF: ReadonlyMap<number, Datatype> = new Map(Object.entries(DTYPES).map(([datatype, name]) => [DataType.values[name]!, datatype as Datatype]));
/** A tensor of so many values may be told by one. */
const MAX_REPEATED = 1_000_000;

const bad = (message: string, hint?: string): Error => serverError("tensor-invalid", message, { hint });

/** @throws SlipwayError tensor-invalid */
export function readTensorProto(name: string, tensor: TensorProto, decode: (bytes: Uint8Array) => string): InputTensor {
  const label = `input ${JSON.stringify(name.slice(0, 200))}`;
  const datatype = DATATYPE_OF.get(tensor.dtype);
  if (datatype === undefined) throw bad(`${label}: the dtype ${Object.entries(DataType.values).find(([, n]) => n === tensor.dtype)?.[0] ?? tensor.dtype} is not understood`, `It is one of ${Object.values(DTYPES).join(", ")}.`);
  if (tensor.tensor_shape?.unknown_rank === true) throw bad(`${label}: its shape is unknown`, "Send tensor_shape with every size.");
  const shape = readShape((tensor.tensor_shape?.dim ?? []).map((d) => d.size), label);
  const count = shape.reduce((n, d) => n * d, 1);
  const { tensor_content: content } = tensor;
  if (content.length > 0) {
    const expected = count * DATATYPES[datatype].size;
    if (datatype === "BYTES") throw bad(`${label}: texts do not stand in tensor_content`, "Send them in string_val.");
    if (content.length !== expected) throw bad(`${label}: shape [${shape.join(", ")}] of ${DTYPES[datatype]} takes ${expected} bytes, tensor_content has ${content.length}`);
    return { name, datatype, shape, data: readFixed(content, datatype) };
  }
  const list = tensor[LISTS[datatype]];
  if (list.length !== count && (list.length === 0 || list.length > count || count > MAX_REPEATED)) throw bad(`${label}: shape [${shape.join(", ")}] takes ${count} values, ${LISTS[datatype]} has ${list.length}`, `${DTYPES[datatype]} stands in ${LISTS[datatype]} or tensor_content.`);
  const { range } = DATATYPES[datatype];
  if (range !== undefined && DATATYPES[datatype].size < 4) {
    for (let i = 0; i < list.length; i++) if ((list[i] as number) < range[0] || (list[i] as number) > range[1]) throw bad(`${label}: value ${i} is ${String(list[i])}, which is no ${DTYPES[datatype]}`);
  }
  const values = convert(datatype, list, decode);
  return { name, datatype, shape, data: values.length === count ? values : Array.from({ length: count }, (_, i) => values[Math.min(i, values.length - 1)]) };
}

function convert(datatype: Datatype, list: ArrayLike<unknown>, decode: (bytes: Uint8Array) => string): ArrayLike<unknown> {
  switch (datatype) {
    case "BYTES": return Array.from(list as ArrayLike<Uint8Array>, decode);
    case "FP16": return Array.from(list as ArrayLike<number>, (bits) => halfToNumber(bits & 0xffff));
    case "BF16": return new Float32Array(Uint32Array.from(list as ArrayLike<number>, (bits) => (bits & 0xffff) << 16).buffer);
    default: return list;
  }
}

/** In lists, as TensorFlow Serving answers: clients without TensorFlow read nothing else. */
export function writeTensorProto(o: OutputData, prediction: Prediction, model: Servable): Draft<TensorProto> {
  const datatype = outputDatatype(o.output);
  return {
    dtype: DataType.values[DTYPES[datatype]]!,
    tensor_shape: { dim: outputShape(o, prediction, model).map((size) => ({ size })) },
    [LISTS[datatype]]: values(o, datatype),
  };
}

function values({ data }: OutputData, datatype: Datatype): ArrayLike<unknown> {
  if (Array.isArray(data)) return data.map((text) => Buffer.from(text === MISSING_STRING ? "" : text, "utf8"));
  if (datatype === "FP16") return Array.from(data as Float32Array, numberToHalf);
  return data;
}
