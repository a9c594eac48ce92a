// Which of several rows at the same distance are among the k nearest, as scikit-learn's bounded max-heap decides
// (sklearn/utils/_heap.pyx, heap_push): a row enters when it is nearer than the farthest kept, which leaves; of several
// farthest the one at the root leaves, so the outcome hangs on the order of all that came before. It is replayed here,
// all queries at once, one entering row at a time (about k log(M / k) of them), and only when a query has such a tie.

import { Ops, type GraphBuilder, type Value } from "../../../onnx/index.ts";
import { bools, int64s } from "../../../tensor/index.ts";
import type { Conversion, Emitter } from "../../conversion/conversion.ts";

/**
 * The k nearest columns of `distances` [N, M]: values and indices [N, k], nearest first. Rows with two distances alike at the
 * border of the k are replayed: `visited` gives the columns as such rows come to them ([T] row numbers -> int64 [T, W], -1 for
 * none), or they come from left to right, all to one heap or in the shares of several threads.
 */
export function heapNearest(c: Conversion, distances: Value, M: number, k: number, visited: ((c: Emitter, rows: Value) => Value) | "one heap" | "shares"): { values: Value; indices: Value } {
  const { o } = c;
  const [values, indices] = c.graph.ops("TopK", [distances, o.int64s([Math.min(k + 1, M)])], { axis: 1, largest: 0, sorted: 1 }, 2);
  if (k >= M) return { values: values!, indices: indices! };
  const tie = o.equal(o.columns(values!, [k - 1]), o.columns(values!, [k]));
  const any = o.cast(c.graph.op("ReduceMax", [o.cast(tie, "int32")], { keepdims: 0 }), "bool");
  // The maximum changes nothing: it makes an array of its own, without which the onnx package's evaluator cannot gather by it.
  const nearest = o.maximum(o.slice(indices!, 0, k, 1), 0);
  // A Loop of one turn at most, which costs nothing where there is no such row.
  const body = c.graph.body([{ type: "int64", shape: [] }, { type: "bool", shape: [] }, { type: nearest.type, shape: nearest.shape }], (graph, [, , found]) => {
    const p = new Ops(graph);
    const rows = p.squeeze(graph.op("NonZero", [graph.op("Reshape", [tie, p.int64s([-1])])]), 0);
    const some = p.gather(distances, rows, 0);
    const replayed = visited === "shares" ? replayShares(graph, some, M, k)
      : visited === "one heap" ? sorted(graph, replay(graph, some, M, k), k)
      : replayVisits(graph, some, visited(c.within(graph), rows), M, k);
    return [p.cast(p.scalar(0, "int64"), "bool"), graph.op("ScatterND", [found!, p.unsqueeze(rows, 1), replayed])];
  });
  const chosen = c.graph.op("Loop", [o.int64s([1], []), any, nearest], { body });
  return { values: o.slice(values!, 0, k, 1), indices: c.graph.op("Reshape", [chosen, o.int64s([-1, k])]) };
}

/** The k nearest [T, k] by one heap that comes to the columns of `distances` [T, M] in the order `visits` [T, W], -1 for none. */
function replayVisits(graph: GraphBuilder, distances: Value, visits: Value, M: number, k: number): Value {
  const o = new Ops(graph);
  const width = Number(visits.shape?.[1]);
  const known = o.greaterEqual(visits, 0);
  const inOrder = o.where(known, gatherInRows(graph, distances, o.maximum(visits, 0)), Infinity);
  if (!Number.isInteger(width) || width < M) throw new TypeError("an order of fewer columns than there are");
  return gatherInRows(graph, visits, sorted(graph, replay(graph, inOrder, width, k), k));
}

/** ArgKmin's chunk_size, and how many threads are assumed. */
const CHUNK = 256;
export const THREADS = 8;

/** Where OpenMP's static schedule begins each thread's share of the chunks, and at last M. */
function shareStarts(M: number): number[] {
  const chunks = Math.ceil(M / CHUNK);
  const threads = Math.min(chunks, THREADS);
  const [each, more] = [Math.floor(chunks / threads), chunks % threads];
  return Array.from({ length: threads + 1 }, (_, i) => Math.min(M, (i * each + Math.min(i, more)) * CHUNK));
}

/**
 * ArgKmin of sklearn/metrics/_pairwise_distances_reduction: a heap for each thread's share of the training rows, whose arrays
 * then go one after the other into the final heap (_parallel_on_Y). The same on every machine up to 256 rows, and on those of
 * at least as many cores as there are chunks of 256; elsewhere, or where more rows are asked for than were fitted (one heap
 * for all: _parallel_on_X), scikit-learn itself may keep others of the rows at equal distance.
 */
function replayShares(graph: GraphBuilder, distances: Value, M: number, k: number): Value {
  const o = new Ops(graph);
  const starts = shareStarts(M);
  const shares = starts.length - 1;
  if (shares === 1) return sorted(graph, replay(graph, distances, M, k), k);
  const width = Math.max(...starts.slice(1).map((end, i) => end - starts[i]!));
  const columns = new BigInt64Array(shares * width);
  const spare = new Float64Array(shares * width);
  for (let t = 0; t < shares; t++) {
    for (let i = 0; i < width; i++) {
      const column = starts[t]! + i;
      if (column < starts[t + 1]!) columns[t * width + i] = BigInt(column);
      else spare[t * width + i] = Infinity;
    }
  }
  const parted = o.add(o.gather(distances, graph.constant(int64s(columns)), 1), o.doubles(spare, [1, spare.length]));
  const heaps = replay(graph, o.reshape(parted, [-1, width]), width, k);
  const found = o.add(o.reshape(heaps.indices, [-1, shares, k]), o.int64s(starts.slice(0, shares), [1, shares, 1]));
  const joined = replay(graph, o.reshape(heaps.values, [-1, shares * k]), shares * k, k);
  return gatherInRows(graph, o.reshape(found, [-1, shares * k]), sorted(graph, joined, k));
}

/** [N, M], [N, k] -> [N, k]. The onnx package's evaluator cannot do GatherElements with more than 32 columns to choose from. */
export function gatherInRows(graph: GraphBuilder, from: Value, columns: Value): Value {
  return graph.op("GatherND", [from, new Ops(graph).unsqueeze(columns, 2)], { batch_dims: 1 });
}

/** The indices of a heap [N, k], nearest first. */
function sorted(graph: GraphBuilder, heap: { values: Value; indices: Value }, k: number): Value {
  const o = new Ops(graph);
  const [, order] = graph.ops("TopK", [heap.values, o.int64s([k])], { axis: 1, largest: 0, sorted: 1 }, 2);
  return gatherInRows(graph, heap.indices, order!);
}

/** The heap as an array with a column to spare: places past k count as minus infinity, the last takes what is not to be written. */
function replay(graph: GraphBuilder, distances: Value, M: number, k: number): { values: Value; indices: Value } {
  const o = new Ops(graph);
  const levels = Math.floor(Math.log2(k));
  const spare = 2 ** (levels + 1) - 1;
  const rows = graph.op("Shape", [distances], { start: 0, end: 1 });
  const wide = (row: Value, width: number): Value => graph.op("Expand", [row, o.concat([rows, o.int64s([width])], 0)]);
  const empty = Float64Array.from({ length: spare + 1 }, (_, i) => (i < k ? Infinity : -Infinity));
  const columns = graph.constant(int64s(BigInt64Array.from({ length: M }, (_, i) => BigInt(i)), [1, M]));
  const start = [wide(o.doubles(empty, [1, spare + 1]), spare + 1), wide(graph.constant(int64s(new BigInt64Array(spare + 1), [1, spare + 1])), spare + 1), wide(graph.constant(int64s([-1], [1, 1])), 1)];
  const body = graph.body([{ type: "int64", shape: [] }, { type: "bool", shape: [] }, ...start.map((v) => ({ type: v.type, shape: v.shape }))], (inner, [, , heap, kept, at]) => {
    const p = new Ops(inner);
    const enters = p.and(p.greater(columns, at!), p.less(distances, p.columns(heap!, [0])));
    const flags = p.cast(enters, "int32");
    const has = p.cast(p.max(flags, 1, true), "bool");
    const next = inner.op("ArgMax", [flags], { axis: 1, keepdims: 1, select_last_index: 0 });
    const value = inner.op("GatherElements", [distances, next], { axis: 1 });
    const dump = p.int64s([spare], [1, 1]);
    const put = (array: Value, place: Value, what: Value): Value => inner.op("ScatterElements", [array, place, what], { axis: 1 });
    let values = heap!;
    let indices = kept!;
    let place = p.mul(next, 0);
    let active = has;
    for (let level = 0; level < levels; level++) {
      const left = p.add(p.mul(place, 2), 1);
      const l = inner.op("GatherElements", [values, left], { axis: 1 });
      const r = inner.op("GatherElements", [values, p.add(left, 1)], { axis: 1 });
      const takesLeft = p.greaterEqual(l, r);
      const child = p.where(takesLeft, left, p.add(left, 1));
      const larger = p.where(takesLeft, l, r);
      active = p.and(active, p.less(value, larger));
      const to = p.where(active, place, dump);
      const moved = inner.op("GatherElements", [indices, child], { axis: 1 });
      values = put(values, to, larger);
      indices = put(indices, to, moved);
      place = p.where(active, child, place);
    }
    const to = p.where(has, place, dump);
    const go = p.cast(inner.op("ReduceMax", [p.cast(has, "int32")], { keepdims: 0 }), "bool");
    return [go, put(values, to, value), put(indices, to, next), p.where(has, next, p.int64s([M], [1, 1]))];
  });
  const [values, indices] = graph.ops("Loop", [o.int64s([M], []), graph.constant(bools([true], [])), ...start], { body }, 3);
  return { values: o.slice(values!, 0, k, 1), indices: o.slice(indices!, 0, k, 1) };
}
