// The state of one PMML file under compilation: its dictionary, its functions, and the fields that are in scope.
//
// Every field is one column: double [N, 1] with NaN for missing (booleans are 1 and 0), or string [N, 1] with MISSING_STRING.
// Constants are [1, 1] and are spread over the rows where it matters. A condition is a constant or two bool columns:
// true, and unknown (a comparison with a missing value).

import type { Value } from "../../onnx/index.ts";
import { bools, doubles, strings } from "../../tensor/index.ts";
import { MISSING_STRING } from "../../package/index.ts";
import type { XmlElement } from "../../formats/index.ts";
import type { Conversion } from "../conversion/conversion.ts";
import { malformed, parseNumber, refuse } from "./element.ts";

export interface Field {
  readonly kind: "number" | "string";
  readonly value: Value;
  readonly canBeMissing: boolean;
  /** Numbers are float32. */
  readonly float: boolean;
  /** Numbers are of the type integer, of which a quotient is one too. */
  readonly whole?: boolean | undefined;
  /** The input column that it still is. */
  readonly column?: number;
}

/** `unknown` is absent where nothing can be missing; it is never set where `true` is. */
export type Condition = boolean | { readonly holds: Value; readonly unknown?: Value | undefined };

/** Derived fields that refer to each other. */
const DEEPEST = 200;

export class Scope {
  readonly #parent: Scope | undefined;
  readonly #fields = new Map<string, Field | (() => Field)>();
  readonly #open = new Set<string>();
  static #depth = 0;

  constructor(parent?: Scope) {
    this.#parent = parent;
  }
  set(name: string, field: Field | (() => Field)): void {
    this.#fields.set(name, field);
  }
  find(name: string, el: XmlElement): Field | undefined {
    const found = this.#fields.get(name);
    if (found === undefined) return this.#parent?.find(name, el);
    if (typeof found !== "function") return found;
    // A local field may be made of the outer one of the same name.
    if (this.#open.has(name)) return this.#parent?.find(name, el);
    if (Scope.#depth >= DEEPEST) throw malformed(el, `fields are derived from one another more than ${DEEPEST} deep`);
    this.#open.add(name);
    Scope.#depth++;
    try {
      const made = found();
      this.#fields.set(name, made);
      return made;
    } finally {
      this.#open.delete(name);
      Scope.#depth--;
    }
  }
  get(name: string, el: XmlElement): Field {
    const field = this.find(name, el);
    if (!field) throw malformed(el, `there is no field ${JSON.stringify(name.slice(0, 80))} here`);
    return field;
  }
}

export interface Pmml {
  readonly c: Conversion;
  readonly version: string;
  readonly dictionary: ReadonlyMap<string, XmlElement>;
  readonly functions: ReadonlyMap<string, XmlElement>;
  /** Some input column: it tells the number of rows. */
  readonly rows: () => Value;
}

// ---- values ----

export function number(p: Pmml, value: number): Field {
  return { kind: "number", value: p.c.graph.constant(doubles([value], [1, 1])), canBeMissing: Number.isNaN(value), float: false };
}
export function text(p: Pmml, value: string): Field {
  return { kind: "string", value: p.c.graph.constant(strings([value], [1, 1])), canBeMissing: value === MISSING_STRING, float: false };
}
/** The column of a field that has to be a number. */
export function numeric(field: Field, el: XmlElement): Value {
  if (field.kind !== "number") throw malformed(el, "it is given a text where a number is needed");
  return field.value;
}
export function missingOf(p: Pmml, field: Field): Value {
  if (!field.canBeMissing) return p.c.graph.constant(bools([false], [1, 1]));
  return field.kind === "number" ? p.c.o.isNaN(field.value) : p.c.o.equal(field.value, strings([MISSING_STRING], [1, 1]));
}
/** [N, 1], where it was a constant. */
export function spread(p: Pmml, value: Value): Value {
  if (value.shape?.[0] === "N") return value;
  const rows = p.rows();
  return p.c.graph.op("Expand", [value, p.c.o.concat([p.c.graph.op("Shape", [rows], { start: 0, end: 1 }), p.c.o.int64s([1])], 0)]);
}
export function roundFloat(p: Pmml, value: Value, float: boolean): Value {
  return float ? p.c.o.cast(p.c.o.cast(value, "float"), "double") : value;
}
/** `replacement` where the field is missing. */
export function filled(p: Pmml, field: Field, replacement: string, el: XmlElement): Field {
  if (!field.canBeMissing) return field;
  const { column: _, ...rest } = field;
  return { ...rest, value: p.c.o.where(missingOf(p, field), literal(p, replacement, field, el).value, field.value), canBeMissing: false };
}
/** The field, missing where `when`. */
export function blanked(p: Pmml, field: Field, when: Value): Field {
  const { column: _, ...rest } = field;
  const blank = field.kind === "number" ? number(p, NaN) : text(p, MISSING_STRING);
  return { ...rest, value: p.c.o.where(when, blank.value, field.value), canBeMissing: true };
}
/** A value written in the file, as the field has it. */
export function literal(p: Pmml, value: string, like: Pick<Field, "kind" | "float">, el: XmlElement): Field {
  return like.kind === "string" ? text(p, value) : number(p, literalNumber(value, like, el));
}
export function literalNumber(value: string, like: Pick<Field, "float">, el: XmlElement): number {
  const v = value === "true" ? 1 : value === "false" ? 0 : parseNumber(value, el);
  return like.float ? Math.fround(v) : v;
}
export function kindOfType(el: XmlElement, dataType: string): Pick<Field, "kind" | "float" | "whole"> {
  switch (dataType) {
    case "string": return { kind: "string", float: false };
    case "float": return { kind: "number", float: true };
    case "integer": return { kind: "number", float: false, whole: true };
    case "double": case "boolean": return { kind: "number", float: false };
    default: throw refuse(el, `dataType=${JSON.stringify(dataType.slice(0, 40))}`, "dates and times are not compiled", "Compute numbers from them before the model.");
  }
}

// ---- conditions ----

export function holds(p: Pmml, condition: Condition): Value {
  return typeof condition === "boolean" ? p.c.graph.constant(bools([condition], [1, 1])) : condition.holds;
}
export function negate(p: Pmml, condition: Condition): Condition {
  if (typeof condition === "boolean") return !condition;
  const { o } = p.c;
  const not = o.not(condition.holds);
  return condition.unknown ? { holds: o.and(not, o.not(condition.unknown)), unknown: condition.unknown } : { holds: not };
}
export function asField(p: Pmml, condition: Condition): Field {
  if (typeof condition === "boolean") return number(p, condition ? 1 : 0);
  const value = p.c.o.cast(condition.holds, "double");
  return condition.unknown
    ? { kind: "number", value: p.c.o.where(condition.unknown, NaN, value), canBeMissing: true, float: false }
    : { kind: "number", value, canBeMissing: false, float: false };
}
export function asCondition(p: Pmml, field: Field, el: XmlElement): Condition {
  const { o } = p.c;
  const value = numeric(field, el);
  const true_ = o.equal(value, 1);
  return field.canBeMissing ? { holds: true_, unknown: o.isNaN(value) } : { holds: true_ };
}
/** Unknown where one of the fields is missing. */
export function compared(p: Pmml, result: Value, fields: readonly Field[]): Condition {
  const { o } = p.c;
  const may = fields.filter((f) => f.canBeMissing);
  if (may.length === 0) return { holds: result };
  const unknown = may.map((f) => missingOf(p, f)).reduce((a, b) => o.or(a, b));
  return { holds: o.and(result, o.not(unknown)), unknown };
}
/** Three-valued: false wins, then unknown. */
export function allOf(p: Pmml, conditions: readonly Condition[]): Condition {
  if (conditions.includes(false)) return false;
  const rest = conditions.filter((x) => x !== true) as Exclude<Condition, boolean>[];
  if (rest.length === 0) return true;
  const { o } = p.c;
  const all = rest.map((r) => r.holds).reduce((a, b) => o.and(a, b));
  if (!rest.some((r) => r.unknown)) return { holds: all };
  // Unknown: none is false, and not all are true.
  const notFalse = rest.map((r) => (r.unknown ? o.or(r.holds, r.unknown) : r.holds)).reduce((a, b) => o.and(a, b));
  return { holds: all, unknown: o.and(notFalse, o.not(all)) };
}
export function anyOf(p: Pmml, conditions: readonly Condition[]): Condition {
  return negate(p, allOf(p, conditions.map((x) => negate(p, x))));
}
