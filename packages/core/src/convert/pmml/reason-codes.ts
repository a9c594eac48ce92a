// The reason codes of a scorecard (PMML 4.4): every characteristic counts the points it lies below its baseline score, or above
// it; codes are ranked by the sum of their points, those below nothing left out. Equal ones stand in the order in which the
// row's characteristics come to them, as in JPMML.

import type { Value } from "../../onnx/index.ts";
import { doubles } from "../../tensor/index.ts";
import type { XmlElement } from "../../formats/index.ts";
import { holds, number, spread, type Condition, type Pmml } from "./context.ts";
import { childOf, childrenOf, choiceOf, malformed, numberOf, textOf } from "./element.ts";
import type { ReasonCodes } from "./result.ts";

export interface Scored {
  readonly characteristic: XmlElement;
  readonly attributes: readonly { readonly el: XmlElement; readonly condition: Condition }[];
  /** The points that a row got, [N, 1] or [1, 1]. */
  readonly partial: Value;
}
const MOST_RANKS = 1000;

/** undefined where the scorecard has none, or its Output does not ask for them. */
export function reasonCodes(p: Pmml, model: XmlElement, scored: readonly Scored[]): ReasonCodes | undefined {
  const { o, graph } = p.c;
  if ((model.attributes.get("useReasonCodes") ?? "true") !== "true") return undefined;
  const output = childOf(model, "Output");
  const asked = (output ? childrenOf(output, "OutputField") : []).filter((f) => f.attributes.get("feature") === "reasonCode");
  if (asked.length === 0 || scored.length === 0) return undefined;
  const ranks = asked.map((field) => {
    const rank = numberOf(field, "rank") ?? 1;
    if (!Number.isInteger(rank) || rank < 1 || rank > MOST_RANKS) throw malformed(field, `rank=${rank} is no place among reason codes`);
    return rank;
  });
  const below = choiceOf(model, "reasonCodeAlgorithm", ["pointsAbove", "pointsBelow"], "pointsBelow") === "pointsBelow";
  const codes: string[] = [];
  const numberOfCode = new Map<string, number>();
  const idOf = (code: string): number => {
    let id = numberOfCode.get(code);
    if (id === undefined) numberOfCode.set(code, (id = codes.push(code) - 1));
    return id;
  };
  const each = scored.map(({ characteristic, attributes, partial }) => {
    const baseline = numberOf(characteristic, "baselineScore") ?? numberOf(model, "baselineScore");
    if (baseline === undefined) throw malformed(characteristic, "it has no baselineScore, and reason codes are asked for");
    const ids = attributes.map(({ el, condition }) => {
      const code = el.attributes.get("reasonCode") ?? characteristic.attributes.get("reasonCode");
      if (code === undefined) throw malformed(el, "it has no reasonCode, and reason codes are asked for");
      return { condition, id: idOf(code) };
    });
    const lone = ids.every(({ id }) => id === ids[0]!.id) ? ids[0]!.id : undefined;
    const id = lone === undefined ? ids.toReversed().reduce<Value>((rest, { condition, id: own }) => o.where(holds(p, condition), own, rest), number(p, -1).value) : number(p, lone).value;
    return { id: spread(p, id), points: spread(p, below ? o.sub(baseline, partial) : o.sub(partial, baseline)) };
  });
  // [N, J], one column for each characteristic; a code's points stand at the first one that comes to it.
  const ids = o.concat(each.map((e) => e.id));
  const order = graph.constant(doubles(each.map((_, j) => j), [1, each.length]));
  let total: Value | undefined;
  let again: Value | undefined;
  each.forEach(({ id, points }, j) => {
    const same = o.equal(ids, id);
    const term = o.where(same, points, 0);
    total = total ? o.add(total, term) : term;
    const later = o.and(same, o.greater(order, j));
    again = again ? o.or(again, later) : later;
  });
  const left = o.where(o.or(again!, o.less(total!, 0)), -Infinity, total!);
  const most = Math.min(each.length, Math.max(...ranks));
  // Of equal ones TopK takes the first column first.
  const [points, places] = graph.ops("TopK", [left, o.int64s([most])], { axis: 1, largest: 1, sorted: 1 }, 2) as [Value, Value];
  const ranked = o.where(o.equal(points, -Infinity), codes.length, graph.op("GatherElements", [ids, places], { axis: 1 }));
  const padded = o.concat([ranked, spread(p, number(p, codes.length).value)]);
  const chosen = o.columns(padded, ranks.map((rank) => Math.min(rank - 1, most)));
  return { value: o.gather(o.strings([...codes, ""]), o.cast(chosen, "int64"), 0), names: asked.map((field) => textOf(field, "name")) };
}
