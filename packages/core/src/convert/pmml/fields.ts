// From the input columns to the fields of a model: the dictionary's types and valid values, and the mining schema's treatment of
// missing values, invalid values and outliers, in the order in which evaluators apply them.

import type { XmlElement } from "../../formats/index.ts";
import { blanked, compared, filled, holds, kindOfType, literal, literalNumber, missingOf, negate, numeric, roundFloat, anyOf, allOf, type Condition, type Field, type Pmml, type Scope } from "./context.ts";
import { childrenOf, choiceOf, malformed, numberOf, textOf } from "./element.ts";
import { isIn } from "./predicates.ts";

export function isActive(mining: XmlElement): boolean {
  return (mining.attributes.get("usageType") ?? "active") === "active";
}

/** The field of an input column, treated. */
export function inputField(p: Pmml, data: XmlElement, mining: XmlElement, column: number): Field {
  const { c } = p;
  const kind = kindOfType(data, textOf(data, "dataType"));
  const frame = c.rawFrame([column]);
  const raw = kind.kind === "string" ? c.stringColumn(frame, 0) : c.numbers(frame);
  let field: Field = { ...kind, value: roundFloat(p, raw, kind.float), canBeMissing: true, column };
  const values = childrenOf(data, "Value");
  const marked = (property: string): string[] => values.filter((v) => (v.attributes.get("property") ?? "valid") === property).map((v) => textOf(v, "value"))
    // NaN is missing as it is.
    .filter((v) => kind.kind === "string" || !/^nan$/i.test(v));
  if (marked("missing").length > 0) field = blanked(p, field, holds(p, isIn(p, field, marked("missing"), data)));
  const treatment = choiceOf(mining, "invalidValueTreatment", ["returnInvalid", "asIs", "asMissing", "asValue"], "returnInvalid");
  const valid = marked("valid");
  const intervals = childrenOf(data, "Interval");
  const listed = valid.length > 0 && data.attributes.get("optype") !== "continuous";
  if (treatment !== "asIs") {
    const good: Condition[] = [];
    if (listed) good.push(isIn(p, field, valid, data));
    else if (intervals.length > 0) good.push(anyOf(p, [...intervals.map((i) => within(p, field, i)), ...(valid.length > 0 ? [isIn(p, field, valid, data)] : [])]));
    if (marked("invalid").length > 0) good.push(negate(p, isIn(p, field, marked("invalid"), data)));
    if (data.attributes.get("dataType") === "integer" && !listed) good.push(compared(p, c.o.equal(c.graph.op("Floor", [field.value]), field.value), [field]));
    const invalid = good.length === 0 ? false : negate(p, allOf(p, good));
    if (invalid !== false) {
      if (treatment === "asMissing") field = blanked(p, field, holds(p, invalid));
      else if (treatment === "asValue") field = { ...field, value: c.o.where(holds(p, invalid), literal(p, textOf(mining, "invalidValueReplacement"), field, mining).value, field.value) };
      else if (listed && marked("missing").length === 0 && marked("invalid").length === 0) {
        c.columns[column]!.categories = valid.map((v) => (kind.kind === "string" ? v : data.attributes.get("dataType") === "boolean" ? v === "true" : literalNumber(v, kind, data)));
        c.columns[column]!.unknown = "refused";
      } else c.rowChecks.push({ refused: c.o.squeeze(holds(p, invalid), 1), reason: `${JSON.stringify(c.columns[column]!.name)} is not a valid value of this field` });
    }
  }
  return treated(p, field, mining, column);
}

function within(p: Pmml, field: Field, interval: XmlElement): Condition {
  const { o } = p.c;
  const closure = choiceOf(interval, "closure", ["openOpen", "openClosed", "closedOpen", "closedClosed"], "closedClosed");
  const low = numberOf(interval, "leftMargin");
  const high = numberOf(interval, "rightMargin");
  const x = numeric(field, interval);
  const parts: Condition[] = [];
  if (low !== undefined) parts.push(compared(p, closure.startsWith("open") ? o.greater(x, low) : o.greaterEqual(x, low), [field]));
  if (high !== undefined) parts.push(compared(p, closure.endsWith("Open") ? o.less(x, high) : o.lessEqual(x, high), [field]));
  return allOf(p, parts);
}

/** What a mining field says of missing values and outliers. */
function treated(p: Pmml, given: Field, mining: XmlElement, column?: number): Field {
  const { o } = p.c;
  let field = given;
  const outliers = choiceOf(mining, "outliers", ["asIs", "asMissingValues", "asExtremeValues"], "asIs");
  if (outliers !== "asIs" && field.kind === "number") {
    const low = numberOf(mining, "lowValue");
    const high = numberOf(mining, "highValue");
    if (low === undefined || high === undefined) throw malformed(mining, `outliers=${outliers} without lowValue and highValue`);
    const below = o.less(field.value, low);
    const above = o.greater(field.value, high);
    if (outliers === "asMissingValues") field = blanked(p, field, o.or(below, above));
    else {
      const { column: _, ...rest } = field;
      field = { ...rest, value: o.where(below, low, o.where(above, high, field.value)) };
    }
  }
  const replacement = mining.attributes.get("missingValueReplacement");
  if (replacement !== undefined) field = filled(p, field, replacement, mining);
  else if (mining.attributes.get("missingValueTreatment") === "returnInvalid") {
    if (column !== undefined && field.column === column) refuseMissing(p, column, "the model's schema refuses missing values");
    else p.c.rowChecks.push({ refused: o.squeeze(missingOf(p, field), 1), reason: "the model's schema refuses a missing value" });
    field = { ...field, canBeMissing: false };
  }
  return field;
}
export function refuseMissing(p: Pmml, column: number, reason: string): void {
  const raw = p.c.columns[column]!;
  raw.missing = "refused";
  raw.missingReason ??= reason;
}

/** The fields of a model inside another: as outside, where its own schema does not say otherwise. */
export function overlay(p: Pmml, mining: XmlElement, scope: Scope, inner: Scope): void {
  const name = textOf(mining, "name");
  const says = ["missingValueReplacement", "outliers"].some((key) => mining.attributes.has(key)) || mining.attributes.get("missingValueTreatment") === "returnInvalid";
  if (isActive(mining) && says) inner.set(name, () => treated(p, scope.get(name, mining), mining));
}

