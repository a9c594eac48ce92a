// Calls operators while a model is followed: finds the operator, keeps guessed types, views, half precision and what is
// written in place, and gives converters the graph to add nodes to.

import { Ops, type GraphBuilder, type Value } from "../../onnx/index.ts";
import { SlipwayError } from "../../base/index.ts";
import { floats, int64s, type ElementType, type Tensor } from "../../tensor/index.ts";
import { shown, torchError } from "./errors.ts";
import { ListValue, OpenInput, SymbolicInt, TensorValue, type TorchValue } from "./values.ts";
import { Args, SCALAR_TYPES } from "./args.ts";
import { ShapeFound, type Operator } from "./operator.ts";

/** These give more than one tensor, of which only the first is computed. */
const TUPLES = /^_?native_(batch|layer)_norm|^native_dropout$|^log_sigmoid_forward$/;

/** These give floats of whole numbers, or take none. */
const FLOATS = /^(div|true_divide|divide|mean|var|std|var_mean|std_mean|exp\w*|log\w*|sqrt|rsqrt|reciprocal|sin|cos|tan|asin|acos|atan|atan2|sinh|cosh|tanh|asinh|acosh|atanh|erf\w*|sigmoid|softmax|_softmax|softmin|linear|addmm|baddbmm|conv\w*|_convolution|\w*norm\w*|gelu|silu|mish|elu|selu|celu|leaky_relu|hardswish|hardsigmoid|softplus|softsign|prelu|glu|lstm|gru|rnn_\w+|\w*attention\w*|float|double|to|_to_copy|type_as|avg_pool\w*|adaptive_avg_pool\w*|upsample\w*|interpolate|grid_sampler\w*|cosine_similarity|cdist|quantile|nanquantile|median)$/;
/** A float among these makes floats of whole numbers. */
const PROMOTES = /^(add|sub|subtract|rsub|mul|multiply|pow|remainder|fmod|where|clamp|clip|clamp_min|clamp_max|maximum|minimum|floor_divide|floordiv|lerp|addcmul|addcdiv)$/;

/** These put values into a tensor, which keeps its type. */
const PLACES = /^(index_fill|index_copy|index_put|_index_put_impl|_unsafe_index_put|scatter|select_scatter|slice_scatter|diagonal_scatter|masked_fill|copy|fill)_?$/;

/** The model is followed for at most so many operators. */
const MAX_CALLS = 100_000;

/** What converters add nodes with. */
export class TorchContext {
  readonly graph: GraphBuilder;
  readonly o: Ops;
  /** The file may be of a PyTorch before 1.13, in which some operators did other things. */
  mayBeOld = false;
  /** div of whole numbers cuts their fraction off, as before PyTorch 1.5: PyTorch still does so in files of versions before 4. */
  dividesWhole = false;
  /** The model was saved in training mode. */
  trains = false;
  /** An operator on images or sequences was given one without a batch. */
  unbatched = false;
  readonly #registry: ReadonlyMap<string, Operator>;
  readonly #guessed = new Set<Value>();
  #calls = 0;

  constructor(graph: GraphBuilder, registry: ReadonlyMap<string, Operator>) {
    this.graph = graph;
    this.o = new Ops(graph);
    this.#registry = registry;
  }

  /** The element type of this value is a guess: the file does not tell that of the input that it comes from. */
  guess(value: Value): void {
    this.#guessed.add(value);
  }
  isGuess(value: TorchValue | undefined): boolean {
    return value instanceof TensorValue && this.#guessed.has(value.value);
  }
  /** A result is of a guessed type where an argument of the same type is, unless it is a float whatever it is made of. */
  #passGuess(args: Args, made: TorchValue): void {
    if (this.#guessed.size === 0 || FLOATS.test(args.op.replace(/_$/, ""))) return;
    const given = args.values().flatMap((v) => (v instanceof ListValue ? v.items : [v]));
    const types = new Set(given.flatMap((v) => (v instanceof TensorValue && this.isGuess(v) ? [v.value.type] : [])));
    if (types.size === 0) return;
    const floats = given.some((v) => v instanceof TensorValue && !this.isGuess(v) && (v.value.type === "float" || v.value.type === "double")) || (PROMOTES.test(args.op) && given.some((v) => typeof v === "number"));
    for (const v of made instanceof ListValue ? made.items : [made]) if (v instanceof TensorValue && types.has(v.value.type) && !(floats && v.value.type === "float")) this.#guessed.add(v.value);
  }

  /** Follows one operator: "relu", "add_", "mean". */
  call(name: string, positional: readonly TorchValue[], named: ReadonlyMap<string, TorchValue> = new Map()): TorchValue {
    if (++this.#calls > MAX_CALLS) throw torchError("torch-limit", `the model takes more than ${MAX_CALLS} operators`);
    const inPlace = /[^_]_$/.test(name) && !this.#registry.has(name);
    const operator = this.#registry.get(inPlace ? name.slice(0, -1) : name);
    if (!operator) {
      throw torchError("torch-operator", `the operator ${shown(name)} is not compiled`, { where: shown(name), hint: "Export the model to ONNX: torch.onnx.export(model, (example,), 'model.onnx')." });
    }
    const args = new Args(name, operator.params.split(" "), positional, named, this);
    const open = [...positional, ...named.values()].flatMap((v) => (v instanceof ListValue ? v.items : [v])).find((v) => v instanceof OpenInput);
    if (open instanceof OpenInput) return this.#open(operator, args, open);
    const first = positional[0] ?? named.get("self") ?? named.get("input");
    if (inPlace && first instanceof TensorValue && first.kept && this.trains) {
      throw torchError("torch-training", `the model was saved in training mode, where ${shown(name)} changes what it keeps`, { where: shown(name), hint: "Call model.eval() before saving, scripting or tracing the model." });
    }
    if (inPlace && first instanceof TensorValue && (first.kept || first.unsure)) {
      throw torchError("torch-operator", first.kept ? `${shown(name)} changes a parameter or buffer of the model, so that one prediction would depend on those before` : `${shown(name)} changes a reshaped tensor in place, and whether that changes the tensor it was made from cannot be told`, {
        where: shown(name), hint: "Use the operator without the underscore." });
    }
    if (PLACES.test(args.op) && this.#guessed.size > 0) for (const name of ["value", "values", "src", "source"]) args.sureFor("self", args.given(name));
    const made = this.#made(operator, args);
    this.#passGuess(args, made);
    if (inPlace && first instanceof TensorValue && this.isGuess(first)) this.#guessed.add(made instanceof TensorValue ? made.value : first.value);
    if (operator.view && first instanceof TensorValue) this.#look(operator, args, first, made);
    if (inPlace && first instanceof TensorValue && made instanceof TensorValue) {
      this.#write(first, made.value);
      return first;
    }
    return made;
  }
  #made(operator: Operator, args: Args): TorchValue {
    const result = this.#convert(operator, args);
    const single = isGraphValue(result) ? new TensorValue(result) : result;
    return TUPLES.test(args.op) && single instanceof TensorValue ? new ListValue([single, null, null], true) : single;
  }
  /** The results are views of `base`. */
  #look(operator: Operator, args: Args, base: TensorValue, made: TorchValue): void {
    const reshaping = operator.view === "dense";
    (made instanceof ListValue ? made.items : [made]).forEach((v, i) => {
      if (!(v instanceof TensorValue) || v === base) return;
      v.half = base.half;
      if (reshaping && !base.dense) {
        v.unsure = true;
        return;
      }
      v.dense = base.dense && (reshaping || operator.view === "keeps");
      v.look({ base, replay: (value) => {
        const again = this.#made(operator, args.on(new TensorValue(value)));
        const one = again instanceof ListValue ? again.items[i] : again;
        if (!(one instanceof TensorValue)) throw args.refuse("such a view");
        return one.value;
      } });
    });
  }
  /** x[...] = value: every element that the view sees is put where it lies in the base. */
  #write(target: TensorValue, given: Value): void {
    const { o, graph } = this;
    const typed = o.cast(given, target.value.type);
    const whole = target.value.shape?.length === typed.shape?.length && typed.shape?.every((d, i) => d === target.value.shape![i] && d !== null);
    const value = whole ? typed : graph.op("Expand", [typed, graph.op("Shape", [target.value])]);
    target.write(value, ({ base, replay }, part) => {
      const shape = graph.op("Shape", [base.value]);
      const numbers = graph.op("Reshape", [graph.op("Range", [o.scalar(0, "int64"), graph.op("Size", [base.value]), o.scalar(1, "int64")]), shape]);
      const flat = (v: Value): Value => o.reshape(v, [-1]);
      return graph.op("Reshape", [graph.op("ScatterElements", [flat(base.value), flat(replay(numbers)), flat(part)], { axis: 0 }), shape]);
    });
  }
  #convert(operator: Operator, args: Args): TorchValue | Value {
    try {
      const result = operator.convert(args, this);
      args.refuseUnread();
      return result;
    } catch (error) {
      if (!(error instanceof SlipwayError) || error.code !== "onnx-internal") throw error;
      throw torchError("torch-operator", `${shown(args.op)} cannot be compiled here: ${error.message.slice(0, 300)}`, { where: shown(args.op), cause: error, hint: "float32 models are compiled: call model.float(). If the shapes were told by a tracing example, trace with another one." });
    }
  }
  #open(operator: Operator, args: Args, input: OpenInput): TorchValue {
    const told = args.get(operator.opens ?? operator.params.split(" ")[0]!) === input;
    const found = told && typeof operator.open === "function" ? operator.open(args) : undefined;
    if (found) throw new ShapeFound(input.index, found);
    // A mask of bools and one of floats mean different things, and so does another tensor's type.
    if (["mask", "attn_mask", "src_mask"].some((n) => args.get(n) === input) && /attention|encoder_layer/.test(args.op)) {
      if (args.get("mask_type") === 1n) throw new ShapeFound(input.index, { type: "bool", shape: ["N", null] });
      throw args.refuse("a mask whose type the file does not tell", "Trace the model with an example in a newer PyTorch, or export it with torch.export.");
    }
    if (/^(type_as|to)$/.test(args.op) && [args.get("dtype"), args.get("other")].includes(input)) throw args.refuse("the type of an input, which the file does not tell,", "Trace the model with an example in a newer PyTorch.");
    if (operator.open === "through") return input;
    throw torchError("torch-operator", `the file does not tell the shape of the model's input, and ${shown(args.op)} comes first, which does not tell it either`, {
      where: shown(args.op), hint: "Trace the model with an example (torch.jit.trace(model, example)), or export it with torch.export." });
  }

  /** The element type that dtype= names. */
  typeNamed(args: Args, name = "dtype"): ElementType {
    const type = SCALAR_TYPES[args.int(name)];
    if (!type) throw args.refuse("half precision and complex numbers", "Call model.float() and save it again.");
    return type;
  }
  /** Where, for types that the engine chooses between only when they are wider. */
  where(condition: Value, a: Value, b: Value): Value {
    if (!/^(bool|int8|int16)$/.test(a.type)) return this.o.where(condition, a, b);
    return this.o.cast(this.o.where(condition, this.o.cast(a, "int32"), this.o.cast(b, "int32")), a.type);
  }
  /** A number or size as a scalar of its own type. */
  scalarOf(value: SymbolicInt | bigint | number | boolean): Value {
    if (value instanceof SymbolicInt) return value.value;
    return typeof value === "bigint" ? this.graph.constant(int64s([value], [])) : this.o.scalar(Number(value), typeof value === "number" ? "float" : "bool");
  }
  /** A size: the number where it is known. */
  sizeValue(value: Value): bigint | SymbolicInt {
    const [known] = this.graph.contentOf(value) ?? [];
    return typeof known === "number" ? BigInt(known) : new SymbolicInt(value);
  }
  floats(data: Float32Array | readonly number[], shape?: readonly number[]): Value {
    return this.graph.constant(floats(data, shape));
  }
  /** A constant of the type of `like`. */
  number(value: number, like: Value): Value {
    return this.o.scalar(value, like.type === "double" || like.type === "int64" || like.type === "int32" ? like.type : "float");
  }
  /** A parameter, buffer or constant of the file; `half` where the file holds it in half precision. */
  tensor(t: Tensor, half?: string): TensorValue {
    const value = new TensorValue(this.graph.constant(t), t);
    value.kept = true;
    value.half = half;
    return value;
  }
  rank(value: Value): number {
    if (value.shape === null) throw torchError("torch-operator", "a value's number of dimensions cannot be told");
    return value.shape.length;
  }
  /** A dimension that must be known. */
  size(value: Value, axis: number, args: Args): number {
    const d = value.shape?.at(axis);
    if (typeof d !== "number") throw args.refuse(`an input whose dimension ${axis} is open`, "Trace the model with an example of the size it is used with.");
    return d;
  }
  /** The size of a dimension: a number where it is known. */
  sizeOf(value: Value, axis: number): bigint | SymbolicInt {
    const d = value.shape?.at(axis);
    if (typeof d === "number") return BigInt(d);
    const at = axis < 0 ? axis + this.rank(value) : axis;
    return this.sizeValue(this.o.squeeze(this.graph.op("Shape", [value], { start: at, end: at + 1 }), 0));
  }
  /** Sizes as an int64 list. */
  shape(items: readonly TorchValue[], args: Args): Value {
    if (items.every((i) => typeof i === "bigint")) return this.o.int64s(items);
    return this.o.concat(items.map((i) => {
      if (typeof i === "bigint") return this.o.int64s([i]);
      if (i instanceof SymbolicInt) return this.o.unsqueeze(i.value, 0);
      if (i instanceof TensorValue) return this.o.reshape(this.o.cast(i.value, "int64"), [1]);
      throw args.refuse("such a size");
    }), 0);
  }
}

function isGraphValue(value: TorchValue | Value): value is Value {
  return typeof value === "object" && value !== null && "name" in value && "type" in value;
}
