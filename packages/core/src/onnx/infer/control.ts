// Types and shapes of operators that run a graph of their own.

import type { Dim } from "../value.ts";
import { InferenceError, type Dims, type Infer, type Inferred, type Known } from "./context.ts";

const agreeDim = (a: Dim, b: Dim): Dim => (a === b ? a : null);
/** What is true of both. */
function agree(a: Dims, b: Dims): Dims {
  return a === null || b === null || a.length !== b.length ? null : a.map((d, i) => agreeDim(d, b[i]!));
}
const stacked = (count: Dim, shape: Dims): Dims => (shape === null ? null : [count, ...shape]);

const carried = (initial: Known | null | undefined, result: Known): Inferred => {
  if (initial && initial.type !== result.type) throw new InferenceError(`a carried ${initial.type} becomes ${result.type}`);
  return { type: result.type, shape: agree(initial?.shape ?? null, result.shape) };
};

const loop: Infer = (n) => {
  const body = n.bodies.get("body")?.outputs;
  if (!body) return [];
  const count = n.inputs.length - 2;
  if (body[0]?.type !== "bool") throw new InferenceError("the first result of a loop's body is not a bool");
  if (n.outputCount !== body.length - 1) throw new InferenceError(`the loop's body gives ${body.length - 1} results for ${n.outputCount} outputs`);
  return body.slice(1).map((result, i) => (i < count ? carried(n.inputs[i + 2], result) : { type: result.type, shape: stacked(null, result.shape) }));
};

const scan: Infer = (n) => {
  const body = n.bodies.get("body")?.outputs;
  if (!body) return [];
  const states = n.inputs.length - n.int("num_scan_inputs");
  if (n.outputCount !== body.length) throw new InferenceError(`the scan's body gives ${body.length} results for ${n.outputCount} outputs`);
  const axis = n.ints("scan_input_axes")?.[0] ?? 0;
  const shape = n.shape(states);
  const length = shape?.at(axis) ?? null;
  const plain = (n.ints("scan_output_axes") ?? []).every((a) => a === 0);
  return body.map((result, i) => (i < states ? carried(n.inputs[i], result) : { type: result.type, shape: plain ? stacked(length, result.shape) : null }));
};

const either: Infer = (n) => {
  const yes = n.bodies.get("then_branch")?.outputs;
  const no = n.bodies.get("else_branch")?.outputs;
  if (!yes || !no) return [];
  if (yes.length !== n.outputCount || no.length !== n.outputCount) throw new InferenceError("the branches give another number of results");
  return yes.map((a, i) => {
    if (no[i]!.type !== a.type) throw new InferenceError(`one branch gives ${a.type}, the other ${no[i]!.type}`);
    return { type: a.type, shape: agree(a.shape, no[i]!.shape) };
  });
};

export const CONTROL: Readonly<Record<string, Infer>> = { Loop: loop, Scan: scan, If: either };
