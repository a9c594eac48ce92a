// Two selections of the k smallest by Hoare's partition, as their libraries do it, so that of equal ones the same are chosen:
// NumPy's introselect (npysort/selection.c.src) and std::nth_element of the GNU C++ library (bits/stl_algo.h). Both swap the
// i-th column from the left that is not smaller than the pivot with the i-th from the right that is not larger, until the two
// cross; nothing that was swapped is looked at again, so that one partition is a few operations on all rows and columns at once.
// What both do when the pivots are bad for long (median of medians, heap select) is not replayed: such rows are lost.

import { Ops, type GraphBuilder, type Value } from "../../../onnx/index.ts";
import { bools, int64s } from "../../../tensor/index.ts";
import { gatherInRows } from "./bounded-heap.ts";

export interface Selected {
  /** int64 [T, M], the columns in their new order: the first k are those chosen. */
  readonly places: Value;
  /** bool [T, 1]: rows that were given up. */
  readonly lost: Value;
}

/** Several values of one row each, [T, 1]. */
type Cells = readonly Value[];

class Rows {
  readonly o: Ops;
  readonly graph: GraphBuilder;
  readonly distances: Value;
  readonly M: number;
  /** int64 [1, M]. */
  readonly place: Value;

  constructor(graph: GraphBuilder, distances: Value, M: number) {
    this.graph = graph;
    this.o = new Ops(graph);
    this.distances = distances;
    this.M = M;
    this.place = graph.constant(int64s(BigInt64Array.from({ length: M }, (_, i) => BigInt(i)), [1, M]));
  }
  within(graph: GraphBuilder): Rows {
    return new Rows(graph, this.distances, this.M);
  }
  /** a [T, M] at one place [T, 1] of each row. */
  at(a: Value, place: Value): Value {
    return this.graph.op("GatherElements", [a, place], { axis: 1 });
  }
  /** A place that may lie outside, moved to the nearest inside. */
  inside(place: Value): Value {
    return this.o.minimum(this.o.maximum(place, 0), this.M - 1);
  }
  distance(column: Value): Value {
    return this.at(this.distances, column);
  }
  /** `columns` [T, M] with these cells written, the first of several at one place counting. */
  put(columns: Value, places: Cells, cells: Cells): Value {
    return places.reduceRight<Value>((rest, place, i) => this.o.where(this.o.equal(this.place, place), cells[i]!, rest), columns);
  }
  swap(columns: Value, a: Value, b: Value): Value {
    return this.put(columns, [a, b], [this.at(columns, this.inside(b)), this.at(columns, this.inside(a))]);
  }
  /** [T, width] of one number. */
  filled(value: number, width: number): Value {
    const rows = this.graph.op("Shape", [this.distances], { start: 0, end: 1 });
    return this.graph.op("Expand", [this.o.int64s([value], [1, 1]), this.o.concat([rows, this.o.int64s([width])], 0)]);
  }
  none(): Value {
    return this.o.cast(this.filled(0, 1), "bool");
  }
  identity(): Value {
    return this.o.add(this.filled(0, this.M), this.place);
  }
}

/**
 * Hoare's partition of `columns` between the places of the two scans, both ends included. `strict`: columns that meet at one
 * place end it (as in the C++ library) instead of being swapped with themselves. Gives the columns and where the scans stop.
 */
function partition(r: Rows, columns: Value, pivot: Value, left: readonly [Value, Value], right: readonly [Value, Value], strict: boolean): { columns: Value; fromLeft: Value; fromRight: Value } {
  const { o, graph, place, M } = r;
  const values = gatherInRows(graph, r.distances, columns);
  const between = ([a, b]: readonly [Value, Value]): Value => o.and(o.greaterEqual(place, a), o.lessEqual(place, b));
  const stops = [o.and(between(left), o.greaterEqual(values, pivot)), o.and(between(right), o.lessEqual(values, pivot))] as const;
  const axis = o.int64s([1], []);
  const ranks = stops.map((s, side) => graph.op("CumSum", [o.cast(s, "int64"), axis], { reverse: side })) as [Value, Value];
  const everywhere = r.identity();
  // The i-th stop of each side, by i; the entry 0 takes what is none.
  const lists = stops.map((s, side) => graph.op("ScatterElements", [r.filled(side === 0 ? M : -1, M + 2), o.where(s, ranks[side]!, 0), everywhere], { axis: 1 })) as [Value, Value];
  const partners = [gatherInRows(graph, lists[1], ranks[0]), gatherInRows(graph, lists[0], ranks[1])] as const;
  const swaps = [
    o.and(stops[0], strict ? o.less(place, partners[0]) : o.lessEqual(place, partners[0])),
    o.and(stops[1], strict ? o.greater(place, partners[1]) : o.greaterEqual(place, partners[1])),
  ] as const;
  const from = o.where(swaps[0], partners[0], o.where(swaps[1], partners[1], place));
  const count = o.sum(o.cast(swaps[0], "int64"), 1, true);
  const stop = (side: 0 | 1, rank: Value): Value => r.at(lists[side], rank);
  // A scan also stops at what was swapped last, unless that was one column with itself.
  const met = o.and(o.greater(count, 0), o.equal(stop(0, count), stop(1, count)));
  const last = o.sub(count, o.cast(met, "int64"));
  const swapped = o.greater(last, 0);
  return {
    columns: gatherInRows(graph, columns, from),
    fromLeft: o.minimum(stop(0, o.add(count, 1)), o.where(swapped, stop(1, last), M)),
    fromRight: o.maximum(stop(1, o.add(count, 1)), o.where(swapped, stop(0, last), -1)),
  };
}

/** As long as `step` has rows to work on, `turns` times at most; the state's first two values are the bounds. */
function narrow(r: Rows, bounds: readonly [Value, Value], turns: number, active: (r: Rows, a: Value, b: Value) => Value, step: (r: Rows, columns: Value, a: Value, b: Value) => readonly [Value, Value, Value]): readonly [columns: Value, a: Value, b: Value] {
  const state = [r.identity(), ...bounds];
  const { o } = r;
  const body = r.graph.body([{ type: "int64", shape: [] }, { type: "bool", shape: [] }, ...state.map((v) => ({ type: v.type, shape: v.shape }))], (graph, [, , ...now]) => {
    const inner = r.within(graph);
    const p = inner.o;
    const [columns, a, b] = now as [Value, Value, Value];
    const works = active(inner, a, b);
    const next = step(inner, columns, a, b).map((v, i) => p.where(works, v, now[i]!)) as [Value, Value, Value];
    const go = p.cast(graph.op("ReduceMax", [p.cast(active(inner, next[1], next[2]), "int32")], { keepdims: 0 }), "bool");
    return [go, ...next];
  });
  return r.graph.ops("Loop", [o.int64s([turns], []), r.graph.constant(bools([true], [])), ...state], { body }, 3) as unknown as readonly [Value, Value, Value];
}

/** NumPy's, of the k smallest of `distances` [T, M], k < M. */
export function introselect(graph: GraphBuilder, distances: Value, M: number, k: number): Selected {
  const r = new Rows(graph, distances, M);
  const { o } = r;
  if (k <= 3) {
    let columns = r.identity();
    for (let i = 0; i < k; i++) {
      const values = o.where(o.less(r.place, i), Infinity, gatherInRows(graph, distances, columns));
      // What is infinite everywhere stays where it is.
      const first = graph.op("ArgMin", [values], { axis: 1, keepdims: 1, select_last_index: 0 });
      columns = r.swap(columns, r.filled(i, 1), o.maximum(first, i));
    }
    return { places: columns, lost: r.none() };
  }
  const kth = k - 1;
  const depth = 2 * Math.floor(Math.log2(M));
  const [columns, low, high] = narrow(r, [r.filled(0, 1), r.filled(M - 1, 1)], depth, (s, a, b) => s.o.less(s.o.add(a, 1), b), (s, columns, low, high) => {
    const p = s.o;
    const middle = p.add(low, p.div(p.sub(high, low), 2));
    const second = p.add(low, 1);
    let [l, m, h] = [low, middle, high].map((at) => s.at(columns, s.inside(at))) as [Value, Value, Value];
    const exchange = (a: Value, b: Value): [Value, Value] => {
      const wrong = p.less(s.distance(a), s.distance(b));
      return [p.where(wrong, b, a), p.where(wrong, a, b)];
    };
    [h, m] = exchange(h, m);
    [h, l] = exchange(h, l);
    [l, m] = exchange(l, m);
    const ready = s.put(columns, [low, high, second, middle], [l, h, m, s.at(columns, s.inside(second))]);
    const split = partition(s, ready, s.distance(l), [p.add(low, 2), high], [second, p.sub(high, 1)], false);
    const place = split.fromRight;
    return [s.swap(split.columns, low, place), p.where(p.lessEqual(place, kth), split.fromLeft, low), p.where(p.greaterEqual(place, kth), p.sub(place, 1), high)];
  });
  const [a, b] = [low, high].map((at) => r.at(columns, r.inside(at))) as [Value, Value];
  const turned = o.and(o.equal(high, o.add(low, 1)), o.less(r.distance(b), r.distance(a)));
  return { places: o.where(turned, r.swap(columns, low, high), columns), lost: o.less(o.add(low, 1), high) };
}

/** std::nth_element of the GNU C++ library at k - 1, over `distances` [T, M], k < M. */
export function nthElement(graph: GraphBuilder, distances: Value, M: number, k: number): Selected {
  const r = new Rows(graph, distances, M);
  const { o } = r;
  const nth = k - 1;
  const depth = 2 * Math.floor(Math.log2(M));
  const [columns, first, end] = narrow(r, [r.filled(0, 1), r.filled(M, 1)], depth, (s, a, b) => s.o.greater(s.o.sub(b, a), 3), (s, columns, first, end) => {
    const p = s.o;
    const places = [p.add(first, 1), p.add(first, p.div(p.sub(end, first), 2)), p.sub(end, 1)].map((at) => s.inside(at)) as [Value, Value, Value];
    const [a, b, c] = places.map((at) => s.distance(s.at(columns, at))) as [Value, Value, Value];
    const [ab, bc, ac] = [p.less(a, b), p.less(b, c), p.less(a, c)];
    const [pa, pb, pc] = places;
    const median = p.where(ab, p.where(bc, pb, p.where(ac, pc, pa)), p.where(ac, pa, p.where(bc, pc, pb)));
    const ready = s.swap(columns, first, median);
    const split = partition(s, ready, s.distance(s.at(ready, s.inside(first))), [p.add(first, 1), p.sub(end, 1)], [first, p.sub(end, 1)], true);
    const low = p.lessEqual(split.fromLeft, nth);
    return [split.columns, p.where(low, split.fromLeft, first), p.where(low, end, split.fromLeft)];
  });
  // An insertion sort of the two or three that are left.
  const at = (i: number): Value => o.add(first, i);
  let sorted = columns;
  for (const [i, j] of [[0, 1], [1, 2], [0, 1]] as const) {
    const [a, b] = [r.at(sorted, r.inside(at(i))), r.at(sorted, r.inside(at(j)))];
    const turned = o.and(o.less(at(j), end), o.less(r.distance(b), r.distance(a)));
    sorted = o.where(turned, r.swap(sorted, at(i), at(j)), sorted);
  }
  return { places: sorted, lost: o.greater(o.sub(end, first), 3) };
}
