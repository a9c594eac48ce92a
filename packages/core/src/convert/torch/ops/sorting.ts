// Order: sorting, the largest and smallest, running results along an axis, quantiles and the places in sorted borders.

import type { Value } from "../../../onnx/index.ts";
import type { Args } from "../args.ts";
import type { TorchContext } from "../context.ts";
import { defineOperator, type Operator } from "../operator.ts";
import { ListValue, SymbolicInt, TensorValue } from "../values.ts";

const pair = (values: readonly Value[]): ListValue => new ListValue(values.map((v) => new TensorValue(v)), true);
/** Running results compare every element with every other. */
const MAX_RUNNING = 2_048;

function top(x: Value, k: Value, axis: number, largest: boolean, c: TorchContext): readonly [Value, Value] {
  const wide = /^(bool|uint16|uint32|uint64)$/.test(x.type) ? c.o.cast(x, "int64") : x;
  const [values, indices] = c.graph.ops("TopK", [wide, k], { axis, largest: largest ? 1 : 0, sorted: 1 }, 2) as [Value, Value];
  return [c.o.cast(values, x.type), indices];
}
function sorted(x: Value, axis: number, descending: boolean, c: TorchContext): readonly [Value, Value] {
  return top(x, c.graph.op("Shape", [x], { start: axis, end: axis + 1 }), axis, descending, c);
}

/** sort(self, dim, descending) and sort.stable(self, *, stable, dim, descending), as code and exported graphs give them. */
function sort(args: Args, c: TorchContext): readonly [Value, Value] {
  const x = args.tensor("self");
  if (c.rank(x) === 0) return [x, c.o.scalar(0, "int64")];
  const shifted = typeof args.get("dim") === "boolean" || (args.get("dim") === null && typeof args.get("descending") === "bigint");
  args.get("stable");
  const dim = args.axis(shifted ? "descending" : "dim", c.rank(x), -1);
  const down = shifted ? args.get("stable") === true : args.bool("descending", false);
  return sorted(x, dim, down, c);
}

const dropped = (v: Value, axis: number, keep: boolean, c: TorchContext): Value => (keep ? v : c.o.squeeze(v, axis));

function kth(args: Args, c: TorchContext): ListValue {
  const x = args.tensor("self");
  const axis = args.axis("dim", c.rank(x), -1);
  const n = c.size(x, axis, args);
  const median = args.op.startsWith("median");
  const at = median ? Math.floor((n - 1) / 2) : args.int("k") - 1;
  return pair(sorted(x, axis, false, c).map((v) => dropped(c.o.slice(v, at, at + 1, axis), axis, args.bool("keepdim", false), c)));
}

/** Every result over the elements up to its own: [..., i, j] with j <= i. */
function running(args: Args, c: TorchContext, blank: number, reduce: string): { readonly values: Value; readonly before: Value; readonly axis: number; readonly x: Value } {
  const raw = args.tensor("self");
  const x = /^(float|double|int64)$/.test(raw.type) ? raw : c.o.cast(raw, "int64");
  const axis = args.axis("dim", c.rank(x));
  const n = c.size(x, axis, args);
  if (n > MAX_RUNNING) throw args.refuse(`a running result over ${n} elements`);
  const before = c.graph.constant({ type: "bool", shape: [n, n, ...new Array<number>(c.rank(x) - axis - 1).fill(1)], data: Uint8Array.from({ length: n * n }, (_, k) => Number(k % n <= Math.floor(k / n))) });
  const spread = c.o.where(before, c.o.unsqueeze(x, axis), c.o.scalar(blank, x.type));
  return { values: c.graph.op(reduce, [spread, c.o.int64s([axis + 1])], { keepdims: 0 }), before, axis, x };
}
function extremes(args: Args, c: TorchContext, kind: "Max" | "Min"): ListValue {
  const type = args.tensor("self").type;
  const whole = !/^(float|double)$/.test(type);
  const blank = whole ? Number.MAX_SAFE_INTEGER : Infinity;
  const { values, before, axis, x } = running(args, c, kind === "Max" ? -blank : blank, `Reduce${kind}`);
  // The last of equal ones.
  const hit = c.o.and(c.o.equal(c.o.unsqueeze(x, axis), c.o.unsqueeze(values, axis + 1)), before);
  const indices = c.graph.op("ArgMax", [c.o.cast(hit, "int32")], { axis: axis + 1, keepdims: 0, select_last_index: 1 });
  return pair([c.o.cast(values, type), indices]);
}

/** Linear between the two nearest, or the other ways that torch.quantile has. */
function quantile(args: Args, c: TorchContext): Value {
  let x = args.tensor("self");
  const keep = args.bool("keepdim", false);
  if (!args.has("dim")) x = c.o.reshape(x, [-1]);
  const axis = args.axis("dim", c.rank(x), 0);
  const n = c.size(x, axis, args);
  const given = args.weight("q");
  const qs = typeof args.get("q") === "number" ? [args.float("q")] : given?.type === "float" || given?.type === "double" ? Array.from(given.data as Float32Array, Number) : undefined;
  if (!qs) throw args.refuse("a q that is no constant");
  const mode = args.string("interpolation", "linear");
  const ordered = sorted(x, axis, false, c)[0];
  const results = qs.map((q) => {
    const rank = q * (n - 1);
    const [low, high] = [Math.floor(rank), Math.ceil(rank)];
    const at = (i: number): Value => dropped(c.o.slice(ordered, i, i + 1, axis), axis, keep, c);
    if (mode === "lower") return at(low);
    if (mode === "higher") return at(high);
    if (mode === "nearest") return at(rank - low === 0.5 ? low + (low % 2) : Math.round(rank));
    const weight = mode === "midpoint" ? (low === high ? 0 : 0.5) : rank - low;
    return c.o.add(at(low), c.o.mul(c.o.sub(at(high), at(low)), weight));
  });
  if (typeof args.get("q") === "number" || given?.shape.length === 0) return results[0]!;
  return c.o.concat(results.map((r) => c.o.unsqueeze(r, 0)), 0);
}

/** How many borders lie below each value. */
function search(args: Args, c: TorchContext, borders: string, values: string): Value {
  const b = args.tensor(borders);
  const raw = args.tensor(values);
  if (args.has("sorter")) throw args.refuse("sorter");
  const right = args.bool("right", false) || (args.has("side") && args.string("side", "left") === "right");
  const type = [b.type, raw.type].includes("double") ? "double" : [b.type, raw.type].includes("float") ? "float" : "int64";
  const v = c.o.unsqueeze(c.o.cast(raw, type), c.rank(raw));
  const edges = c.o.cast(c.rank(b) === 1 ? b : c.o.unsqueeze(b, c.rank(b) - 1), type);
  const below = right ? c.o.lessEqual(edges, v) : c.o.less(edges, v);
  const count = c.o.sum(c.o.cast(below, "int64"), c.rank(raw));
  return args.bool("out_int32", false) ? c.o.cast(count, "int32") : count;
}

export const SORTING: readonly Operator[] = [
  defineOperator({ names: ["topk"], params: "self k dim largest sorted", convert: (args, c) => {
    const x = args.tensor("self");
    const k = args.get("k");
    return pair(top(x, k instanceof SymbolicInt ? c.o.unsqueeze(k.value, 0) : c.o.int64s([args.int("k")]), args.axis("dim", c.rank(x), -1), args.bool("largest", true), c));
  } }),
  defineOperator({ names: ["sort", "msort"], params: "self dim descending stable", convert: (args, c) => pair(args.op === "msort" ? sorted(args.tensor("self"), 0, false, c) : sort(args, c)) }),
  defineOperator({ names: ["argsort"], params: "self dim descending stable", convert: (args, c) => sort(args, c)[1] }),
  defineOperator({ names: ["kthvalue"], params: "self k dim keepdim", convert: kth }),
  defineOperator({ names: ["median"], params: "self dim keepdim", convert: (args, c) => {
    if (args.has("dim")) return kth(args, c);
    const x = c.o.reshape(args.tensor("self"), [-1]);
    const n = c.size(x, 0, args);
    return c.o.gather(sorted(x, 0, false, c)[0], c.o.scalar(Math.floor((n - 1) / 2), "int64"), 0);
  } }),
  defineOperator({ names: ["quantile"], params: "self q dim keepdim interpolation", convert: quantile }),
  defineOperator({ names: ["cummax"], params: "self dim", convert: (args, c) => extremes(args, c, "Max") }),
  defineOperator({ names: ["cummin"], params: "self dim", convert: (args, c) => extremes(args, c, "Min") }),
  defineOperator({ names: ["cumprod"], params: "self dim dtype", convert: (args, c) => running(args, c, 1, "ReduceProd").values }),
  defineOperator({ names: ["logcumsumexp"], params: "self dim", convert: (args, c) => running(args, c, -Infinity, "ReduceLogSumExp").values }),
  defineOperator({ names: ["bucketize"], params: "self boundaries out_int32 right", convert: (args, c) => search(args, c, "boundaries", "self") }),
  defineOperator({ names: ["searchsorted"], params: "sorted_sequence self out_int32 right side sorter", convert: (args, c) => search(args, c, "sorted_sequence", "self") }),
  defineOperator({ names: ["diff"], params: "self n dim prepend append", convert: (args, c) => {
    let x = args.tensor("self");
    if (args.has("prepend") || args.has("append")) throw args.refuse("prepend and append");
    const axis = args.axis("dim", c.rank(x), -1);
    const steps = args.int("n", 1);
    if (!(steps >= 0 && steps <= 20)) throw args.bad("n", "from 0 to 20");
    for (let k = 0; k < steps; k++) x = c.o.sub(c.o.slice(x, 1, 2 ** 31, axis), c.o.slice(x, 0, -1, axis));
    return x;
  } }),
];
