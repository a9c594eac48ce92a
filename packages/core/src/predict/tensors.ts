// Requests of models that take tensors: nested lists, rows, records of nested lists, or flat data with a shape, checked
// against the signature and brought into the engine's element types. Nothing is coerced silently.

import { nearest } from "../base/index.ts";
import { ANY_RANK, type Signature, type TensorInput } from "../package/index.ts";
import type { ElementType } from "../tensor/index.ts";
import { predictError } from "./errors.ts";
import type { Batch, ModelInput } from "./encode.ts";
import { exampleRequest } from "./example.ts";
import { numberToHalf } from "../tensor/index.ts";
import { preview } from "./problems.ts";
import { FRAME, plainFrames } from "./picture-frame.ts";
import type { EngineData, EngineTensor, EngineType } from "./session.ts";

/** Row-major. */
export interface GivenTensor {
  readonly shape: readonly number[];
  readonly data: ArrayLike<unknown>;
}

/** Keras numbers the input of a Sequential model anew in every process: the name in a request may be another one. */
const GENERATED = /^keras_tensor(_\d{1,9})?$/;
const MAX_ELEMENTS = 2 ** 28;
const MAX_RANK = 64;

/** The one input of a model that takes rows of [F] or of any other one shape. */
export function onlyInput(signature: Signature): TensorInput | undefined {
  return signature.tensors?.length === 1 && signature.tensorRows !== "none" ? signature.tensors[0] : undefined;
}

/** @throws request-invalid, request-shape, request-limit */
export function encodeTensors(input: ModelInput, signature: Signature): Batch {
  const refuse: Refuse = (message, where) => predictError("request-invalid", message, {
    ...(where === undefined ? {} : { where }), hint: "data.example is a valid request.", data: { example: exampleRequest(signature) } });
  const given = collect(input, signature, refuse);
  const frames = given.get(FRAME);
  given.delete(FRAME);
  const inputs = signature.tensors ?? [];
  const [lone, sent] = [inputs[0], [...given.keys()][0]];
  if (lone && sent !== undefined && sent !== lone.name && inputs.length === 1 && given.size === 1 && GENERATED.test(lone.name) && GENERATED.test(sent)) {
    given.set(lone.name, given.get(sent)!);
    given.delete(sent);
  }
  for (const name of given.keys()) {
    if (inputs.some((t) => t.name === name)) continue;
    const near = nearest(name, inputs.map((t) => t.name));
    throw refuse(`the model has no input ${JSON.stringify(name.slice(0, 100))}${near === undefined ? "." : `; did you mean ${JSON.stringify(near)}?`} Its inputs: ${inputs.map((t) => t.name).join(", ")}`);
  }
  const sizes = new Map<string, readonly [number, string]>();
  let rows: number | undefined;
  let rank: number | undefined;
  const whole = signature.tensorRows === "none";
  const tensors = inputs.map((spec): EngineTensor => {
    const tensor = given.get(spec.name);
    const where = `input ${JSON.stringify(spec.name)}`;
    if (!tensor) throw refuse(`${where} is missing`, where);
    // A value a row for an input [N, 1].
    const shape = tensor.shape.length < spec.shape.length && tensor.shape.length > 0 && spec.shape.slice(tensor.shape.length).every((d) => d === 1)
      ? [...tensor.shape, ...spec.shape.slice(tensor.shape.length).map(() => 1)] : tensor.shape;
    const fits = spec.anyRank === true ? shape.length > 0 && shape.length <= ANY_RANK : shape.length === spec.shape.length && spec.shape.every((d, i) => typeof d === "string" || d === -1 || d === shape[i] || (i === 0 && !whole));
    if (!fits) throw refuse(`${where}: expected shape ${shapeText(spec, signature)}, found [${shape.join(", ")}]`, where);
    const small = spec.anyRank === true ? -1 : shape.findIndex((d, i) => d < (spec.least?.[i] ?? 0));
    if (small >= 0) throw refuse(`${where}: dimension ${small} must be at least ${spec.least![small]}, found ${shape[small]} in [${shape.join(", ")}]: a window of the model has no room in less`, where);
    if (spec.anyRank === true) {
      rank ??= shape.length;
      if (shape.length !== rank) throw refuse(`${where} has ${shape.length} dimensions, an input before it has ${rank}`, where);
    }
    spec.shape.forEach((d, i) => {
      if (typeof d !== "string") return;
      const known = sizes.get(d);
      if (known && known[0] !== shape[i]) throw refuse(`${where} has ${shape[i]} for the size ${d}, ${known[1]} has ${known[0]}`, where);
      sizes.set(d, [shape[i]!, where]);
    });
    if (!whole) {
      rows ??= shape[0]!;
      if (shape[0] !== rows) throw refuse(`${where} has ${shape[0]} rows, ${JSON.stringify(inputs[0]!.name)} has ${rows}`, where);
    }
    return { type: ENGINE_TYPES[spec.type], dims: shape, data: toElements(spec.type, tensor.data, where, refuse) };
  });
  if (signature.task !== undefined) {
    const { shape, data } = frames ?? plainFrames(signature, tensors[0]!.dims);
    tensors.push({ type: "float64", dims: shape, data: data as Float64Array });
  }
  const count = whole ? 1 : (rows ?? 0);
  const pictures = input.kind === "tensors" && input.pictures?.length === 2 * count ? { pictures: input.pictures } : {};
  return { rows: count, numbers: new Float64Array(0), strings: [], tensors, ...pictures };
}

type Refuse = (message: string, where?: string) => Error;

function collect(input: ModelInput, signature: Signature, refuse: Refuse): Map<string, GivenTensor> {
  switch (input.kind) {
    case "tensors": return new Map(Object.entries(input.tensors));
    case "batch": return collect(input.sent(), signature, refuse);
    case "records": return fromRecords(input.records, signature, refuse);
    case "columns": return new Map(Object.entries(input.columns).map(([name, list]) => [name, flatten(Array.from(list), `input ${JSON.stringify(name)}`, refuse)]));
    case "texts":
    case "rows": {
      const list = input.kind === "rows" ? input.rows : input.texts;
      const only = onlyInput(signature);
      if (!only) throw predictError("request-shape", "rows were sent, but the model takes several tensors", { hint: "data.example is a valid request.", data: { example: exampleRequest(signature) } });
      return new Map([[only.name, flatten(list, `input ${JSON.stringify(only.name)}`, refuse)]]);
    }
  }
}

/** Objects with one (nested) value an input: a row each, or the whole request where there are no rows. */
function fromRecords(records: readonly unknown[], signature: Signature, refuse: Refuse): Map<string, GivenTensor> {
  const whole = signature.tensorRows === "none";
  if (whole && records.length !== 1) throw refuse(`the model takes one set of tensors a request, found ${records.length}`);
  const objects = records.map((record, row) => {
    if (typeof record !== "object" || record === null || Array.isArray(record)) throw refuse(`row ${row + 1}: expected an object with one value an input, found ${preview(record)}`, `row ${row + 1}`);
    return record as Readonly<Record<string, unknown>>;
  });
  const names = new Set(objects.flatMap(Object.keys));
  return new Map([...names].map((name) => {
    const where = `input ${JSON.stringify(name)}`;
    if (whole) return [name, flatten(objects[0]![name], where, refuse)];
    const values = objects.map((o, row) => {
      if (!Object.hasOwn(o, name)) throw refuse(`row ${row + 1}: ${where} is missing`, `row ${row + 1}`);
      return o[name];
    });
    const spec = signature.tensors?.find((t) => t.name === name);
    const tensor = flatten(values, where, refuse);
    // One object with whole tensors: rows are inside.
    if (objects.length === 1 && spec && spec.anyRank !== true && tensor.shape.length === spec.shape.length + 1) return [name, { shape: tensor.shape.slice(1), data: tensor.data }];
    return [name, tensor];
  }));
}

/** Nested lists, all of one shape. */
export function flatten(value: unknown, where: string, refuse: Refuse): GivenTensor {
  const shape: number[] = [];
  for (let v = value; isList(v) && shape.length <= MAX_RANK; v = v[0]) shape.push(v.length);
  const count = shape.reduce((n, d) => n * d, 1);
  if (shape.length > MAX_RANK || count > MAX_ELEMENTS) throw refuse(`${where}: lists of shape [${shape.join(", ")}] are too large`, where);
  const data = new Flat(Math.min(count, FIRST_CAPACITY));
  const walk = (v: unknown, depth: number): void => {
    if (depth === shape.length) {
      if (isList(v)) throw uneven();
      data.add(v);
      return;
    }
    if (!isList(v) || v.length !== shape[depth]) throw uneven();
    if (v instanceof Float64Array && depth === shape.length - 1) data.addAll(v);
    else for (let i = 0; i < v.length; i++) walk(v[i], depth + 1);
  };
  const uneven = (): Error => refuse(`${where}: its lists differ in length or depth; the first ones have shape [${shape.join(", ")}]`, where);
  walk(value, 0);
  return { shape, data: data.values };
}

const FIRST_CAPACITY = 2 ** 18;

/** Values one after the other: doubles while they come as lists of doubles, else whatever they are. It grows with what is there, not with what a shape says. */
class Flat {
  #doubles: Float64Array | undefined;
  #mixed: unknown[] | undefined;
  #count = 0;
  readonly #capacity: number;
  constructor(capacity: number) {
    this.#capacity = capacity;
  }
  add(value: unknown): void {
    this.#mixed ??= this.#doubles === undefined ? [] : Array.from(this.#doubles.subarray(0, this.#count));
    this.#mixed.push(value);
  }
  addAll(list: Float64Array): void {
    if (this.#mixed !== undefined) {
      for (const value of list) this.#mixed.push(value);
      return;
    }
    const end = this.#count + list.length;
    if (this.#doubles === undefined || end > this.#doubles.length) {
      const more = new Float64Array(Math.max(end, this.#capacity, this.#count * 2));
      if (this.#doubles !== undefined) more.set(this.#doubles.subarray(0, this.#count));
      this.#doubles = more;
    }
    this.#doubles.set(list, this.#count);
    this.#count = end;
  }
  get values(): ArrayLike<unknown> {
    return this.#mixed ?? this.#doubles?.subarray(0, this.#count) ?? [];
  }
}

/** A list, or numbers as readNumbersJson and binary requests have them. */
export function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

export function shapeText(spec: TensorInput, signature: Signature): string {
  if (spec.anyRank === true) return signature.tensorRows === "none" ? "[...]" : "[N, ...]";
  return `[${spec.shape.map((d, i) => (i === 0 && signature.tensorRows !== "none" ? "N" : d === -1 ? "any" : d)).join(", ")}]`;
}

export const ENGINE_TYPES: Readonly<Record<ElementType, EngineType>> = {
  float: "float32", double: "float64", float16: "float16", int8: "int8", int16: "int16", int32: "int32", int64: "int64",
  uint8: "uint8", uint16: "uint16", uint32: "uint32", uint64: "uint64", bool: "bool", string: "string",
};

type NumberArray = Exclude<EngineData, string[] | BigInt64Array | BigUint64Array>;
const ARRAYS: Readonly<Partial<Record<ElementType, new (n: number) => NumberArray>>> = {
  float: Float32Array, double: Float64Array, int8: Int8Array, int16: Int16Array, int32: Int32Array,
  uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array, bool: Uint8Array,
};
const RANGES: Readonly<Partial<Record<ElementType, readonly [number, number]>>> = {
  int8: [-128, 127], int16: [-32768, 32767], int32: [-(2 ** 31), 2 ** 31 - 1], uint8: [0, 255], uint16: [0, 65535], uint32: [0, 2 ** 32 - 1], bool: [0, 1],
};
const NAMED: ReadonlyMap<unknown, number> = new Map<unknown, number>([[null, NaN], ["NaN", NaN], ["Infinity", Infinity], ["-Infinity", -Infinity], [true, 1], [false, 0]]);

function toElements(type: ElementType, values: ArrayLike<unknown>, where: string, refuse: Refuse): EngineData {
  const bad = (i: number, expected: string): Error => refuse(`${where}: value ${i} is ${preview(values[i])}; expected ${expected}`, where);
  if (type === "string") {
    return Array.from(values, (v, i) => {
      if (typeof v !== "string") throw bad(i, "text");
      return v;
    });
  }
  if (type === "int64" || type === "uint64") return toBigInts(type, values, bad);
  if (type === "float16") return Uint16Array.from(toElements("double", values, where, refuse) as Float64Array, numberToHalf);
  const Target = ARRAYS[type]!;
  if (values instanceof Target) return values;
  if (type === "float" && values instanceof Float64Array) return toFloats(values, bad);
  const data = new Target(values.length);
  const range = RANGES[type];
  for (let i = 0; i < data.length; i++) {
    const v = values[i];
    const n = typeof v === "number" ? v : typeof v === "bigint" ? Number(v) : NAMED.get(v);
    if (n === undefined) throw bad(i, type === "bool" ? "true or false" : "a number");
    if (range && !(Number.isInteger(n) && n >= range[0] && n <= range[1])) throw bad(i, type === "bool" ? "true or false" : `a whole number from ${range[0]} to ${range[1]}`);
    data[i] = n;
    if (data[i] === Infinity && n !== Infinity || data[i] === -Infinity && n !== -Infinity) throw bad(i, "a number that its floats can hold");
  }
  return data;
}

function toFloats(values: Float64Array, bad: (i: number, expected: string) => Error): Float32Array {
  const data = new Float32Array(values);
  for (let i = 0; i < data.length; i++) {
    const v = values[i]!;
    if (data[i]! - data[i]! !== 0 && v - v === 0) throw bad(i, "a number that its floats can hold");
  }
  return data;
}

function toBigInts(type: "int64" | "uint64", values: ArrayLike<unknown>, bad: (i: number, expected: string) => Error): BigInt64Array | BigUint64Array {
  if (type === "int64" && values instanceof BigInt64Array) return values;
  const [data, low, high] = type === "int64" ? [new BigInt64Array(values.length), -(2n ** 63n), 2n ** 63n - 1n] as const : [new BigUint64Array(values.length), 0n, 2n ** 64n - 1n] as const;
  for (let i = 0; i < data.length; i++) {
    const v = values[i];
    let n: bigint;
    if (typeof v === "bigint") n = v;
    else if (typeof v === "number" && Number.isInteger(v)) n = BigInt(v);
    else if (typeof v === "boolean") n = v ? 1n : 0n;
    else if (typeof v === "string" && /^-?\d{1,20}$/.test(v)) n = BigInt(v);
    else throw bad(i, "a whole number");
    if (n < low || n > high) throw bad(i, `a whole number of 64 bits${low === 0n ? ", not negative" : ""}`);
    data[i] = n;
  }
  return data;
}

/** Rows [start, start + count) of a tensor whose first dimension is rows. */
export function tensorRowsOf(tensor: EngineTensor, rows: number, start: number, count: number): EngineTensor {
  if (count === rows) return tensor;
  const width = tensor.data.length / rows;
  const data = Array.isArray(tensor.data) ? tensor.data.slice(start * width, (start + count) * width) : (tensor.data as Float64Array).subarray(start * width, (start + count) * width);
  return { type: tensor.type, dims: [count, ...tensor.dims.slice(1)], data };
}
