// Arithmetic that keeps what the obvious formula loses.

import type { Value } from "../../../onnx/index.ts";
import type { TorchContext } from "../context.ts";

/** exp(x) - 1 without losing the small ones: 2 tanh(x/2) / (1 - tanh(x/2)). */
export function expm1(x: Value, c: TorchContext): Value {
  const t = c.o.tanh(c.o.mul(x, 0.5));
  return c.o.where(c.o.less(c.o.abs(x), 1), c.o.div(c.o.mul(t, 2), c.o.sub(1, t)), c.o.sub(c.o.exp(x), 1));
}
/** log(1 + x) without losing the small ones: log(u) x / (u - 1) with u = 1 + x as it is rounded. */
export function log1p(x: Value, c: TorchContext): Value {
  const u = c.o.add(x, 1);
  const d = c.o.sub(u, 1);
  const none = c.o.equal(d, 0);
  const far = c.o.greater(c.o.abs(x), 1);
  return c.o.where(none, x, c.o.where(far, c.o.log(u), c.o.div(c.o.mul(c.o.log(u), x), c.o.where(none, 1, d))));
}
/** Division of whole numbers rounded down; ONNX rounds towards zero. */
export function wholeFloor(a: Value, b: Value, c: TorchContext): Value {
  const q = c.o.div(a, b);
  const rest = c.o.sub(a, c.o.mul(q, b));
  const zero = c.o.scalar(0, a.type === "int32" || a.type === "int64" ? a.type : "int64");
  const down = c.o.and(c.o.not(c.o.equal(rest, zero)), c.graph.op("Xor", [c.o.less(rest, zero), c.o.less(b, zero)]));
  return c.o.sub(q, c.o.cast(down, a.type));
}
