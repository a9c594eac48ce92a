// Attribute values as converters write them, turned into what the operator's schema declares.

import { nearest } from "../base/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { BuiltBody } from "./built.ts";
import { onnxError } from "./errors.ts";
import type { AttributeKind, OpSchema } from "./schema.ts";
import type { Attribute, AttributeInput } from "./value.ts";

const isArray = (x: unknown): x is ArrayLike<unknown> => Array.isArray(x) || ArrayBuffer.isView(x);
const isInt = (x: unknown): x is number | bigint => typeof x === "bigint" || Number.isSafeInteger(x);

function convert(kind: AttributeKind, x: AttributeInput): Attribute | undefined {
  switch (kind) {
    case "int": return typeof x === "boolean" ? { int: Number(x) } : isInt(x) ? { int: x } : undefined;
    case "float": return typeof x === "number" ? { float: x } : undefined;
    case "string": return typeof x === "string" ? { string: x } : undefined;
    case "ints": {
      if (x instanceof Int32Array || x instanceof BigInt64Array) return { ints: x };
      return Array.isArray(x) && x.every(isInt) ? { ints: x as (number | bigint)[] } : undefined;
    }
    case "floats": {
      if (x instanceof Float32Array) return { floats: x };
      return Array.isArray(x) && x.every((v) => typeof v === "number") ? { floats: x as number[] } : undefined;
    }
    case "strings": return Array.isArray(x) && x.every((v) => typeof v === "string") ? { strings: x as string[] } : undefined;
    case "tensor": return typeof x === "object" && !isArray(x) && "data" in x ? { tensor: x as Tensor } : undefined;
    default: return undefined;
  }
}

/** Throws an internal error for an unknown attribute, a wrong kind, or a required one that is missing. */
export function convertAttributes(schema: OpSchema, given: Readonly<Record<string, AttributeInput | undefined>>): Map<string, Attribute> {
  const out = new Map<string, Attribute>();
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value instanceof BuiltBody) continue;
    const wanted = schema.attributes.get(name);
    if (!wanted) {
      const near = nearest(name, schema.attributes.keys());
      throw onnxError("onnx-internal", `${schema.name} has no attribute ${name}${near ? ` (${near}?)` : ""}`);
    }
    const explicit = typeof value === "object" && !isArray(value) && wanted.kind in value;
    const attribute = explicit ? (value as Attribute) : convert(wanted.kind, value);
    if (!attribute) throw onnxError("onnx-internal", `attribute ${name} of ${schema.name} must be ${wanted.kind}`);
    out.set(name, attribute);
  }
  for (const [name, { required }] of schema.attributes) {
    if (required && !out.has(name) && !(given[name] instanceof BuiltBody)) throw onnxError("onnx-internal", `${schema.name} needs the attribute ${name}`);
  }
  return out;
}

/** Which of the fields of an Attribute it has. */
export function attributeKind(a: Attribute): AttributeKind {
  return Object.keys(a)[0] as AttributeKind;
}
