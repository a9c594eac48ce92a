// CSV with a header line, JSON lines and JSON lists of records, read piece by piece.

import type { CheckRow } from "@slipway/core/package";
import { CsvReader, parseJson, type CsvField } from "../runtime/index.ts";
import { BATCH_ROWS, type RowBatch } from "./batch.ts";
import { tablesError } from "./errors.ts";
import { JsonRecords } from "./json-records.ts";

/** @param pieces of the text, cut anywhere @throws table-json, table-limit, request-csv, request-json */
export async function* textRows(pieces: AsyncIterable<string> | Iterable<string>, file: string): AsyncGenerator<RowBatch> {
  let reader: { push(piece: string): void; end(): void } | undefined;
  let batch: CheckRow[] = [];
  let texts = true;
  let held = "";
  const put = (row: CheckRow): void => void batch.push(row);
  const take = (): RowBatch => {
    const rows = batch;
    batch = [];
    return { rows, texts };
  };
  for await (const piece of pieces) {
    if (reader === undefined) {
      held += piece;
      const first = held.replace(/^\ufeff/, "").trimStart()[0];
      if (first === undefined && held.length < 2 ** 20) continue;
      texts = first !== "{" && first !== "[";
      reader = texts ? csv(put) : json(put, file);
      reader.push(held.replace(/^\ufeff/, ""));
      held = "";
    } else reader.push(piece);
    if (batch.length >= BATCH_ROWS) yield take();
  }
  reader ??= csv(put);
  if (held !== "") reader.push(held);
  reader.end();
  if (batch.length > 0) yield take();
}

function csv(put: (row: CheckRow) => void): CsvReader {
  let names: string[] | undefined;
  return new CsvReader((fields: CsvField[]) => {
    if (names === undefined) names = fields.map((name) => name ?? "");
    else put(Object.fromEntries(names.map((name, i) => [name, fields[i] ?? null])));
  });
}

function json(put: (row: CheckRow) => void, file: string): JsonRecords {
  const record = (value: unknown, where: string): void => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw tablesError("table-json", "the file is JSON, and no list of records", { where: `${file}, ${where}`, hint: 'Write it as [{"column": value}, ...], or one such record a line.' });
    put(value as CheckRow);
  };
  let n = 0;
  return new JsonRecords((text) => {
    n++;
    const value: unknown = parseJson(text);
    const inside = n === 1 ? (value as { records?: unknown } | null)?.records : undefined;
    if (Array.isArray(inside)) for (const [i, item] of inside.entries()) record(item, `record ${i + 1}`);
    else record(value, `record ${n}`);
  }, file);
}
