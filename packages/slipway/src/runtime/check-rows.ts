// A check file's or a labelled file's text -> rows by column.

import type { CheckRow } from "@slipway/core/package";
import { CsvReader, type CsvField } from "./csv.ts";
import { predictError } from "@slipway/core/predict";
import { parseJson } from "./json/parse-json.ts";

/** JSON records, or CSV with a header line whose empty unquoted fields are missing. */
export function readCheckRows(text: string): CheckRow[] {
  const first = text.trimStart()[0];
  if (first === "[" || first === "{") {
    const parsed = parseJson(text);
    const rows: unknown = Array.isArray(parsed) ? parsed : (parsed as { records?: unknown }).records;
    if (!Array.isArray(rows)) throw predictError("request-shape", "the check file is JSON, but not a list of records", { hint: "Write it as [{...}, {...}] or as CSV." });
    return rows as CheckRow[];
  }
  const lines: CsvField[][] = [];
  const reader = new CsvReader((fields) => lines.push(fields));
  reader.push(text);
  reader.end();
  const [header, ...rows] = lines;
  const names = (header ?? []).map((h) => h ?? "");
  return rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i] ?? null])));
}
