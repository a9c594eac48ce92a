// Rows as they come from a file, some at a time.

import type { CheckRow } from "@slipway/core/package";

export interface RowBatch {
  readonly rows: readonly CheckRow[];
  /** Every value is a text or missing, as in CSV: what it means is for the reader of the columns to say. */
  readonly texts: boolean;
}
/** In the file's order; memory is that of one batch. */
export type RowStream = AsyncIterable<RowBatch>;

export const BATCH_ROWS = 1000;
