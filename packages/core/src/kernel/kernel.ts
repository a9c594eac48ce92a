// A model of our own to ask: the program of each choice of outputs, run over blocks of rows.

import type { Model } from "../onnx/index.ts";
import { readModel } from "../onnx/index.ts";
import type { ElementType } from "../tensor/index.ts";
import { planProgram, type PlanOptions, type Program, type Refusal } from "./plan.ts";
import { allocate, type Data, type Store } from "./value.ts";

export type KernelData = Float64Array | Float32Array | BigInt64Array | Int32Array | Uint8Array | string[];
export interface KernelInput {
  readonly name: string;
  readonly type: ElementType;
  /** Elements of one row. */
  readonly width: number;
}
export interface KernelOutput {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly data: KernelData;
}

/** Bytes of a block's intermediate values: they should stay in the second cache. */
const BLOCK_BYTES = 2 ** 19;
const MOST_BLOCK_ROWS = 1024;
const MOST_PROGRAMS = 64;

export class Kernel {
  readonly inputs: readonly KernelInput[];
  readonly outputNames: readonly string[];
  /** By place among all inputs' columns, one input after the other: numbers at which an answer may change. */
  readonly boundaries: ReadonlyMap<number, ReadonlySet<number>>;
  /** Texts that some table of the model knows. */
  readonly words: readonly string[];
  readonly #model: Model;
  readonly #options: PlanOptions;
  readonly #programs = new Map<string, Running>();
  /** The choice that was asked for last, by its identity. */
  #last: { readonly outputs: readonly string[]; readonly running: Running } | undefined;

  constructor(model: Model, program: Program, options: PlanOptions) {
    this.#model = model;
    this.#options = options;
    this.inputs = program.inputs.map(({ name, type, store }) => ({ name, type, width: store.width }));
    this.boundaries = program.boundaries;
    this.words = program.words;
    this.outputNames = model.graph.outputs.map((o) => o.name);
    this.#programs.set(this.outputNames.join("\0"), new Running(program));
  }

  /**
   * `given`: for every input, in their order, [rows, width] row by row.
   * @throws RangeError where ONNX Runtime would fail too: a place beyond a table, a text that is no number
   */
  run(rows: number, given: readonly KernelData[], outputs: readonly string[] = this.outputNames): KernelOutput[] {
    if (this.#last?.outputs !== outputs) this.#last = { outputs, running: this.#running(outputs) };
    return this.#last.running.run(rows, given);
  }

  #running(outputs: readonly string[]): Running {
    const key = outputs.join("\0");
    let running = this.#programs.get(key);
    if (running === undefined) {
      const program = planProgram(this.#model, outputs, this.#options);
      // The whole graph was planned, so a part of it can be.
      if ("operator" in program) throw new RangeError(`${program.operator}: ${program.reason}`);
      if (this.#programs.size < MOST_PROGRAMS) this.#programs.set(key, (running = new Running(program)));
      else running = new Running(program);
    }
    return running;
  }
}

class Running {
  readonly #program: Program;
  readonly #blockRows: number;
  #capacity = 1;

  constructor(program: Program) {
    this.#program = program;
    const width = program.stores.reduce((n, s) => n + s.width, 0);
    const fitting = Math.floor(BLOCK_BYTES / 8 / Math.max(1, width));
    // Whole blocks of the tree walks, where that many fit.
    this.#blockRows = fitting >= 64 ? Math.min(MOST_BLOCK_ROWS, fitting - (fitting % 64)) : Math.max(1, fitting);
  }

  run(rows: number, given: readonly KernelData[]): KernelOutput[] {
    const { inputs, outputs, steps, stores } = this.#program;
    const block = Math.min(rows, this.#blockRows);
    if (block > this.#capacity) {
      this.#capacity = block === 1 ? 1 : Math.min(this.#blockRows, block * 2);
      for (const store of stores) store.grow(this.#capacity);
    }
    const results = new Array<KernelData>(outputs.length);
    for (let i = 0; i < outputs.length; i++) results[i] = make(outputs[i]!.store, rows * outputs[i]!.store.width);
    for (let first = 0; first < rows; first += block) {
      const count = Math.min(block, rows - first);
      for (let i = 0; i < inputs.length; i++) bring(inputs[i]!.store, given[i]!, first, count);
      for (const step of steps) step(count);
      for (let i = 0; i < outputs.length; i++) take(outputs[i]!.store, results[i]!, first, count);
    }
    return outputs.map((o, i) => ({ name: o.name, type: o.type, dims: rows === 1 ? o.shape : [rows * o.shape[0]!, ...o.shape.slice(1)], data: results[i]! }));
  }
}

function make(store: Store, length: number): KernelData {
  switch (store.kind) {
    case "int64": return new BigInt64Array(length);
    case "int32": return new Int32Array(length);
    default: return allocate(store.kind, length);
  }
}

function bring({ width, data, kind }: Store, given: KernelData, first: number, count: number): void {
  const length = count * width;
  const from = first * width;
  if (given instanceof BigInt64Array) for (let i = 0; i < length; i++) (data as Float64Array)[i] = Number(given[from + i]);
  else if (kind === "string") copyTexts(data as string[], given as string[], from, length);
  else if (length < 64) for (let i = 0; i < length; i++) (data as Data)[i] = given[from + i]!;
  else (data as Float64Array).set(length === given.length ? (given as Float64Array) : (given as Float64Array).subarray(from, from + length));
}

/** By itself, so that it is compiled for texts alone. */
function copyTexts(to: string[], given: readonly string[], from: number, length: number): void {
  for (let i = 0; i < length; i++) to[i] = given[from + i]!;
}

function take({ width, data }: Store, result: KernelData, first: number, count: number): void {
  const length = count * width;
  const to = first * width;
  if (result instanceof BigInt64Array) for (let i = 0; i < length; i++) result[to + i] = BigInt(data[i]!);
  else for (let i = 0; i < length; i++) result[to + i] = data[i]!;
}

/** @throws onnx-* for bytes that are no model */
export function openKernel(bytes: Model | Uint8Array, options: PlanOptions = {}): Kernel | Refusal {
  const model = bytes instanceof Uint8Array ? readModel(bytes) : bytes;
  const program = planProgram(model, undefined, options);
  return "operator" in program ? program : new Kernel(model, program, options);
}

