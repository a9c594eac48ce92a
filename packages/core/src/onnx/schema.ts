// The operators: what the ONNX standard says of each (schemas/*.generated.ts), parsed when first asked for.

import { nearest } from "../base/index.ts";
import type { ElementType } from "../tensor/index.ts";
import { CONTRIB } from "./schemas/contrib.ts";
import { ML } from "./schemas/ml.generated.ts";
import { STANDARD } from "./schemas/standard.generated.ts";

export type AttributeKind = "int" | "float" | "string" | "tensor" | "graph" | "ints" | "floats" | "strings" | "tensors" | "graphs" | "other";

/** name, since, inputs, outputs, [fewest inputs, most inputs, fewest outputs, most outputs] (-1: no limit), types, attributes. */
export type SchemaRow = readonly [string, number, string, string, readonly number[], string, readonly string[]];

export interface Formal {
  readonly name: string;
  /** A type variable of `types`, or an element type. */
  readonly type: string;
  readonly optional: boolean;
  /** The last one may be repeated; "each" lets every repetition have its own type. */
  readonly variadic: "" | "same" | "each";
}

export interface AttributeSchema {
  readonly kind: AttributeKind;
  readonly required: boolean;
  readonly default?: unknown;
}

export interface OpSchema {
  readonly name: string;
  readonly domain: string;
  readonly since: number;
  readonly inputs: readonly Formal[];
  readonly outputs: readonly Formal[];
  readonly minInputs: number;
  readonly maxInputs: number;
  readonly minOutputs: number;
  readonly maxOutputs: number;
  readonly types: ReadonlyMap<string, readonly ElementType[]>;
  readonly attributes: ReadonlyMap<string, AttributeSchema>;
}

/** The operator sets that Slipway writes. */
export const OPSETS: Readonly<Record<string, number>> = { "": 21, "ai.onnx.ml": 5, "com.microsoft": 1 };

export const ELEMENT_TYPES: readonly ElementType[] = [
  "float", "double", "float16", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool", "string",
];

const rows: ReadonlyMap<string, readonly [string, SchemaRow]> = new Map(
  ([["", STANDARD], ["ai.onnx.ml", ML], ["com.microsoft", CONTRIB]] as const)
    .flatMap(([domain, table]) => table.map((row) => [row[0], [domain, row]] as const)),
);
const parsed = new Map<string, OpSchema>();

/** Operator names are unique over the three domains. */
export function findSchema(name: string): OpSchema | undefined {
  const known = parsed.get(name);
  if (known) return known;
  const found = rows.get(name);
  if (!found) return undefined;
  const schema = parse(...found);
  parsed.set(name, schema);
  return schema;
}
export function nearestOperator(name: string): string | undefined {
  return nearest(name, rows.keys());
}
export function operatorNames(): string[] {
  return [...rows.keys()];
}

function parse(domain: string, row: SchemaRow): OpSchema {
  const [name, since, inputs, outputs, counts, types, attributes] = row;
  const many = (n: number): number => (n < 0 ? Infinity : n);
  return {
    name, domain, since,
    inputs: formals(inputs),
    outputs: formals(outputs),
    minInputs: counts[0]!, maxInputs: many(counts[1]!), minOutputs: counts[2]!, maxOutputs: many(counts[3]!),
    types: new Map(words(types).map((w) => {
      const [variable, set] = w.split("=") as [string, string];
      return [variable, typeSet(set)];
    })),
    attributes: new Map(attributes.map(attribute)),
  };
}
const words = (text: string): string[] => (text === "" ? [] : text.split(" "));

function typeSet(set: string): readonly ElementType[] {
  if (set === "all") return ELEMENT_TYPES;
  if (set === "notstring") return ELEMENT_TYPES.filter((t) => t !== "string");
  if (set === "number") return ELEMENT_TYPES.filter((t) => t !== "string" && t !== "bool");
  return set === "" ? [] : (set.split(",") as ElementType[]);
}
function formals(text: string): Formal[] {
  return words(text).map((word) => {
    const [name, type] = word.split(":") as [string, string];
    const mark = name.at(-1)!;
    return {
      name: "?*~".includes(mark) ? name.slice(0, -1) : name,
      type,
      optional: mark === "?",
      variadic: mark === "*" ? "same" : mark === "~" ? "each" : "",
    };
  });
}
function attribute(text: string): [string, AttributeSchema] {
  const [, name, kind, required, value] = /^([^:]+):([a-z]+)(!?)(?:=(.*))?$/.exec(text)!;
  return [name!, { kind: kind as AttributeKind, required: required === "!", ...(value === undefined ? {} : { default: JSON.parse(value) as unknown }) }];
}
