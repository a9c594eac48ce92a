// np.argpartition(distances, k - 1, axis=1)[:, :k]: which of several columns at the same distance are among the k nearest.
// NumPy 1 has one algorithm for it, introselect (numpy/core/src/npysort/selection.c.src), the same on every machine. NumPy 2
// takes it only where the processor has no AVX2; elsewhere rows of up to 256 columns go through a bitonic sorting network, the
// same for AVX2 and AVX-512 (x86-simd-sort, argsort_n), rows with NaN through the C++ library's std::nth_element, and longer
// rows through partitions whose order hangs on the width of the registers, which are not replayed. All is replayed only
// for the rows that have a tie at the border of the k, all of them at once.

import { Ops, type GraphBuilder, type Value } from "../../../onnx/index.ts";
import { bools, int64s } from "../../../tensor/index.ts";
import type { Conversion } from "../../conversion/conversion.ts";
import type { Estimator } from "../../conversion/estimator.ts";
import { introselect, nthElement } from "./introselect.ts";

/** The most columns that x86-simd-sort sorts by its network. */
const NETWORK = 256;

export interface PartitionOptions {
  /** Rows in which a tie at the border changes the answer: bool [N, 1]; all when left out. */
  readonly matters?: Value;
  /** Distances of infinity stand for NaN. */
  readonly missing?: boolean;
  /** Whether it matters which of several NaN are taken. */
  readonly ofInfinite?: boolean;
}
export interface Partitioned {
  /** int64 [N, k]; nearest first where there was no tie at the border. */
  readonly indices: Value;
  /** [N, 1], the largest distance taken. */
  readonly border: Value;
  /** bool [N]: rows whose tie is not replayed. */
  readonly unsure: Value | undefined;
}

/** Whether NumPy 2 saved the model: its modules are named in the file, else scikit-learn 1.5 and later is taken to run with it. */
function isNumpy2(est: Estimator, c: { readonly numpy: 1 | 2 | undefined }): boolean {
  return (c.numpy ?? (est.versionAtLeast(1, 5) ? 2 : 1)) === 2;
}

/** Whether ties among M columns without NaN are replayed. */
export function replaysPartition(est: Estimator, c: { readonly numpy: 1 | 2 | undefined }, M: number): boolean {
  return M <= NETWORK || !isNumpy2(est, c);
}

/** Over `distances` [N, M], k < M. */
export function argPartition(est: Estimator, c: Conversion, distances: Value, M: number, k: number, options: PartitionOptions = {}): Partitioned {
  const { o } = c;
  const [values, indices] = c.graph.ops("TopK", [distances, o.int64s([k + 1])], { axis: 1, largest: 0, sorted: 1 }, 2);
  const border = o.columns(values!, [k - 1]);
  let tie = o.equal(border, o.columns(values!, [k]));
  if (options.missing === true) tie = o.and(tie, o.less(options.ofInfinite === true ? o.columns(values!, [0]) : border, Infinity));
  if (options.matters !== undefined) tie = o.and(tie, options.matters);
  const any = o.cast(c.graph.op("ReduceMax", [o.cast(tie, "int32")], { keepdims: 0 }), "bool");
  // The maximum changes nothing: it makes an array of its own, without which the onnx package's evaluator cannot gather by it.
  const nearest = o.maximum(o.slice(indices!, 0, k, 1), 0);
  const numpy2 = isNumpy2(est, c);
    if (!replaysPartition(est, c, M) && options.missing !== true) return { indices: nearest, border, unsure: o.squeeze(tie, 1) };
  // A Loop of one turn at most, which costs nothing where there is no such row.
  const state = [nearest, o.squeeze(o.mul(o.cast(tie, "int64"), 0), 1)];
  const body = c.graph.body([{ type: "int64", shape: [] }, { type: "bool", shape: [] }, ...state.map((v) => ({ type: v.type, shape: v.shape }))], (graph, [, , found, unsure]) => {
    const p = new Ops(graph);
    const rows = p.squeeze(graph.op("NonZero", [graph.op("Reshape", [tie, p.int64s([-1])])]), 0);
    const some = p.gather(distances, rows, 0);
    const { places, lost } = numpy2 ? replayNumpy2(graph, some, M, k, options.missing === true) : introselect(graph, some, M, k);
    return [p.cast(p.scalar(0, "int64"), "bool"),
      graph.op("ScatterND", [found!, p.unsqueeze(rows, 1), p.slice(places, 0, k, 1)]),
      graph.op("ScatterND", [unsure!, p.unsqueeze(rows, 1), p.cast(p.squeeze(lost, 1), "int64")])];
  });
  const [chosen, unsure] = c.graph.ops("Loop", [o.int64s([1], []), any, ...state], { body }, 2);
  return { indices: c.graph.op("Reshape", [chosen!, o.int64s([-1, k])]), border, unsure: o.greater(c.graph.op("Reshape", [unsure!, o.int64s([-1])]), 0) };
}

function replayNumpy2(graph: GraphBuilder, distances: Value, M: number, k: number, missing: boolean): { places: Value; lost: Value } {
  const o = new Ops(graph);
  const rows = graph.op("Shape", [distances], { start: 0, end: 1 });
  const none = o.cast(graph.op("Expand", [o.int64s([0], [1, 1]), o.concat([rows, o.int64s([1])], 0)]), "bool");
  const whole = M <= NETWORK ? { places: sortingNetwork(graph, distances, M), lost: none } : undefined;
  if (!missing) return whole!;
  const holes = nthElement(graph, distances, M, k);
  const holed = o.equal(o.max(distances, 1, true), Infinity);
  if (whole === undefined) return { places: holes.places, lost: o.or(holes.lost, o.not(holed)) };
  return { places: o.where(holed, holes.places, o.slice(whole.places, 0, M, 1)), lost: o.and(holed, holes.lost) };
}

/** Columns [T, P] in the order of the network's outputs, P the power of two that holds M. */
function sortingNetwork(graph: GraphBuilder, distances: Value, M: number): Value {
  const o = new Ops(graph);
  let P = 2;
  while (P < M) P *= 2;
  const partners: bigint[] = [];
  const stage = (flip: number): void => { for (let i = 0; i < P; i++) partners.push(BigInt(i ^ flip)); };
  for (let width = 2; width <= P; width *= 2) {
    stage(width - 1);
    for (let half = width / 4; half >= 1; half /= 2) stage(half);
  }
  const stages = partners.length / P;
  const table = graph.constant(int64s(BigInt64Array.from(partners), [stages, P]));
  const place = graph.constant(int64s(BigInt64Array.from({ length: P }, (_, i) => BigInt(i)), [P]));
  const rows = graph.op("Shape", [distances], { start: 0, end: 1 });
  const spare = o.concat([rows, o.int64s([P - M])], 0);
  const keys = P === M ? distances : o.concat([distances, graph.op("Expand", [o.doubles([Infinity], [1, 1]), spare])]);
  const start = [keys, graph.op("Expand", [o.unsqueeze(place, 0), o.concat([rows, o.int64s([P])], 0)])];
  const body = graph.body([{ type: "int64", shape: [] }, { type: "bool", shape: [] }, ...start.map((v) => ({ type: v.type, shape: v.shape }))], (inner, [turn, , key, column]) => {
    const p = new Ops(inner);
    const partner = p.gather(table, turn!, 0);
    const other = p.gather(key!, partner, 1);
    const sorted = p.where(p.less(place, partner), p.minimum(key!, other), p.maximum(key!, other));
    return [p.cast(p.scalar(1, "int64"), "bool"), sorted, p.where(p.equal(sorted, key!), column!, p.gather(column!, partner, 1))];
  });
  return graph.ops("Loop", [o.int64s([stages], []), graph.constant(bools([true], [])), ...start], { body }, 2)[1]!;
}
