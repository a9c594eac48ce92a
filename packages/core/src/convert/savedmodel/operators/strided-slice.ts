// StridedSlice: x[a:b:c, ..., newaxis, i] of Python, with its masks.

import type { Made, NodeView, TfContext } from "../context.ts";
import type { Size } from "../values.ts";

const LAST = Number.MAX_SAFE_INTEGER;

export function stridedSlice(op: NodeView, c: TfContext): Made {
  const t = op.tensor(0);
  const list = (i: number): readonly Size[] => {
    const { sizes } = op.tensor(i);
    if (!sizes) throw op.unsupported("bounds that are computed in the model are not compiled");
    return sizes;
  };
  const [begin, end, strides] = [list(1), list(2), op.ints(3, "strides")];
  if (begin.length !== end.length || end.length !== strides.length || strides.includes(0)) throw op.malformed("its bounds do not fit each other");
  const bit = (name: string): ((i: number) => boolean) => {
    const mask = op.int(name);
    return (i) => ((mask >> i) & 1) === 1;
  };
  const [fromStart, toEnd, ellipsis, newAxis, shrink] = ["begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"].map(bit) as [(i: number) => boolean, (i: number) => boolean, (i: number) => boolean, (i: number) => boolean, (i: number) => boolean];
  if (t.sizes && t.sizesRank === 1 && begin.length === 1 && !ellipsis(0) && !newAxis(0)) {
    const [b, e, s] = [begin[0]!, end[0]!, strides[0]!];
    const n = t.sizes.length;
    if (typeof b === "number" && (typeof e === "number" || toEnd(0) || shrink(0))) {
      if (shrink(0)) {
        const one = t.sizes.at(b);
        if (one === undefined) throw op.malformed(`it takes element ${b} of ${n}`);
        return c.sizes([one], t.type, 0);
      }
      if (s === 1) return c.sizes(t.sizes.slice(fromStart(0) ? 0 : b, toEnd(0) ? n : (e as number)), t.type, 1);
    }
  }
  const rank = op.rank(0);
  const taken = begin.filter((_, i) => !ellipsis(i) && !newAxis(i)).length;
  const axes: number[] = [];
  const from: Size[] = [];
  const to: Size[] = [];
  const by: number[] = [];
  const gone: number[] = [];
  const added: number[] = [];
  let axis = 0;
  let place = 0;
  for (let i = 0; i < begin.length; i++) {
    if (ellipsis(i)) {
      const skipped = Math.max(0, rank - taken);
      axis += skipped;
      place += skipped;
    } else if (newAxis(i)) added.push(place++);
    else {
      const [b, e, s] = [begin[i]!, end[i]!, strides[i]!];
      if (shrink(i)) {
        if (typeof b !== "number") throw op.unsupported("an index that is computed in the model is not compiled");
        axes.push(axis);
        from.push(b);
        to.push(b === -1 ? LAST : b + 1);
        by.push(1);
        gone.push(axis);
      } else {
        if (!(fromStart(i) && toEnd(i) && s === 1)) {
          axes.push(axis);
          from.push(fromStart(i) ? (s > 0 ? 0 : LAST) : b);
          to.push(toEnd(i) ? (s > 0 ? LAST : -LAST) : e);
          by.push(s);
        }
        place++;
      }
      axis++;
    }
  }
  if (axis > rank) throw op.malformed(`it takes ${axis} dimensions of ${rank}`);
  let x = axes.length === 0 ? t.value : c.graph.op("Slice", [t.value, c.shapeValue(from), c.shapeValue(to), c.o.int64s(axes), c.o.int64s(by)]);
  if (gone.length > 0) x = c.graph.op("Squeeze", [x, c.o.int64s(gone)]);
  return added.length === 0 ? x : c.graph.op("Unsqueeze", [x, c.o.int64s(added)]);
}
