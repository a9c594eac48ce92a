// Operators of two operands, element by element, with ONNX's broadcasting. Numbers are computed in double and stored in the
// result's type, which for + - * / rounds exactly as float32 arithmetic does.

import { broadcastMap, broadcastShape, NotForMe, type Data, type Kind, type Numbers, type Step, type Value } from "../value.ts";
import type { Build, NodeView, Planner } from "../node-view.ts";

type Flat = (o: Numbers, a: Numbers, b: Numbers, n: number) => void;
/** n rows of w; row r of an operand starts at r times its stride, and its elements are picked by a map. */
type Mapped = (o: Numbers, a: Numbers, b: Numbers, n: number, w: number, sa: number, ma: Int32Array, sb: number, mb: Int32Array) => void;
/** n rows of w, each with the same row: how columns are scaled. */
type Repeated = (o: Numbers, a: Numbers, row: Numbers, n: number, w: number) => void;
interface Operation { readonly flat: Flat; readonly mapped: Mapped; readonly repeated?: Repeated }

/** Powers of which ONNX Runtime makes products. */
function power(x: number, y: number): number {
  return y === 2 ? x * x : y === 3 ? x * x * x : x ** y;
}
function modulo(x: number, y: number): number {
  const m = x % y;
  return m !== 0 && m < 0 !== y < 0 ? m + y : m;
}

// Every loop stands by itself, so that each is compiled for the arrays it meets.
const OPERATIONS: Readonly<Record<string, Operation>> = {
  Add: {
    flat: (o, a, b, n) => { for (let i = 0; i < n; i++) o[i] = a[i]! + b[i]!; },
    mapped: (o, a, b, n, w, sa, ma, sb, mb) => { for (let r = 0, i = 0; r < n; r++) for (let k = 0; k < w; k++) o[i++] = a[r * sa + ma[k]!]! + b[r * sb + mb[k]!]!; },
    repeated: (o, a, row, n, w) => { for (let r = 0, i = 0; r < n; r++) for (let k = 0; k < w; k++, i++) o[i] = a[i]! + row[k]!; },
  },
  Sub: {
    flat: (o, a, b, n) => { for (let i = 0; i < n; i++) o[i] = a[i]! - b[i]!; },
    mapped: (o, a, b, n, w, sa, ma, sb, mb) => { for (let r = 0, i = 0; r < n; r++) for (let k = 0; k < w; k++) o[i++] = a[r * sa + ma[k]!]! - b[r * sb + mb[k]!]!; },
    repeated: (o, a, row, n, w) => { for (let r = 0, i = 0; r < n; r++) for (let k = 0; k < w; k++, i++) o[i] = a[i]! - row[k]!; },
  },
  Mul: {
    flat: (o, a, b, n) => { for (let i = 0; i < n; i++) o[i] = a[i]! * b[i]!; },
    mapped: (o, a, b, n, w, sa, ma, sb, mb) => { for (let r = 0, i = 0; r < n; r++) for (let k = 0; k < w; k++) o[i++] = a[r * sa + ma[k]!]! * b[r * sb + mb[k]!]!; },
    repeated: (o, a, row, n, w) => { for (let r = 0, i = 0; r < n; r++) for (let k = 0; k < w; k++, i++) o[i] = a[i]! * row[k]!; },
  },
  Div: {
    flat: (o, a, b, n) => { for (let i = 0; i < n; i++) o[i] = a[i]! / b[i]!; },
    mapped: (o, a, b, n, w, sa, ma, sb, mb) => { for (let r = 0, i = 0; r < n; r++) for (let k = 0; k < w; k++) o[i++] = a[r * sa + ma[k]!]! / b[r * sb + mb[k]!]!; },
    repeated: (o, a, row, n, w) => { for (let r = 0, i = 0; r < n; r++) for (let k = 0; k < w; k++, i++) o[i] = a[i]! / row[k]!; },
  },
  Less: {
    flat: (o, a, b, n) => { for (let i = 0; i < n; i++) o[i] = a[i]! < b[i]! ? 1 : 0; },
    mapped: (o, a, b, n, w, sa, ma, sb, mb) => { for (let r = 0, i = 0; r < n; r++) for (let k = 0; k < w; k++) o[i++] = a[r * sa + ma[k]!]! < b[r * sb + mb[k]!]! ? 1 : 0; },
  },
  LessOrEqual: {
    flat: (o, a, b, n) => { for (let i = 0; i < n; i++) o[i] = a[i]! <= b[i]! ? 1 : 0; },
    mapped: (o, a, b, n, w, sa, ma, sb, mb) => { for (let r = 0, i = 0; r < n; r++) for (let k = 0; k < w; k++) o[i++] = a[r * sa + ma[k]!]! <= b[r * sb + mb[k]!]! ? 1 : 0; },
  },
  Greater: {
    flat: (o, a, b, n) => { for (let i = 0; i < n; i++) o[i] = a[i]! > b[i]! ? 1 : 0; },
    mapped: (o, a, b, n, w, sa, ma, sb, mb) => { for (let r = 0, i = 0; r < n; r++) for (let k = 0; k < w; k++) o[i++] = a[r * sa + ma[k]!]! > b[r * sb + mb[k]!]! ? 1 : 0; },
  },
  GreaterOrEqual: {
    flat: (o, a, b, n) => { for (let i = 0; i < n; i++) o[i] = a[i]! >= b[i]! ? 1 : 0; },
    mapped: (o, a, b, n, w, sa, ma, sb, mb) => { for (let r = 0, i = 0; r < n; r++) for (let k = 0; k < w; k++) o[i++] = a[r * sa + ma[k]!]! >= b[r * sb + mb[k]!]! ? 1 : 0; },
  },
  Equal: {
    flat: (o, a, b, n) => { for (let i = 0; i < n; i++) o[i] = a[i] === b[i] ? 1 : 0; },
    mapped: (o, a, b, n, w, sa, ma, sb, mb) => { for (let r = 0, i = 0; r < n; r++) for (let k = 0; k < w; k++) o[i++] = a[r * sa + ma[k]!] === b[r * sb + mb[k]!] ? 1 : 0; },
  },
  ...fromFunctions({
    And: (x, y) => x & y, Or: (x, y) => x | y, Xor: (x, y) => x ^ y,
    Min: Math.min, Max: Math.max, Pow: power, Mod: modulo, fmod: (x, y) => x % y, wholeDiv: (x, y) => Math.trunc(x / y),
  }),
};

function fromFunctions(table: Readonly<Record<string, (x: number, y: number) => number>>): Record<string, Operation> {
  return Object.fromEntries(Object.entries(table).map(([name, f]) => [name, {
    flat: (o, a, b, n) => { for (let i = 0; i < n; i++) o[i] = f(a[i]!, b[i]!); },
    mapped: (o, a, b, n, w, sa, ma, sb, mb) => { for (let r = 0, i = 0; r < n; r++) for (let k = 0; k < w; k++) o[i++] = f(a[r * sa + ma[k]!]!, b[r * sb + mb[k]!]!); },
  } satisfies Operation]));
}

const COMPARISONS: ReadonlySet<string> = new Set(["Less", "LessOrEqual", "Greater", "GreaterOrEqual", "Equal"]);

export function sameKind(values: readonly Value[]): Kind {
  const { kind } = values[0]!.store;
  if (values.some((v) => v.store.kind !== kind)) throw new NotForMe("operands of several types");
  return kind;
}

/** The element that stands at each place of the result, for an operand of any shape. */
export function mapOf(value: Value, shape: readonly number[]): Int32Array {
  return broadcastMap(value.shape, shape) ?? Int32Array.from({ length: value.store.width }, (_, i) => i);
}

function binaryValue(build: Build, name: string, a: Value, b: Value): Value {
  const kind = name === "Pow" ? a.store.kind : sameKind([a, b]);
  const texts = kind === "string";
  if (texts && name !== "Equal") throw new NotForMe("texts");
  // Sums of whole numbers stay exact in doubles; products and powers need not.
  const whole = kind === "int64" || kind === "int32" || kind === "uint8";
  if (whole && (name === "Pow" || (kind !== "int64" && !COMPARISONS.has(name)))) throw new NotForMe(`${name} of ${kind}`);
  const operation = OPERATIONS[whole && name === "Div" ? "wholeDiv" : name]!;
  const shape = broadcastShape([a, b]);
  return build.result(COMPARISONS.has(name) ? "bool" : kind, shape, [a, b], (out) => {
    if (a.store.constant === b.store.constant && a.store.width === out.width && b.store.width === out.width) {
      const { flat } = operation;
      return (n) => flat(out.numbers, a.store.numbers, b.store.numbers, n * out.width);
    }
    const { mapped, repeated } = operation;
    if (repeated && !a.store.constant && b.store.constant && a.store.width === out.width && b.store.width === out.width) return (n) => repeated(out.numbers, a.store.numbers, b.store.numbers, n, out.width);
    const [ma, mb, sa, sb] = [mapOf(a, shape), mapOf(b, shape), a.store.stride, b.store.stride];
    return (n) => mapped(out.numbers, a.store.numbers, b.store.numbers, n, out.width, sa, ma, sb, mb);
  });
}

const binary = (name: string): Planner => (v) => {
  const [a, b] = [v.input(0), v.input(1)];
  const result = binaryValue(v.build, name, a, b);
  const isZero = name === "Equal" && b.store.constant && b.store.kind !== "string" && b.store.numbers.every((x) => x === 0);
  return [isZero ? { ...result, zeroOf: a.store } : result];
};
/** Any number of operands, from the left. */
const variadic = (name: string): Planner => (v) => [v.inputs.slice(1).reduce<Value>((a, _, i) => binaryValue(v.build, name, a, v.input(i + 1)), v.input(0))];

function joinTexts(v: NodeView): readonly Value[] {
  const [a, b] = [v.input(0), v.input(1)];
  if (sameKind([a, b]) !== "string") throw new NotForMe("StringConcat of no texts");
  const shape = broadcastShape([a, b]);
  return [v.build.result("string", shape, [a, b], (out): Step => {
    const [ma, mb, sa, sb] = [mapOf(a, shape), mapOf(b, shape), a.store.stride, b.store.stride];
    return (n) => {
      const [o, ad, bd, w] = [out.strings, a.store.strings, b.store.strings, out.width];
      for (let r = 0, i = 0; r < n; r++) for (let k = 0; k < w; k++) o[i++] = ad[r * sa + ma[k]!]! + bd[r * sb + mb[k]!]!;
    };
  })];
}

/** [condition, a, b]. */
function where(v: NodeView): readonly Value[] {
  const [c, a, b] = [v.input(0), v.input(1), v.input(2)];
  const kind = sameKind([a, b]);
  const shape = broadcastShape([c, a, b]);
  const result = v.build.result(kind, shape, [c, a, b], (out): Step => {
    const [mc, ma, mb, sc, sa, sb] = [mapOf(c, shape), mapOf(a, shape), mapOf(b, shape), c.store.stride, a.store.stride, b.store.stride];
    return (n) => {
      const [o, cd, ad, bd, w] = [out.data, c.store.numbers, a.store.data, b.store.data, out.width];
      for (let r = 0, i = 0; r < n; r++) for (let k = 0; k < w; k++) (o as Data)[i++] = cd[r * sc + mc[k]!] !== 0 ? ad[r * sa + ma[k]!]! : bd[r * sb + mb[k]!]!;
    };
  });
  // Filled in where it is missing, a column is otherwise what it was.
  const origin = [b.origin, a.origin].find((o) => o?.length === result.store.width);
  return [{ ...result, ...(origin ? { origin } : {}), ...(replacesZero(c, a, b) ? { neverZero: true } : {}) }];
}

/** Where(x == 0, number, x): the way divisors are written. */
function replacesZero(c: Value, a: Value, b: Value): boolean {
  return c.zeroOf === b.store && a.store.constant && a.store.kind !== "string" && a.store.numbers.every((x) => x !== 0);
}

export const binaryPlanners: Readonly<Record<string, Planner>> = {
  ...Object.fromEntries(["Add", "Sub", "Mul", "Div", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "Equal", "And", "Or", "Xor", "Pow"].map((name) => [name, binary(name)])),
  Mod: (v) => binary(v.int("fmod", 0) === 1 ? "fmod" : "Mod")(v),
  Min: variadic("Min"), Max: variadic("Max"), Sum: variadic("Add"), Where: where, StringConcat: joinTexts,
};
