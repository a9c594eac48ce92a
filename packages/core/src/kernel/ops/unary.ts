// Operators of one operand, element by element, and Cast.

import { kindOf, NotForMe, refuseApproximate, type Kind, type Numbers, type Value } from "../value.ts";
import type { NodeView, Planner } from "../node-view.ts";

type Loop = (o: Numbers, a: Numbers, n: number) => void;

const LOOPS: Readonly<Record<string, Loop>> = {
  Neg: (o, a, n) => { for (let i = 0; i < n; i++) o[i] = -a[i]!; },
  Abs: (o, a, n) => { for (let i = 0; i < n; i++) o[i] = Math.abs(a[i]!); },
  Exp: (o, a, n) => { for (let i = 0; i < n; i++) o[i] = Math.exp(a[i]!); },
  Log: (o, a, n) => { for (let i = 0; i < n; i++) o[i] = Math.log(a[i]!); },
  Sqrt: (o, a, n) => { for (let i = 0; i < n; i++) o[i] = Math.sqrt(a[i]!); },
  Floor: (o, a, n) => { for (let i = 0; i < n; i++) o[i] = Math.floor(a[i]!); },
  Ceil: (o, a, n) => { for (let i = 0; i < n; i++) o[i] = Math.ceil(a[i]!); },
  Round: (o, a, n) => { for (let i = 0; i < n; i++) o[i] = halfToEven(a[i]!); },
  Sin: (o, a, n) => { for (let i = 0; i < n; i++) o[i] = Math.sin(a[i]!); },
  Cos: (o, a, n) => { for (let i = 0; i < n; i++) o[i] = Math.cos(a[i]!); },
  Tanh: (o, a, n) => { for (let i = 0; i < n; i++) o[i] = Math.tanh(a[i]!); },
  Sign: (o, a, n) => { for (let i = 0; i < n; i++) o[i] = a[i]! > 0 ? 1 : a[i]! < 0 ? -1 : 0; },
  Relu: (o, a, n) => { for (let i = 0; i < n; i++) o[i] = a[i]! > 0 ? a[i]! : a[i]! <= 0 ? 0 : NaN; },
  Reciprocal: (o, a, n) => { for (let i = 0; i < n; i++) o[i] = 1 / a[i]!; },
};
const TESTS: Readonly<Record<string, Loop>> = {
  Not: (o, a, n) => { for (let i = 0; i < n; i++) o[i] = a[i] === 0 ? 1 : 0; },
  IsNaN: (o, a, n) => { for (let i = 0; i < n; i++) o[i] = a[i] !== a[i] ? 1 : 0; },
};

function halfToEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest < 0.5 || (rest === 0.5 && floor % 2 === 0) ? floor : rest >= 0.5 ? floor + 1 : x;
}

function apply(v: NodeView, kind: Kind, loop: Loop): readonly Value[] {
  const a = v.input(0);
  return [v.build.result(kind, a.shape, [a], (out) => (n) => loop(out.numbers, a.store.numbers, n * out.width))];
}

const WHOLE: ReadonlySet<string> = new Set(["Neg", "Abs", "Sign"]);

function unary(name: string): Planner {
  return (v) => {
    const { kind } = v.input(0).store;
    if (!(kind === "double" || kind === "float" || (kind === "int64" && WHOLE.has(name)))) throw new NotForMe(`${name} of ${kind}`);
    if (name === "Sqrt") refuseApproximate(v.input(0), "the root of");
    return apply(v, kind, LOOPS[name]!);
  };
}
function test(name: string): Planner {
  return (v) => {
    const { kind } = v.input(0).store;
    if (name === "Not" ? kind !== "bool" : kind !== "double" && kind !== "float") throw new NotForMe(`${name} of ${kind}`);
    return apply(v, "bool", TESTS[name]!);
  };
}

function isInf(v: NodeView): readonly Value[] {
  const above = v.int("detect_positive", 1) === 1 ? Infinity : NaN;
  const below = v.int("detect_negative", 1) === 1 ? -Infinity : NaN;
  return apply(v, "bool", (o, a, n) => { for (let i = 0; i < n; i++) o[i] = a[i] === above || a[i] === below ? 1 : 0; });
}

/** What is no 64-bit number becomes the lowest one, as on x86 and in ONNX Runtime there. */
const LOWEST = -(2 ** 63);
const toWhole = (x: number): number => (x > LOWEST && x < 2 ** 63 ? Math.trunc(x) + 0 : LOWEST);

const copy: Loop = (o, a, n) => { for (let i = 0; i < n; i++) o[i] = a[i]!; };
const CASTS: Readonly<Record<Exclude<Kind, "string">, Loop>> = {
  float: copy, double: copy,
  int64: (o, a, n) => { for (let i = 0; i < n; i++) o[i] = toWhole(a[i]!); },
  int32: (o, a, n) => { for (let i = 0; i < n; i++) o[i] = toWhole(a[i]!) | 0; },
  bool: (o, a, n) => { for (let i = 0; i < n; i++) o[i] = a[i] !== 0 ? 1 : 0; },
  uint8: copy,
};
const TYPES: Readonly<Record<number, "float" | "double" | "int64" | "int32" | "bool" | "string">> = { 1: "float", 11: "double", 7: "int64", 6: "int32", 9: "bool", 8: "string" };

function cast(v: NodeView): readonly Value[] {
  const a = v.input(0);
  const from = a.store.kind;
  const to = kindOf(TYPES[v.int("to", 0)] ?? null, "Cast to something");
  if (from === to) return [a];
  if (to === "string") throw new NotForMe("Cast of numbers to text");
  if (from === "string") {
    if (to !== "int64") throw new NotForMe(`Cast of text to ${to}`);
    return [v.build.result(to, a.shape, [a], (out) => (n) => {
      for (let i = 0; i < n * out.width; i++) out.numbers[i] = readWhole(a.store.strings[i]!);
    })];
  }
  if (to === "int32" && from !== "bool" && from !== "uint8") throw new NotForMe(`Cast of ${from} to int32`);
  const [result] = apply(v, to, from === "bool" || from === "uint8" ? copy : CASTS[to]) as [Value];
  return [a.origin ? { ...result, origin: a.origin } : result];
}

/** As C's strtoll: leading spaces, a sign, digits, and whatever follows. */
function readWhole(text: string): number {
  const digits = /^[\s]*([+-]?\d{1,15})(?!\d)/.exec(text.slice(0, 100));
  if (!digits) throw new RangeError(`the text ${JSON.stringify(text.slice(0, 40))} is no whole number of up to 15 digits`);
  return Number(digits[1]);
}

export const unaryPlanners: Readonly<Record<string, Planner>> = {
  ...Object.fromEntries(Object.keys(LOOPS).map((name) => [name, unary(name)])),
  ...Object.fromEntries(Object.keys(TESTS).map((name) => [name, test(name)])),
  IsInf: isInf, Cast: cast, Identity: (v) => [v.input(0)],
};
