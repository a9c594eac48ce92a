// The arguments of one call of an operator, by ATen's names: read as what the operator takes, or refused by name.

import type { Value } from "../../onnx/index.ts";
import { SlipwayError } from "../../base/index.ts";
import type { ElementType, Tensor } from "../../tensor/index.ts";
import { torchError } from "./errors.ts";
import { describeValue, ListValue, SymbolicInt, TensorValue, type TorchValue } from "./values.ts";
import type { TorchContext } from "./context.ts";

/** What may be done to half precision without computing in it. */
const HALF_SAFE = /^(to|_to_copy|float|double|type_as|contiguous|detach|detach_|alias|clone|lift_fresh_copy|view|reshape|flatten|permute|transpose|t|unsqueeze|squeeze|select|slice|expand|size|sym_size|dim|numel|is_floating_point|embedding|index_select)$/;

/** Parameters that do not change what is computed in evaluation. */
const HARMLESS: ReadonlySet<string> = new Set([
  "device", "layout", "pin_memory", "non_blocking", "memory_format", "copy", "cudnn_enabled", "cudnn_enable", "benchmark", "deterministic", "allow_tf32", "momentum", "padding_idx",
  "scale_grad_by_freq", "sparse", "sparse_grad", "average_attn_weights", "sorted", "path", "requires_grad", "p", "stride", "implicit", "dropout_p", "running_mean", "running_var", "output_padding", "a", "b", "c", "d", "e", "f", "g",
]);

/** Numeric ScalarType codes of ATen. */
export const SCALAR_TYPES: Readonly<Record<number, ElementType>> = { 0: "uint8", 1: "int8", 2: "int16", 3: "int32", 4: "int64", 6: "float", 7: "double", 11: "bool" };

export class Args {
  readonly op: string;
  readonly #given = new Map<string, TorchValue>();
  readonly #c: TorchContext;
  readonly #read = new Set<string>();
  readonly #params: readonly string[];

  constructor(op: string, params: readonly string[], positional: readonly TorchValue[], named: ReadonlyMap<string, TorchValue>, c: TorchContext) {
    this.op = op;
    this.#c = c;
    this.#params = params;
    if (positional.length > params.length) throw torchError("torch-malformed", `${op} is given ${positional.length} arguments; it takes ${params.length}`);
    positional.forEach((v, i) => this.#given.set(params[i]!, v));
    for (const [name, value] of named) this.#given.set(name, value);
  }
  /** The same call with another first argument. */
  on(first: TorchValue): Args {
    const [name] = this.#params;
    return new Args(this.op, this.#params, [], new Map([...this.#given, [name!, first]]), this.#c);
  }
  /** The same call with its arguments told by name. */
  with(named: ReadonlyMap<string, TorchValue>): Args {
    return new Args(this.op, this.#params, [], named, this.#c);
  }
  get(name: string): TorchValue | undefined {
    this.#read.add(name);
    return this.#given.get(name);
  }
  /** Refuses options that the converter has not looked at and that are given a value. */
  refuseUnread(): void {
    for (const [name, value] of this.#given) {
      if (this.#read.has(name) || HARMLESS.has(name) || value === null || value === false) continue;
      if (name === "dtype" && value === 6n) continue;
      throw this.refuse(`${name}=${describeValue(value)}`);
    }
  }
  all(): IterableIterator<TorchValue> {
    for (const name of this.#given.keys()) this.#read.add(name);
    return this.#given.values();
  }
  /** The arguments, without having looked at them. */
  values(): TorchValue[] {
    return [...this.#given.values()];
  }
  /** One of them, without having looked at it. */
  given(name: string): TorchValue | undefined {
    return this.#given.get(name);
  }
  /** Refuses where the result hangs on an element type that was guessed. */
  sure(name: string, what: string): void {
    if (this.#c.isGuess(this.#given.get(name))) throw this.refuse(`${what} of a tensor whose type the file does not tell`);
  }
  /** The same where `value` is no whole number, which tensors of whole numbers would round. */
  sureFor(name: string, value: TorchValue | undefined): void {
    const fraction = typeof value === "number" ? Number.isFinite(value) && !Number.isInteger(value) : value instanceof TensorValue && !this.#c.isGuess(value) && (value.value.type === "float" || value.value.type === "double");
    if (fraction) this.sure(name, "a value that may be no whole number,");
  }
  has(name: string): boolean {
    const value = this.get(name);
    return value !== undefined && value !== null;
  }
  bad(name: string, wanted: string): SlipwayError {
    return torchError("torch-malformed", `${this.op}: ${name} is ${describeValue(this.get(name))}; it should be ${wanted}`, { where: this.op });
  }
  refuse(what: string, hint = "Replace it by other operators, or export the model to ONNX with torch.onnx.export."): SlipwayError {
    return torchError("torch-operator", `${this.op}: ${what} is not compiled`, { where: this.op, hint });
  }
  /** A tensor; numbers become scalars of their own type. */
  tensor(name: string): Value {
    const value = this.get(name);
    if (value instanceof TensorValue) return this.#whole(value).value;
    if (value instanceof SymbolicInt) return value.value;
    if (typeof value === "bigint" || typeof value === "number" || typeof value === "boolean") return this.#c.scalarOf(value);
    throw this.bad(name, "a tensor");
  }
  /** Half precision may be moved about and made float; computing in it is not the same as computing in float. */
  #whole(value: TensorValue): TensorValue {
    if (value.half !== undefined && !HALF_SAFE.test(this.op)) {
      throw torchError("torch-operator", `${this.op} computes in ${value.half}, whose rounding depends on the machine, and is not compiled`, { where: this.op, hint: "Call model.float() and save it again: the weights stay the same numbers." });
    }
    return value;
  }
  optional(name: string): Value | null {
    return this.has(name) ? this.tensor(name) : null;
  }
  isTensor(name: string): boolean {
    return this.get(name) instanceof TensorValue;
  }
  /** The content of a parameter of the file. */
  weight(name: string): Tensor | undefined {
    const value = this.get(name);
    return value instanceof TensorValue ? value.constant : undefined;
  }
  int(name: string, fallback?: number): number {
    const value = this.has(name) ? this.get(name) : undefined;
    if (value === undefined && fallback !== undefined) return fallback;
    if (typeof value === "bigint" || typeof value === "boolean") return Number(value);
    if (value instanceof SymbolicInt) throw this.refuse(`${name} that depends on the input's size`);
    throw this.bad(name, "an integer");
  }
  float(name: string, fallback?: number): number {
    const value = this.has(name) ? this.get(name) : undefined;
    if (value === undefined && fallback !== undefined) return fallback;
    if (typeof value === "number" || typeof value === "bigint") return Number(value);
    throw this.bad(name, "a number");
  }
  bool(name: string, fallback: boolean): boolean {
    const value = this.has(name) ? this.get(name) : undefined;
    if (value === undefined) return fallback;
    if (typeof value === "boolean") return value;
    throw this.bad(name, "True or False");
  }
  string(name: string, fallback: string): string {
    const value = this.has(name) ? this.get(name) : undefined;
    if (value === undefined) return fallback;
    if (typeof value === "string") return value;
    throw this.bad(name, "a text");
  }
  /** A list of integers, or one that stands for `count`. */
  ints(name: string, fallback?: readonly number[], count?: number): number[] {
    const value = this.has(name) ? this.get(name) : undefined;
    if (value === undefined && fallback) return [...fallback];
    if (typeof value === "bigint" && count !== undefined) return new Array<number>(count).fill(Number(value));
    if (!(value instanceof ListValue)) throw this.bad(name, "a list of integers");
    const out = value.items.map((item) => {
      if (item instanceof SymbolicInt) throw this.refuse(`${name} that depends on the input's size`);
      if (typeof item !== "bigint") throw this.bad(name, "a list of integers");
      return Number(item);
    });
    if (count !== undefined && out.length === 1) return new Array<number>(count).fill(out[0]!);
    if (count !== undefined && out.length === 0 && fallback) return [...fallback];
    if (count !== undefined && out.length !== count) throw this.bad(name, `${count} integers`);
    return out;
  }
  /** Axes: one or a list; counted from the front. undefined: not given. */
  axes(name: string, rank: number): number[] | undefined {
    const value = this.get(name);
    if (value === undefined || value === null) return undefined;
    const raw = typeof value === "bigint" ? [Number(value)] : this.ints(name);
    return raw.map((a) => this.#axis(a, rank, name));
  }
  axis(name: string, rank: number, fallback?: number): number {
    return this.#axis(this.int(name, fallback), rank, name);
  }
  #axis(a: number, rank: number, name: string): number {
    const axis = a < 0 ? a + rank : a;
    if (!(axis >= 0 && axis < Math.max(1, rank))) throw torchError("torch-malformed", `${this.op}: ${name} is ${a} for a tensor of ${rank} dimensions`);
    return axis;
  }
  list(name: string): TorchValue[] {
    const value = this.get(name);
    if (!(value instanceof ListValue)) throw this.bad(name, "a list");
    return value.items;
  }
  tensors(name: string): Value[] {
    return this.list(name).map((item) => {
      if (item instanceof SymbolicInt || typeof item === "bigint" || typeof item === "number" || typeof item === "boolean") return this.#c.scalarOf(item);
      if (!(item instanceof TensorValue)) throw this.bad(name, "a list of tensors");
      return this.#whole(item).value;
    });
  }
  training(name: string): void {
    if (this.bool(name, false)) {
      throw torchError("torch-training", `${this.op} was saved in training mode`, { where: this.op, hint: "Call model.eval() before saving, scripting or tracing the model." });
    }
  }
}
