// A table of a binary format, as the runtime takes columns.

import { SlipwayError } from "@slipway/core/base";
import { serverError } from "../errors.ts";

export interface Table {
  readonly rows: number;
  /** By name, in the table's order. Missing values are null; 64-bit integers are numbers where they are exact. */
  readonly columns: readonly (readonly [name: string, values: ArrayLike<unknown>])[];
}

/** pandas writes its index as a column of this name. */
const INDEX = /^__index_level_\d+__$/;

export function isIndex(name: string): boolean {
  return INDEX.test(name);
}

/** Dates as ISO texts, bytes as text, big integers as numbers where they are exact. */
function plainValue(value: unknown): unknown {
  if (typeof value === "bigint") return BigInt(Number(value)) === value ? Number(value) : value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value === undefined) return null;
  return value;
}

export function plainValues(values: ArrayLike<unknown>): ArrayLike<unknown> {
  if (ArrayBuffer.isView(values) && !(values instanceof BigInt64Array) && !(values instanceof BigUint64Array)) return values;
  return Array.from(values, plainValue);
}

/** A fault while a table was read, as one of ours. */
export function tableFailure(format: string, error: unknown): Error {
  if (error instanceof SlipwayError && (error.code === "body-too-large" || error.code === "table-damaged")) return error;
  return serverError("table-damaged", `the ${format} data cannot be read: ${error instanceof Error ? error.message.slice(0, 200) : "damaged"}`, { hint: "Write the file again, or send CSV or JSON.", cause: error });
}
