// Apache Parquet (https://parquet.apache.org/docs/file-format/) -> a table, by hyparquet. Sizes are those of the footer;
// pages are decompressed by functions that count.

import { decompressLz4Block } from "@slipway/core/formats";
import { parquetMetadata, parquetRead, snappyUncompress, type Compressors } from "hyparquet";
import { Decompression, MAX_TABLE_BYTES, mostCells, tooLarge } from "./limits.ts";
import { isIndex, plainValues, tableFailure, type Table } from "./table.ts";

/** @throws SlipwayError table-damaged, body-too-large */
export async function readParquet(bytes: Uint8Array<ArrayBuffer>): Promise<Table> {
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  try {
    const metadata = parquetMetadata(buffer);
    const rows = Number(metadata.num_rows);
    const names = metadata.schema.filter((_, i) => i > 0).length;
    const values = metadata.row_groups.reduce((n, group) => n + group.columns.reduce((m, c) => m + Number(c.meta_data?.num_values ?? 0), 0), 0);
    if (!(rows >= 0 && rows * Math.max(1, names) <= mostCells(bytes.length) && values <= mostCells(bytes.length))) throw tooLarge(`the Parquet table has ${rows} rows of ${names} columns`, "Send the rows in parts.");
    const columns = new Map<string, unknown[]>();
    const filled = new Map<string, number>();
    const out = new Decompression();
    // Thrown after reading: what is thrown in between is caught by nobody.
    let over: string | undefined;
    await parquetRead({
      file: buffer as unknown as Parameters<typeof parquetRead>[0]["file"], metadata, compressors: compressors(out), utf8: true,
      onChunk({ columnName, columnData, rowStart }) {
        if (rowStart < 0 || rowStart + columnData.length > rows) {
          over = columnName;
          return;
        }
        let column = columns.get(columnName);
        if (column === undefined) columns.set(columnName, (column = new Array<unknown>(rows)));
        for (let i = 0; i < columnData.length; i++) column[rowStart + i] = columnData[i];
        filled.set(columnName, (filled.get(columnName) ?? 0) + columnData.length);
      },
    });
    if (over !== undefined) throw new Error(`the column ${over.slice(0, 100)} has more values than there are rows`);
    const short = [...filled].find(([, n]) => n !== rows);
    if (short !== undefined) throw new Error(`the column ${short[0].slice(0, 100)} has ${short[1]} values for ${rows} rows`);
    return { rows, columns: [...columns].filter(([name]) => !isIndex(name)).map(([name, given]) => [name, plainValues(given)] as const) };
  } catch (error) {
    throw tableFailure("Parquet", error);
  }
}

/** With a budget of its own: for a file that is read part by part. */
export function parquetCompressors(): Compressors {
  return compressors(new Decompression());
}

function compressors(out: Decompression): Compressors {
  return {
    SNAPPY: (bytes, size) => {
      const page = new Uint8Array(out.take(size));
      snappyUncompress(bytes, page);
      return page;
    },
    GZIP: (bytes, size) => out.gunzip(bytes, size),
    BROTLI: (bytes, size) => out.brotli(bytes, size),
    ZSTD: (bytes, size) => out.zstd(bytes, size),
    LZ4_RAW: (bytes, size) => decompressLz4Block(bytes, out.take(size), { bytes: MAX_TABLE_BYTES }),
  };
}
