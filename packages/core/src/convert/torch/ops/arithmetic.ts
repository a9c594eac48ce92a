// Elementwise arithmetic, comparison and choice, with PyTorch's type promotion; of sizes and numbers known now as well.

import type { Value } from "../../../onnx/index.ts";
import type { Tensor } from "../../../tensor/index.ts";
import type { Args } from "../args.ts";
import type { TorchContext } from "../context.ts";
import { defineOperator, type Operator } from "../operator.ts";
import { ListValue, SymbolicInt, TensorValue, type TorchValue } from "../values.ts";
import { wholeFloor } from "./exact.ts";
import { both } from "./promotion.ts";

const isNumber = (v: TorchValue | undefined): v is bigint | number | boolean => typeof v === "bigint" || typeof v === "number" || typeof v === "boolean";
const isSize = (v: TorchValue | undefined): boolean => v instanceof SymbolicInt;

/** Traced code computes sizes with integer tensors without dimensions. */
function numberOf(v: TorchValue | undefined): TorchValue | undefined {
  const t = v instanceof TensorValue ? v.constant : undefined;
  if (!t || t.shape.length > 0) return v;
  return t.type === "int64" ? (t as Tensor<"int64">).data[0] : t.type === "float" || t.type === "double" ? Number(t.data[0]) : v;
}

/** Numbers stay numbers, sizes sizes. */
function sizeful(args: Args, c: TorchContext, known: (a: number, b: number) => number, whole: boolean, make: () => Value): TorchValue | Value {
  const [a, b] = [numberOf(args.get("self")), numberOf(args.get("other"))];
  if (isNumber(a) && isNumber(b) && !(args.isTensor("self") && args.isTensor("other"))) {
    const result = known(Number(a), Number(b));
    return whole && typeof a !== "number" && typeof b !== "number" ? BigInt(Math.trunc(result)) : result;
  }
  const value = make();
  return (isSize(a) || isNumber(a)) && (isSize(b) || isNumber(b)) && value.type === "int64" ? c.sizeValue(value) : value;
}

/** Lists are added by joining them. */
function joined(args: Args): ListValue | undefined {
  const [a, b] = [args.get("self"), args.get("other")];
  if (!(a instanceof ListValue) || !(b instanceof ListValue)) return undefined;
  if (a.items.length + b.items.length > 100_000) throw args.refuse("so long a list");
  return new ListValue([...a.items, ...b.items], a.tuple);
}

const scaled = (args: Args, value: Value, c: TorchContext): Value => {
  const alpha = args.has("alpha") ? args.float("alpha") : 1;
  return alpha === 1 ? value : c.o.mul(value, alpha);
};

function divide(args: Args, c: TorchContext): TorchValue | Value {
  // floor_divide rounded towards zero before PyTorch 1.13; of sizes, as Python divides, it does not matter.
  if (args.op === "floor_divide" && c.mayBeOld && args.isTensor("self")) throw args.refuse("rounding, which was another before PyTorch 1.13 and which the file does not tell,", "Save the model again with PyTorch 2.1 or newer, or write torch.div(x, y, rounding_mode=\"floor\").");
  let mode = args.op.startsWith("floor") ? "floor" : args.string("rounding_mode", "");
  if (mode === "" && c.dividesWhole && /^div_?$/.test(args.op) && args.isTensor("self")) {
    const whole = ["self", "other"].every((name) => {
      const v = args.get(name);
      return v instanceof TensorValue ? v.value.type !== "float" && v.value.type !== "double" || c.isGuess(v) : typeof v !== "number";
    });
    if (whole) for (const name of ["self", "other"]) args.sure(name, "the quotient");
    if (whole) mode = "trunc";
  }
  if (mode === "") return sizeful(args, c, (a, b) => a / b, false, () => c.o.div(...both(args, c, "float")));
  return sizeful(args, c, (a, b) => (mode === "floor" ? Math.floor(a / b) : Math.trunc(a / b)), true, () => {
    const [a, b] = both(args, c, "int32");
    const isWhole = a.type === "int64" || a.type === "int32";
    // Sizes are not negative: whole division of them is that of ONNX.
    if (isWhole) return isSize(args.get("self")) || mode === "trunc" ? c.o.div(a, b) : wholeFloor(a, b, c);
    const quotient = c.o.div(a, b);
    return mode === "floor" ? c.graph.op("Floor", [quotient]) : c.o.mul(c.graph.op("Sign", [quotient]), c.graph.op("Floor", [c.o.abs(quotient)]));
  });
}

/** Of numbers known now. */
const ROUNDINGS: Readonly<Record<string, (x: number) => TorchValue>> = { floor: (x) => BigInt(Math.floor(x)), ceil: (x) => BigInt(Math.ceil(x)), sqrt: Math.sqrt, trunc: (x) => BigInt(Math.trunc(x)) };
const OPEN = "through" as const;
const unary = (names: readonly string[], make: (x: Value, c: TorchContext) => Value, toFloat = true): Operator =>
  defineOperator({
    names, params: "self", open: OPEN, convert: (args, c) => {
      const known = args.get("self");
      const round = ROUNDINGS[args.op];
      if (round && (typeof known === "number" || typeof known === "bigint")) return round(Number(known));
      const x = args.tensor("self");
      return make(toFloat && x.type !== "float" && x.type !== "double" ? c.o.cast(x, "float") : x, c);
    },
  });
const node = (op: string) => (x: Value, c: TorchContext): Value => c.graph.op(op, [x]);

/** true: both are the same size of the input; undefined: it cannot be told. */
function sameSize(a: TorchValue, b: TorchValue, c: TorchContext): boolean | undefined {
  if (!(a instanceof SymbolicInt) || !(b instanceof SymbolicInt)) return a instanceof SymbolicInt || b instanceof SymbolicInt ? undefined : a === b;
  const [x, y] = [a, b].map((s) => c.graph.contentOf(s.value)?.[0]);
  return a === b || (x !== null && x !== undefined && x === y) ? true : undefined;
}
const compare = (names: readonly string[], op: string, known: (a: number, b: number) => boolean): Operator =>
  defineOperator({
    names, params: "self other", convert: (args, c) => {
      const [a, b] = [args.get("self"), args.get("other")];
      if (isNumber(a) && isNumber(b)) return known(Number(a), Number(b));
      if (a instanceof ListValue && b instanceof ListValue && /^(Equal|NotEqual)$/.test(op)) {
        const each = a.items.map((x, i) => sameSize(x, b.items[i] ?? null, c));
        // null: it cannot be told.
        if (a.items.length === b.items.length && !each.includes(false) && each.includes(undefined)) return null;
        return (a.items.length === b.items.length && !each.includes(false)) === (op === "Equal");
      }
      // The same size is equal to itself, whatever it is.
      if (a instanceof SymbolicInt && b instanceof SymbolicInt && sameSize(a, b, c)) return op.endsWith("Equal") && op !== "NotEqual";
      if ((typeof a === "string" && typeof b === "string") || a === null || b === null) return op === "Equal" ? a === b : op === "NotEqual" ? a !== b : false;
      const [x, y] = both(args, c, op === "Equal" || op === "NotEqual" ? "bool" : "uint8");
      return op === "NotEqual" ? c.o.not(c.o.equal(x, y)) : c.graph.op(op, [x, y]);
    },
  });

const asBool = (v: Value, c: TorchContext): Value => c.o.cast(v, "bool");
const logical = (names: readonly string[], make: (a: Value, b: Value, c: TorchContext) => Value, known: (a: boolean, b: boolean) => boolean): Operator =>
  defineOperator({
    names, params: "self other", convert: (args, c) => {
      const [a, b] = [args.get("self"), args.get("other")];
      if (typeof a === "boolean" && typeof b === "boolean") return known(a, b);
      return make(asBool(args.tensor("self"), c), asBool(args.tensor("other"), c), c);
    },
  });

function bounds(args: Args, c: TorchContext): Value {
  let x = args.tensor("self");
  const limit = (name: string): Value | null => (args.has(name) ? c.o.cast(args.tensor(name), x.type) : null);
  if (c.mayBeOld) for (const name of ["min", "max"]) args.sureFor("self", args.get(name));
  if (c.mayBeOld && x.type.startsWith("int") && (typeof args.get("min") === "number" || typeof args.get("max") === "number")) throw args.refuse("a bound that is no whole number, which older versions took otherwise,", "Save the model again with PyTorch 2.1 or newer.");
  if ((x.type === "int64" || x.type === "int32") && (typeof args.get("min") === "number" || typeof args.get("max") === "number")) x = c.o.cast(x, "float");
  const [low, high] = [limit("min"), limit("max")];
  if (low) x = c.o.maximum(x, low);
  return high ? c.o.minimum(x, high) : x;
}

export const ARITHMETIC: readonly Operator[] = [
  defineOperator({ names: ["add", "__add__", "__radd__"], params: "self other alpha", open: OPEN, convert: (args, c) => joined(args) ?? sizeful(args, c, (a, b) => a + b, true, () => {
    const [a, b] = both(args, c);
    return a.type === "bool" ? c.o.or(a, b) : c.o.add(a, scaled(args, b, c));
  }) }),
  defineOperator({ names: ["sub", "subtract"], params: "self other alpha", open: OPEN, convert: (args, c) => sizeful(args, c, (a, b) => a - b, true, () => {
    const [a, b] = both(args, c);
    return c.o.sub(a, scaled(args, b, c));
  }) }),
  defineOperator({ names: ["rsub"], params: "self other alpha", open: OPEN, convert: (args, c) => {
    const [a, b] = both(args, c);
    return c.o.sub(b, scaled(args, a, c));
  } }),
  defineOperator({ names: ["mul", "multiply"], params: "self other", open: OPEN, convert: (args, c) => sizeful(args, c, (a, b) => a * b, true, () => {
    const [a, b] = both(args, c);
    return a.type === "bool" ? c.o.and(a, b) : c.o.mul(a, b);
  }) }),
  defineOperator({ names: ["div", "true_divide", "divide"], params: "self other rounding_mode", open: OPEN, convert: divide }),
  defineOperator({ names: ["floordiv", "floor_divide"], params: "self other", convert: divide }),
  defineOperator({ names: ["remainder", "fmod"], params: "self other", convert: (args, c) => sizeful(args, c, (a, b) => (args.op === "fmod" ? a % b : a - b * Math.floor(a / b)), true, () => {
    const [a, b] = both(args, c);
    if (a.type === "float" || a.type === "double") return args.op === "fmod" ? c.graph.op("Mod", [a, b], { fmod: 1 }) : c.o.sub(a, c.o.mul(b, c.graph.op("Floor", [c.o.div(a, b)])));
    return c.graph.op("Mod", [a, b], { fmod: args.op === "fmod" ? 1 : 0 });
  }) }),
  defineOperator({ names: ["pow"], params: "self exponent", convert: (args, c) => {
    if (isNumber(args.get("self")) && isNumber(args.get("exponent"))) return Number(args.get("self")) ** Number(args.get("exponent"));
    const [a, b] = both(args, c, "bool", ["self", "exponent"]);
    if (args.get("exponent") === 2n) return c.o.mul(a, a);
    return c.o.pow(a, b);
  } }),
  defineOperator({ names: ["float_power"], params: "self exponent", convert: (args, c) => {
    const [a, b] = ["self", "exponent"].map((name) => {
      const v = args.get(name);
      return typeof v === "number" || typeof v === "bigint" ? c.o.scalar(Number(v), "double") : c.o.cast(args.tensor(name), "double");
    }) as [Value, Value];
    return c.o.pow(a, b);
  } }),
  defineOperator({ names: ["addcmul", "addcdiv"], params: "self tensor1 tensor2 value", convert: (args, c) => {
    const [a, b] = [args.tensor("tensor1"), args.tensor("tensor2")];
    const value = args.float("value", 1);
    const product = args.op.startsWith("addcmul") ? c.o.mul(a, b) : c.o.div(a, b);
    return c.o.add(args.tensor("self"), value === 1 ? product : c.o.mul(product, value));
  } }),
  defineOperator({ names: ["lerp"], params: "self end weight", convert: (args, c) => {
    const x = args.tensor("self");
    return c.o.add(x, c.o.mul(c.o.sub(args.tensor("end"), x), c.o.cast(args.tensor("weight"), x.type)));
  } }),
  defineOperator({ names: ["neg", "negative"], params: "self", open: OPEN, convert: (args, c) => {
    const v = args.get("self");
    if (typeof v === "bigint" || typeof v === "number") return -v;
    if (v instanceof SymbolicInt) return new SymbolicInt(c.o.neg(v.value));
    const x = args.tensor("self");
    // Bytes go round.
    return x.type === "uint8" ? c.o.cast(c.graph.op("Mod", [c.o.sub(c.o.scalar(256, "int64"), c.o.cast(x, "int64")), c.o.scalar(256, "int64")]), "uint8") : c.o.neg(x);
  } }),
  unary(["sqrt"], (x, c) => c.o.sqrt(x)), unary(["exp"], (x, c) => c.o.exp(x)), unary(["log"], (x, c) => c.o.log(x)),
  unary(["rsqrt"], (x, c) => c.o.div(1, c.o.sqrt(x))), unary(["reciprocal"], (x, c) => c.o.div(1, x)), unary(["square"], (x, c) => c.o.mul(x, x), false),
  unary(["abs", "absolute"], (x, c) => c.o.abs(x), false), unary(["sign", "sgn"], node("Sign"), false), unary(["floor"], node("Floor")), unary(["ceil"], node("Ceil")),
  unary(["trunc", "fix"], (x, c) => c.o.mul(c.graph.op("Sign", [x]), c.graph.op("Floor", [c.o.abs(x)]))),
  unary(["sin"], node("Sin")), unary(["cos"], node("Cos")), unary(["tan"], node("Tan")), unary(["asin"], node("Asin")), unary(["acos"], node("Acos")), unary(["atan"], node("Atan")),
  unary(["sinh"], node("Sinh")), unary(["cosh"], node("Cosh")), unary(["erf"], node("Erf")), unary(["expm1"], (x, c) => c.o.sub(c.o.exp(x), 1)), unary(["log1p"], (x, c) => c.o.log(c.o.add(x, 1))),
  unary(["log2"], (x, c) => c.o.mul(c.o.log(x), Math.LOG2E)), unary(["log10"], (x, c) => c.o.mul(c.o.log(x), Math.LOG10E)), unary(["isnan"], (x, c) => c.o.isNaN(x)), unary(["isinf"], node("IsInf")),
  compare(["eq", "__eq__"], "Equal", (a, b) => a === b), compare(["ne", "__ne__"], "NotEqual", (a, b) => a !== b),
  compare(["lt"], "Less", (a, b) => a < b), compare(["le"], "LessOrEqual", (a, b) => a <= b), compare(["gt"], "Greater", (a, b) => a > b), compare(["ge"], "GreaterOrEqual", (a, b) => a >= b),
  logical(["logical_and"], (a, b, c) => c.o.and(a, b), (a, b) => a && b), logical(["logical_or"], (a, b, c) => c.o.or(a, b), (a, b) => a || b),
  logical(["logical_xor"], (a, b, c) => c.graph.op("Xor", [a, b]), (a, b) => a !== b),
  defineOperator({ names: ["logical_not", "__not__"], params: "self", convert: (args, c) => {
    const v = args.get("self");
    return typeof v === "boolean" ? !v : c.o.not(asBool(args.tensor("self"), c));
  } }),
  defineOperator({ names: ["where"], params: "condition self other", convert: (args, c) => {
    const [a, b] = both(args, c);
    return c.where(c.o.cast(args.tensor("condition"), "bool"), a, b);
  } }),
  defineOperator({ names: ["clamp", "clip", "clamp_min"], params: "self min max", open: OPEN, convert: bounds }),
  defineOperator({ names: ["clamp_max"], params: "self max", open: OPEN, convert: bounds }),
  defineOperator({ names: ["maximum", "fmax"], params: "self other", convert: (args, c) => c.o.maximum(...both(args, c)) }),
  defineOperator({ names: ["minimum", "fmin"], params: "self other", convert: (args, c) => c.o.minimum(...both(args, c)) }),
];
