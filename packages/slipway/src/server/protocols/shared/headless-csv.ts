// CSV with or without a header line: without one the fields stand in the order of the model's columns.

import type { Signature } from "@slipway/core/package";
import { CsvReader, readCsv, type CsvField, type ModelInput } from "../../../runtime/index.ts";

/** Enough of a file to see its first record. */
const HEAD = 2 ** 20;

export function readHeadlessCsv(text: string, signature: Signature): ModelInput {
  if (signature.layout !== "columns" && signature.layout !== "text") return readCsv(text, signature);
  const header = records(text.slice(0, HEAD), text.length <= HEAD)[0];
  const names = new Set(signature.columns.map((c) => c.name));
  const named = header?.some((field) => field !== null && names.has(field.trim())) ?? true;
  if (named || header!.length !== signature.columns.length) return readCsv(text, signature);
  const rows = records(text, true);
  return signature.layout === "text" ? { kind: "texts", texts: rows.map((fields) => fields[0]) } : { kind: "rows", rows, source: "csv" };
}

function records(text: string, whole: boolean): CsvField[][] {
  const rows: CsvField[][] = [];
  const reader = new CsvReader((fields) => rows.push(fields), { delimiter: "," });
  reader.push(text);
  if (whole) reader.end();
  return rows;
}
