// Files of Parquet, by our own reader where it reads them. DuckDB is loaded only for others.

import type { ColumnWish, TableStore } from "../rows/table-store.ts";
import { PageStore } from "./page-store.ts";

/** `memoryMb`: what DuckDB may take. @throws SlipwayError batch-input-damaged, batch-duckdb while it reads */
export function openParquet(wishes: readonly ColumnWish[], temporary: string, memoryMb?: number): TableStore {
  return new PageStore(wishes, async () => {
    await (await import("../input/duckdb.ts")).loadDuckDB();
    return (await import("../rows/parquet-store.ts")).openByDuckDB(wishes, temporary, memoryMb);
  });
}
