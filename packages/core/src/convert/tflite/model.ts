// A TensorFlow Lite file (FlatBuffers, schema version 3): tensors, their quantization, operators and constant data.

import { FlatTable } from "../../formats/index.ts";
import type { ElementType } from "../../tensor/index.ts";
import { convertError } from "../conversion/errors.ts";
import { tfliteError } from "./errors.ts";
import { OPERATOR_NAMES } from "./operator-names.ts";

export interface Quantization {
  readonly scales: Float32Array;
  readonly zeroPoints: readonly number[];
  /** The dimension that the scales are for, where there are several. */
  readonly axis: number;
}
export interface LiteTensor {
  readonly index: number;
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** -1: open. */
  readonly signature: readonly number[];
  readonly quantization: Quantization | undefined;
  /** Held as uint8 in the file; here it is int8, with all its numbers and its zero points 128 less. */
  readonly lowered: boolean;
  /** Keeps its value from one call to the next, and begins with zeros. */
  readonly variable: boolean;
  /** Bytes of a constant. */
  readonly data: Uint8Array | undefined;
}
export interface LiteOperator {
  readonly name: string;
  /** -1: left out. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly options: FlatTable | undefined;
  /** For errors: "operator 3 (CONV_2D)". */
  readonly where: string;
}
/** A graph of the file: the first is the model, others are bodies of WHILE and IF. */
export interface LiteGraph {
  readonly tensors: readonly LiteTensor[];
  readonly operators: readonly LiteOperator[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}
export interface LiteModel {
  readonly main: LiteGraph;
  readonly graphs: readonly LiteGraph[];
}

/** TensorType, by number. */
const TYPES: readonly (ElementType | undefined)[] = [
  "float", "float16", "int32", "uint8", "int64", "string", "bool", "int16", undefined, "int8", "double", undefined, "uint64", undefined, undefined, "uint32", "uint16",
];
const BYTES: Readonly<Record<ElementType, number>> = { float: 4, float16: 2, int32: 4, uint8: 1, int64: 8, string: 0, bool: 1, int16: 2, int8: 1, double: 8, uint64: 8, uint32: 4, uint16: 2 };
const CONVERSIONS = new Set(["QUANTIZE", "DEQUANTIZE"]);
const MAX_TENSORS = 200_000;
const MAX_GRAPHS = 1000;

const malformed = (message: string): Error => convertError("malformed-model", `the TensorFlow Lite model is damaged: ${message}`);

export function readLiteModel(bytes: Uint8Array): LiteModel {
  const model = FlatTable.root(bytes);
  const version = model.int32(0);
  if (version !== 3) throw malformed(`its schema has version ${version}, not 3`);
  const tables = model.tables(2);
  if (tables.length === 0) throw malformed("it has no graph");
  if (tables.length > MAX_GRAPHS) throw malformed(`it has ${tables.length} graphs`);
  const buffers = model.tables(4);
  const codes = model.tables(1).map((code) => {
    const number = Math.max(code.int32(3), code.int8(0));
    return number === 32 ? `CUSTOM ${JSON.stringify(code.string(1) ?? "")}` : (OPERATOR_NAMES[number] ?? `number ${number}`);
  });
  const graphs = tables.map((graph) => readGraph(graph, codes, buffers, bytes));
  return { main: graphs[0]!, graphs };
}

function readGraph(graph: FlatTable, codes: readonly string[], buffers: readonly FlatTable[], bytes: Uint8Array): LiteGraph {
  const tables = graph.tables(0);
  if (tables.length > MAX_TENSORS) throw malformed(`it has ${tables.length} tensors`);
  const used = new Set<number>();
  const tensors = tables.map((t, index) => readTensor(t, index, buffers, bytes));
  const known = (index: number): number => {
    if (index < -1 || index >= tensors.length) throw malformed(`it refers to tensor ${index} of ${tensors.length}`);
    return index;
  };
  const operators = graph.tables(3).map((op, i): LiteOperator => {
    const code = codes[op.int32(0)];
    if (code === undefined) throw malformed(`operator ${i} has no code`);
    const outputs = [...op.int32s(2)].map(known);
    for (const o of outputs) {
      if (o < 0 || used.has(o)) throw malformed(`tensor ${o} is written twice`);
      used.add(o);
    }
    return { name: code, inputs: [...op.int32s(1)].map(known), outputs, options: op.table(4), where: `operator ${i} (${code.slice(0, 80)})` };
  });
  const ends = (id: number): number[] => [...graph.int32s(id)].map((index) => {
    if (known(index) < 0) throw malformed("an input or output is left out");
    return index;
  });
  return lowerBytes({ tensors, operators, inputs: ends(1), outputs: ends(2) });
}

function readTensor(t: FlatTable, index: number, buffers: readonly FlatTable[], file: Uint8Array): LiteTensor {
  const name = t.string(3) ?? `tensor ${index}`;
  const number = t.int8(1);
  const type = TYPES[number];
  if (!type) throw tfliteError("unsupported-operator", `tensor ${JSON.stringify(name.slice(0, 100))} has elements of type ${number}, which is not compiled`);
  const shape = [...t.int32s(0)];
  if (shape.length > 8 || shape.some((d) => d < 0)) throw malformed(`tensor ${JSON.stringify(name.slice(0, 100))} has shape [${shape.slice(0, 10).join(", ")}]`);
  const signature = t.vectorLength(7) === shape.length && t.has(7) ? [...t.int32s(7)] : shape;
  if (t.table(6)) throw tfliteError("unsupported-operator", `tensor ${JSON.stringify(name.slice(0, 100))} is sparse, which is not compiled`);
  const buffer = buffers[t.int32(2)];
  const data = buffer && buffer.vectorLength(0) > 0 ? buffer.bytes(0) : undefined;
  if (buffer?.has(1)) throw tfliteError("unsupported-operator", "the model's data lie behind it, as in files over 2 GB, which are not read", { where: `${file.length} bytes` });
  const count = shape.reduce((n, d) => n * d, 1);
  if (data && type !== "string" && data.length !== count * BYTES[type]) throw malformed(`constant ${JSON.stringify(name.slice(0, 100))} has ${data.length} bytes for [${shape.join(", ")}] of ${type}`);
  return { index, name, type, shape, signature, quantization: readQuantization(t.table(4), shape, name), lowered: false, variable: t.bool(5), data };
}

/**
 * The old quantized form, which is int8's with numbers and zero points 128 more: XNNPACK's kernels compute the same. Bytes that
 * are only brought to or from another form (a picture, say) stay what they are.
 */
function lowerBytes(graph: LiteGraph): LiteGraph {
  const used = new Set(graph.operators.filter((op) => !CONVERSIONS.has(op.name)).flatMap((op) => [...op.inputs, ...op.outputs]));
  const tensors = graph.tensors.map((t): LiteTensor => {
    if (t.type !== "uint8" || !t.quantization || !used.has(t.index)) return t;
    return { ...t, type: "int8", lowered: true, data: t.data?.map((v) => v ^ 128), quantization: { ...t.quantization, zeroPoints: t.quantization.zeroPoints.map((z) => z - 128) } };
  });
  return { ...graph, tensors };
}

function readQuantization(q: FlatTable | undefined, shape: readonly number[], name: string): Quantization | undefined {
  if (!q || q.vectorLength(2) === 0) return undefined;
  const scales = q.floats(2);
  const zeroPoints = [...new BigInt64Array(q.bytes(3, 8).buffer)].map(Number);
  const axis = q.int32(6);
  const fits = (scales.length === 1 || scales.length === shape[axis]) && (zeroPoints.length === scales.length || zeroPoints.length === 0);
  if (!fits || scales.some((s) => !(s > 0) || !Number.isFinite(s))) throw malformed(`the quantization of tensor ${JSON.stringify(name.slice(0, 100))} does not fit it`);
  return { scales, zeroPoints: zeroPoints.length === 0 ? Array.from(scales, () => 0) : zeroPoints, axis };
}
