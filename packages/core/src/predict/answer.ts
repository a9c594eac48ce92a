// What the engine gave for the chunks of one batch, put together: sizes checked, refused rows found.

import { REFUSED_OUTPUT, type Output, type Signature } from "../package/index.ts";
import type { OutputData, Prediction } from "./decode.ts";
import { predictError } from "./errors.ts";
import { halfToNumber } from "../tensor/index.ts";
import { sameDims, type EngineData, type EngineTensor } from "./session.ts";

/** Values of one answer: bounds what is allocated for it. */
const MAX_OUTPUT_CELLS = 2 ** 28;

export class Answer {
  /** What to ask the engine for. */
  readonly names: readonly string[];
  readonly #rows: number;
  readonly #outputs: readonly Output[];
  readonly #signature: Signature;
  readonly #parts: Readonly<Record<string, EngineTensor>>[] = [];
  #refused: Map<number, string> | undefined;
  #ms = 0;

  constructor(rows: number, outputs: readonly Output[], signature: Signature) {
    this.#rows = rows;
    this.#outputs = outputs;
    this.#signature = signature;
    this.names = namesOf(outputs, signature);
  }

  /** The rows [start, start + count), which took so many milliseconds; gives these. */
  add(start: number, count: number, result: Readonly<Record<string, EngineTensor>>, ms: number): number {
    this.#ms += ms;
    if (this.#signature.layout !== "tensors") checkRows(count, this.#outputs, result);
    if (start === 0) this.#checkSize(count, result);
    this.#parts.push(result);
    const reasons = this.#signature.rowChecks;
    if (reasons !== undefined) {
      const checks = result[REFUSED_OUTPUT]!.data as BigInt64Array;
      for (let i = 0; i < checks.length; i++) if (checks[i]! > 0n) (this.#refused ??= new Map()).set(start + i, reasons[Number(checks[i]) - 1] ?? "the model refuses it");
    }
    return ms;
  }

  prediction(): Prediction {
    const outputs = new Array<OutputData>(this.#outputs.length);
    for (let i = 0; i < outputs.length; i++) outputs[i] = this.#joined(this.#outputs[i]!);
    const prediction = { rows: this.#rows, computeMs: this.#ms, outputs };
    return this.#refused === undefined ? prediction : { ...prediction, refused: this.#refused };
  }
  #joined(output: Output): OutputData {
    const parts = this.#parts;
    // The usual answer: one chunk of rows of columns, as it is.
    if (parts.length === 1 && this.#rows > 0 && output.type !== "float16" && this.#signature.layout !== "tensors") {
      const { data } = parts[0]![output.graphName]!;
      return { output, width: data.length / this.#rows, data };
    }
    return joinParts(output, parts.map((p) => p[output.graphName]!), this.#rows, this.#signature);
  }

  #checkSize(count: number, first: Readonly<Record<string, EngineTensor>>): void {
    for (const output of this.#outputs) {
      const width = first[output.graphName]!.data.length / count;
      if (width * this.#rows > MAX_OUTPUT_CELLS) {
        throw predictError("request-limit", `${output.name} of ${this.#rows} rows would hold ${width * this.#rows} values`, { hint: "Send fewer rows, or ask for other outputs only." });
      }
    }
  }
}

/** Of the usual choice of outputs once: engines tell it by its identity. */
const known = new WeakMap<readonly Output[], readonly string[]>();

function namesOf(outputs: readonly Output[], signature: Signature): readonly string[] {
  let names = known.get(outputs);
  if (names === undefined) {
    names = outputs.map((o) => o.graphName);
    if (signature.rowChecks !== undefined) names = [...names, REFUSED_OUTPUT];
    known.set(outputs, names);
  }
  return names;
}

/** A package can hold any graph: what it gives need not be what its signature says. */
function checkRows(rows: number, outputs: readonly Output[], result: Readonly<Record<string, EngineTensor>>): void {
  for (const output of outputs) {
    const { dims, data } = result[output.graphName]!;
    if ((dims[0] ?? 1) !== rows || (output.rowShape.length === 0 && data.length !== rows)) {
      throw predictError("runtime-failed", `the model gave ${output.name} as [${dims.join(", ")}] for ${rows} rows of ${output.rowShape.length === 0 ? "one value" : `[${output.rowShape.join(", ")}]`}`, {
        hint: "The package's graph and its signature do not agree: pack the model again." });
    }
  }
}

function joinParts(output: Output, given: readonly EngineTensor[], rows: number, signature: Signature): OutputData {
  const parts = output.type === "float16" ? given.map(asFloats) : given;
  const first = parts[0];
  if (first === undefined) return { output, width: rowWidth(output), data: emptyData(output) };
  const dims = signature.layout === "tensors" ? { dims: rowDims(output, parts, rows, signature) } : {};
  if (parts.length === 1) return { output, width: rows === 0 ? rowWidth(output) : first.data.length / rows, data: first.data, ...dims };
  const total = parts.reduce((n, p) => n + p.data.length, 0);
  if (Array.isArray(first.data)) return { output, width: total / rows, data: parts.flatMap((p) => p.data as string[]), ...dims };
  const data = new (first.data.constructor as new (n: number) => Float64Array)(total);
  let at = 0;
  for (const part of parts) {
    data.set(part.data as Float64Array, at);
    at += part.data.length;
  }
  return { output, width: total / rows, data, ...dims };
}

/** 16-bit floats are given as their bits, or as a Float16Array by engines that know it. */
function asFloats(tensor: EngineTensor): EngineTensor {
  const data = tensor.data as Uint16Array;
  return { ...tensor, data: data instanceof Uint16Array ? Float32Array.from(data, halfToNumber) : Float32Array.from(data as ArrayLike<number>) };
}

/** The sizes of one row of what a foreign model gave; its declarations need not be true. */
function rowDims(output: Output, parts: readonly EngineTensor[], rows: number, signature: Signature): readonly number[] {
  const [first] = parts;
  if (output.json === true) return [];
  if (signature.tensorRows === "none") return first!.dims;
  const found = parts.reduce((n, p) => n + (p.dims[0] ?? 0), 0);
  if (found !== rows || !parts.every((p) => sameDims(p.dims, first!.dims, 1))) {
    throw predictError("runtime-failed", `the model gave ${output.name} as [${first!.dims.join(", ")}] for ${rows} rows: its first dimension is not the rows, or the sizes of its rows differ`);
  }
  const dims = first!.dims.slice(1);
  return output.rowShape.length === 0 && dims.every((d) => d === 1) ? [] : dims;
}

function rowWidth(output: Output): number {
  return output.rowShape.reduce((n, d) => n * Math.max(0, d), 1);
}
function emptyData(output: Output): EngineData {
  switch (output.type) {
    case "string": return [];
    case "int64": return new BigInt64Array(0);
    case "float": return new Float32Array(0);
    case "bool": return new Uint8Array(0);
    case "double": return new Float64Array(0);
    case "uint64": return new BigUint64Array(0);
    case "int8": case "int16": case "int32": return new Int32Array(0);
    case "uint8": case "uint16": case "uint32": case "float16": return new Float32Array(0);
  }
}
