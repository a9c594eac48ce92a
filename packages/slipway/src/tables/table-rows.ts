// Columns of a table as rows.

import type { CheckRow } from "@slipway/core/package";
import type { Table } from "../server/decoding/index.ts";
import { BATCH_ROWS, type RowBatch } from "./batch.ts";

export function* tableRows({ rows, columns }: Table): Generator<RowBatch> {
  for (let from = 0; from < rows; from += BATCH_ROWS) {
    yield {
      texts: false,
      rows: Array.from({ length: Math.min(BATCH_ROWS, rows - from) }, (_, i) => Object.fromEntries(columns.map(([name, values]) => [name, values[from + i] ?? null])) as CheckRow),
    };
  }
}
