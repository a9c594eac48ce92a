// Coded errors of reading tables from files.

import { defineErrors, type ErrorMaker } from "@slipway/core/base";

const table = {
  "table-not-found": { kind: "not-found", doc: "The file of rows cannot be read. Give a path, or - for standard input." },
  "table-not-text": { kind: "invalid", doc: "The file of rows is neither Parquet nor Arrow, and is not text in UTF-8 either. Save it as UTF-8; nothing is guessed." },
  "table-json": { kind: "invalid", doc: "The file of rows begins as JSON and is no list of records: write one record a line, or a list of them." },
  "table-limit": { kind: "limit", doc: "One row, record or part of the file of rows is larger than can be held in memory. Write it in smaller parts (row groups)." },
} as const;

export const tablesError: ErrorMaker<typeof table> = defineErrors(table);
