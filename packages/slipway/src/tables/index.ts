export { readRows, rowsOfText } from "./read-rows.ts";
export type { RowBatch, RowStream } from "./batch.ts";
export { tablesError } from "./errors.ts";
