// The signature's columns prepared for checking many values: one checker a column, and its place in the batch.

import { nearest } from "../base/index.ts";
import { asBucketing, MISSING_STRING, normalizeText, type Column, type Scalar, type Signature } from "../package/index.ts";
import { preview, type Problems } from "./problems.ts";

/** Where values come from: JSON has types; CSV has only text, so numbers and booleans are read from it. */
export type Source = "json" | "csv";

export interface Slot {
  readonly column: Column;
  readonly name: string;
  readonly kind: "number" | "string";
  /** Place among the used columns of its kind. */
  readonly place: number;
  readonly expected: string;
  /** A finite number of any size needs no further look. */
  readonly plain: boolean;
  readonly lowest: number;
  readonly highest: number;
  readonly known: ReadonlySet<Scalar> | undefined;
}

export interface Plan {
  readonly signature: Signature;
  readonly slots: readonly Slot[];
  readonly numbers: number;
  readonly strings: number;
  /** Every column name of the signature, used or not. */
  readonly names: ReadonlySet<string>;
  readonly usedNames: readonly string[];
}

const LISTED = 20;

export function planColumns(signature: Signature): Plan {
  const slots: Slot[] = [];
  const count = { number: 0, string: 0 };
  for (const column of signature.columns) {
    if (!column.used) continue;
    const kind = column.type === "string" ? "string" : "number";
    const known = column.categories !== undefined && column.unknown === "refused" ? knownValues(column) : undefined;
    const [lowest, highest] = column.limits ?? [-Infinity, Infinity];
    slots.push({
      column, name: column.name, kind, place: count[kind]++, expected: describeColumn(column), lowest, highest, known,
      plain: column.type === "double" && known === undefined && lowest === -Infinity && highest === Infinity,
    });
  }
  return {
    signature, slots, numbers: count.number, strings: count.string,
    names: new Set(signature.columns.map((c) => c.name)), usedNames: slots.map((s) => s.name),
  };
}

/** Numbers are compared as numbers: a boolean column's categories are 0 and 1 in the batch. */
function knownValues(column: Column): ReadonlySet<Scalar> {
  const values = column.categories ?? [];
  return new Set<Scalar>(column.type === "string" ? values.map(String) : values.map(Number));
}

/** "a whole number", "one of \"a\", \"b\"" ... for messages. */
function describeColumn(column: Column): string {
  const may = column.missing === "allowed" ? " or null" : "";
  if (column.categories !== undefined && column.unknown === "refused") {
    const listed = column.categories.slice(0, LISTED).map((c) => JSON.stringify(c)).join(", ");
    return `one of ${listed}${column.categories.length > LISTED ? ` (${column.categories.length} in all)` : ""}${may}`;
  }
  const type = { double: column.seen === "boolean" ? "true or false, or a number" : "a number", int64: "a whole number", boolean: "true or false", string: column.wholeNumbers === true ? "text or a whole number" : "text" }[column.type];
  return type + may;
}

/** The value as a double; NaN is missing. Bad values are reported and give NaN. */
export function checkNumber(slot: Slot, value: unknown, row: number, source: Source, problems: Problems): number {
  let n: number;
  if (typeof value === "number") n = value;
  else if (typeof value === "boolean") n = value ? 1 : 0;
  else if (value === null || value === undefined) n = NaN;
  else if (typeof value === "bigint") n = Number(value);
  else if (typeof value === "string") {
    const read = source === "csv" ? readCsvNumber(value, slot.column.type === "boolean") : readNamedNumber(value);
    if (read === undefined) {
      const looksNumeric = source === "json" && value.trim() !== "" && Number.isFinite(Number(value));
      problems.add(row, slot.name, slot.expected, preview(value), looksNumeric ? "send it without quotes" : "");
      return NaN;
    }
    n = read;
  } else {
    problems.add(row, slot.name, slot.expected, preview(value));
    return NaN;
  }
  if (n !== n) {
    if (slot.column.missing === "refused") refuseMissing(slot, value, row, problems);
    return NaN;
  }
  const c = slot.column;
  if (n === Infinity || n === -Infinity) {
    if (c.infinite === "refused") problems.add(row, slot.name, `${slot.expected}, not infinite`, String(n));
    return n;
  }
  if (slot.plain) return n;
  if (n < slot.lowest || n > slot.highest) {
    problems.add(row, slot.name, `${slot.expected} between ${slot.lowest} and ${slot.highest}`, `the number ${n}`, "the model computes in 32-bit floats, which hold no larger number");
  } else if (slot.known !== undefined) {
    if (!slot.known.has(n)) problems.add(row, slot.name, slot.expected, preview(value));
  } else if (c.type === "int64") {
    if (!Number.isInteger(n)) problems.add(row, slot.name, slot.expected, preview(value));
  } else if (c.type === "boolean" && n !== 0 && n !== 1) problems.add(row, slot.name, slot.expected, preview(value));
  return n;
}

/** The value as text; MISSING_STRING is missing. */
export function checkString(slot: Slot, value: unknown, row: number, source: Source, problems: Problems): string {
  if (slot.column.wholeNumbers === true && (typeof value === "boolean" || typeof value === "bigint" || Number.isSafeInteger(value))) value = typeof value === "boolean" ? booleanText(slot, value) : String(value);
  if (typeof value !== "string") {
    // NaN is how pandas writes a missing text.
    if (value === null || value === undefined || (typeof value === "number" && Number.isNaN(value))) {
      if (slot.column.missing === "refused") refuseMissing(slot, value, row, problems);
      return MISSING_STRING;
    }
    problems.add(row, slot.name, slot.expected, preview(value), typeof value === "number" || typeof value === "boolean" ? "this column is text: put it in quotes" : "");
    return MISSING_STRING;
  }
  if (value === MISSING_STRING) {
    if (slot.column.missing === "refused") refuseMissing(slot, null, row, problems);
    return value;
  }
  const text = slot.column.normalize === undefined ? value : normalizeText(value, slot.column.normalize);
  if (slot.known !== undefined && !slot.known.has(text)) {
    const near = nearest(text, slot.known as ReadonlySet<string>);
    problems.add(row, slot.name, slot.expected, preview(value), near === undefined ? (source === "json" ? "" : "check for spaces around it") : `did you mean ${JSON.stringify(near)}?`);
  }
  return text;
}

/** As Python writes it where its text is hashed. */
function booleanText({ column }: Slot, value: boolean): string {
  if (column.normalize?.some((step) => asBucketing(step) !== undefined)) return value ? "True" : "False";
  return value ? "1" : "0";
}

function refuseMissing(slot: Slot, value: unknown, row: number, problems: Problems): void {
  problems.add(row, slot.name, slot.expected, value === null || value === undefined ? "a missing value" : `${preview(value)}, which is a missing value`, slot.column.missingReason);
}

/** JSON has no way to write these, so their names are taken as numbers. */
function readNamedNumber(text: string): number | undefined {
  switch (text) {
    case "NaN": case "nan": return NaN;
    case "Infinity": case "+Infinity": case "inf": return Infinity;
    case "-Infinity": case "-inf": return -Infinity;
    default: return undefined;
  }
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
/** What pandas reads as missing in a number column. */
const CSV_MISSING = new Set(["", "nan", "na", "n/a", "#n/a", "null", "none", "<na>", "-nan"]);

function readCsvNumber(field: string, boolean: boolean): number | undefined {
  const text = field.trim();
  if (text.length <= 400 && NUMBER.test(text)) return Number(text);
  const lower = text.length <= 12 ? text.toLowerCase() : "";
  if (text === "" || (lower !== "" && CSV_MISSING.has(lower))) return NaN;
  if (lower === "true") return 1;
  if (lower === "false") return 0;
  if (boolean) return undefined;
  if (/^[+-]?inf(?:inity)?$/.test(lower)) return lower.startsWith("-") ? -Infinity : Infinity;
  return undefined;
}
