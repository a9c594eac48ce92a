// NormContinuous: a line through points. Which segment counts for a value that is exactly at a point, or at several points of
// one place (a QuantileTransformer of data with ties has them), is decided as JPMML-Evaluator's binary search decides it.

import type { Value } from "../../onnx/index.ts";
import type { XmlElement } from "../../formats/index.ts";
import { blanked, filled, numeric, spread, type Field, type Pmml } from "./context.ts";
import { childrenOf, choiceOf, malformed, needNumber, textOf } from "./element.ts";

interface Point {
  readonly orig: number;
  readonly norm: number;
}

export function normContinuous(p: Pmml, el: XmlElement, field: Field): Field {
  const { o } = p.c;
  const points = childrenOf(el, "LinearNorm").map((n): Point => ({ orig: needNumber(n, "orig"), norm: needNumber(n, "norm") }));
  if (points.length < 2) throw malformed(el, "it has fewer than two points");
  for (let i = 1; i < points.length; i++) if (!(points[i]!.orig >= points[i - 1]!.orig)) throw malformed(el, "its points are not in order");
  const outliers = choiceOf(el, "outliers", ["asIs", "asMissingValues", "asExtremeValues"], "asIs");
  const x = numeric(field, el);
  const segment = (i: number): Value => {
    const [a, b] = [points[i]!, points[i + 1]!];
    return o.add(o.mul(o.div(o.sub(x, a.orig), b.orig - a.orig), b.norm - a.norm), a.norm);
  };
  let value = segment(0);
  for (let i = 1; i < points.length - 1; i++) {
    const { orig } = points[i]!;
    if (orig === points[i + 1]!.orig) continue;
    value = o.where(search(points, orig) === i ? o.greaterEqual(x, orig) : o.greater(x, orig), segment(i), value);
  }
  const [first, last] = [points[0]!, points.at(-1)!];
  const end = points.length - 1;
  // The search may take the last point for a value beyond all segments.
  const beyond = search(points, last.orig) === end ? o.greaterEqual(x, last.orig) : o.greater(x, last.orig);
  if (outliers === "asExtremeValues") value = o.where(o.less(x, first.orig), first.norm, o.where(beyond, last.norm, value));
  for (const at of new Set(points.filter(({ orig }, i) => i > 0 && orig === points[i - 1]!.orig).map(({ orig }) => orig))) {
    const found = search(points, at);
    if (found === end) continue;
    const [a, b] = [points[found]!, points[found + 1]!];
    const there = ((at - a.orig) / (b.orig - a.orig)) * (b.norm - a.norm) + a.norm;
    if (Number.isNaN(there)) p.c.rowChecks.push({ refused: o.squeeze(spread(p, o.equal(x, at)), 1), reason: `${JSON.stringify(textOf(el, "field").slice(0, 60))} is ${at}, where its normalization has several points` });
    else value = o.where(o.equal(x, at), there, value);
  }
  const line: Field = { kind: "number", value, canBeMissing: field.canBeMissing, float: false };
  // For a missing value only: an outlier that is made missing stays so.
  const to = el.attributes.get("mapMissingTo");
  const made = to === undefined ? line : filled(p, line, to, el);
  return outliers === "asMissingValues" ? blanked(p, made, o.or(o.less(x, first.orig), beyond)) : made;
}

/** The segment, by the number of its first point, in which a value lies that is one of the points; the last point's number for its end. */
function search(points: readonly Point[], value: number): number {
  let low = 0;
  let high = points.length - 1;
  while (low <= high) {
    const middle = low + ((high - low) >> 1);
    if (value < points[middle]!.orig) high = middle - 1;
    else if (middle === points.length - 1 || value <= points[middle + 1]!.orig) return middle;
    else low = middle + 1;
  }
  return -1;
}
