// The TypeScript types of a model's rows: exactly what the service takes without refusing it, as far as types can tell.

import { ANY_RANK, type Column, type Signature, type TensorInput } from "@slipway/core/package";
import { isFlag } from "../runtime/index.ts";
import { literal, note, propertyKey } from "./typescript.ts";

/** Longer unions slow editors down; the type is then the plain one. */
const MAX_LITERALS = 1000;
const MAX_TUPLE = 1000;

export interface RowTypes {
  /** Declarations; `NAMERow` is among them. */
  readonly source: string;
  /** What a list of rows is. */
  readonly many: string;
}

export function rowTypes(name: string, signature: Signature): RowTypes {
  const row = `${name}Row`;
  if (signature.layout === "tensors") {
    const none = signature.tensorRows === "none";
    const fields = (signature.tensors ?? []).map((t) => `  /** ${note(tensorNote(t, none))} */\n  readonly ${propertyKey(t.name)}: ${tensorType(t, none ? 0 : 1)};`);
    return { source: `/** ${none ? "The whole input of one call" : "One row"} of ${name}. */\nexport interface ${row} {\n${fields.join("\n")}\n}\n`, many: none ? `readonly [${row}]` : `readonly ${row}[]` };
  }
  const record = recordType(`${name}Record`, signature);
  if (signature.layout === "text") {
    return { source: `${record}\n/** One text, or the column by its name. */\nexport type ${row} = string | ${name}Record;\n`, many: `readonly string[] | readonly ${name}Record[]` };
  }
  if (signature.layout === "matrix") {
    const { columns } = signature;
    const cells = columns.map((c) => cellType(c, false));
    const plain = columns.every((c) => /^[A-Za-z_$][\w$]*$/.test(c.name) && c.name !== "this");
    const values = columns.length > MAX_TUPLE ? `readonly (${[...new Set(cells)].join(" | ")})[]`
      : `readonly [${cells.map((cell, i) => (plain ? `${columns[i]!.name}: ${cell}` : cell)).join(", ")}]`;
    return {
      source: `${record}\n/** The ${columns.length} columns in order. */\nexport type ${name}Values = ${values};\n\n/** A row by its columns' names, or its values in order. */\nexport type ${row} = ${name}Record | ${name}Values;\n`,
      many: `readonly ${name}Record[] | readonly ${name}Values[]`,
    };
  }
  return { source: recordType(row, signature), many: `readonly ${row}[]` };
}

function recordType(name: string, signature: Signature): string {
  const fields = signature.columns.map((column) => {
    const text = columnNote(column);
    const optional = !column.used || column.missing === "allowed";
    return `${text === "" ? "" : `  /** ${note(text)} */\n`}  readonly ${propertyKey(column.name)}${optional ? "?" : ""}: ${cellType(column, true)}${optional && column.used ? " | undefined" : ""};`;
  });
  return `/** One row by its columns' names. */\nexport interface ${name} {\n${fields.join("\n")}\n}\n`;
}

/** Of a value in a row; null is in it where the column may be missing. */
function cellType(column: Column, named: boolean): string {
  if (!column.used) return "unknown";
  return column.missing === "allowed" ? `${valueType(column, named)} | null` : valueType(column, named);
}

/** Where no check file says what a named column of numbers holds, it may be a column of true and false: these are taken as 1 and 0. */
function valueType(column: Column, named: boolean): string {
  const { type, categories } = column;
  const closed = categories !== undefined && column.unknown === "refused" && categories.length <= MAX_LITERALS;
  if (type === "string") {
    const base = column.wholeNumbers === true ? "string | number | boolean" : "string";
    if (categories === undefined || categories.length === 0 || categories.length > MAX_LITERALS) return base;
    const names = categories.map(String);
    // What is normalised before it is compared may be written in other ways than the category.
    if (!closed || column.normalize !== undefined) return column.wholeNumbers === true ? base : `${union(names)} | (string & {})`;
    return union([...names, ...(column.wholeNumbers === true ? names.filter((n) => /^-?(?:0|[1-9]\d{0,14})$/.test(n) && n !== "-0").map(Number) : [])]);
  }
  if (closed) {
    const numbers = categories.map(Number).filter(Number.isFinite);
    const flags = isFlag(column) ? [...(numbers.includes(0) ? [false] : []), ...(numbers.includes(1) ? [true] : [])] : [];
    if (numbers.length > 0) return union([...flags, ...numbers]);
  }
  if (type === "boolean") return "boolean | 0 | 1";
  return isFlag(column) || (named && column.seen === undefined && type === "double") ? "boolean | number" : "number";
}

export function union(values: readonly (string | number | boolean)[]): string {
  return [...new Set(values.map((v) => literal(v)!))].join(" | ");
}

function columnNote(column: Column): string {
  if (!column.used) return "No prediction depends on it.";
  return [
    column.type === "int64" ? "A whole number." : "",
    column.limits === undefined || column.limits[1] > 1e30 ? "" : `From ${column.limits[0]} to ${column.limits[1]}.`,
    column.range === undefined || isFlag(column) ? "" : `Usually ${column.range[0]} to ${column.range[1]}.`,
    column.infinite === "refused" && column.type === "double" && column.limits === undefined ? "Not infinite." : "",
    column.missing === "refused" && column.missingReason !== undefined ? `May not be missing: ${column.missingReason}.` : "",
    column.unknown === "allowed" && column.categories !== undefined ? "Other values count as unknown." : "",
  ].filter((t) => t !== "").join(" ");
}

const TYPED: Readonly<Record<string, string>> = {
  float: "Float32Array | Float64Array", double: "Float32Array | Float64Array", float16: "Float32Array", int8: "Int8Array", int16: "Int16Array | Int8Array", int32: "Int32Array | Int16Array | Int8Array",
  int64: "BigInt64Array | Int32Array", uint8: "Uint8Array | Uint8ClampedArray", uint16: "Uint16Array | Uint8Array", uint32: "Uint32Array | Uint16Array | Uint8Array", uint64: "BigUint64Array | Uint32Array",
};

/** Nested lists; the innermost may be typed arrays. `from`: 1 for one row, whose first dimension is left out. */
function tensorType(input: TensorInput, from: number): string {
  if (input.anyRank === true) return Array.from({ length: ANY_RANK }, (_, i) => listType(input, i + 1 - from)).join(" | ");
  return listType(input, input.shape.length - from);
}
function listType(input: TensorInput, rank: number): string {
  const value = input.type === "string" ? "string" : input.type === "bool" ? "boolean" : input.type.endsWith("int64") ? "number | bigint" : "number";
  if (rank <= 0) return value;
  const typed = TYPED[input.type];
  let type = `readonly ${value.includes("|") ? `(${value})` : value}[]${typed === undefined ? "" : ` | ${typed}`}`;
  for (let d = 1; d < rank; d++) type = `readonly (${type})[]`;
  return type;
}

function tensorNote(input: TensorInput, whole: boolean): string {
  if (input.anyRank === true) return `${input.type} [...]`;
  const dims = whole ? input.shape : input.shape.slice(1);
  return `${input.type} [${dims.map((d) => (d === -1 ? "any" : d)).join(", ")}]`;
}
