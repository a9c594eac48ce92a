// Apache Parquet, one row group at a time.

import type { FileHandle } from "node:fs/promises";
import { parquetMetadataAsync, parquetRead } from "hyparquet";
import { parquetCompressors, plainValues, tableFailure } from "../server/decoding/index.ts";
import type { RowBatch } from "./batch.ts";
import { tablesError } from "./errors.ts";
import { tableRows } from "./table-rows.ts";

/** Cells of a row group. */
const MAX_CELLS = 2 ** 25;

/** @throws table-damaged, table-limit */
export async function* parquetRows(handle: FileHandle, size: number, file: string): AsyncGenerator<RowBatch> {
  const buffer = {
    byteLength: size,
    async slice(start: number, end: number = size): Promise<ArrayBuffer> {
      const bytes = new Uint8Array(Math.max(0, Math.min(size, end) - start));
      await handle.read(bytes, 0, bytes.length, start);
      return bytes.buffer;
    },
  };
  let rowStart = 0;
  try {
    const metadata = await parquetMetadataAsync(buffer);
    for (const group of metadata.row_groups) {
      const rows = Number(group.num_rows);
      if (!(rows >= 0) || rows * Math.max(1, group.columns.length) > MAX_CELLS) throw tablesError("table-limit", `a row group of the Parquet file has ${rows} rows of ${group.columns.length} columns`, { where: file, hint: "Write it with smaller row groups, such as 100,000 rows." });
      const columns = new Map<string, unknown[]>();
      let over = false;
      await parquetRead({
        file: buffer, metadata, compressors: parquetCompressors(), utf8: true, rowStart, rowEnd: rowStart + rows,
        onChunk({ columnName, columnData, rowStart: from }) {
          const column = columns.get(columnName) ?? new Array<unknown>(rows).fill(null);
          columns.set(columnName, column);
          // A column chunk can reach beyond what was asked for.
          for (let i = 0; i < columnData.length; i++) {
            const place = from + i - rowStart;
            if (place >= 0 && place < rows) column[place] = columnData[i];
            else over = true;
          }
        },
      });
      if (over && metadata.row_groups.length === 1) throw new Error("a column has more values than there are rows");
      yield* tableRows({ rows, columns: [...columns].map(([name, values]) => [name, plainValues(values)] as const) });
      rowStart += rows;
    }
  } catch (error) {
    throw (error as { code?: unknown }).code === "table-limit" ? error : tableFailure("Parquet", error);
  }
}
