// Arrow files as shards of rows: whole record batches as far as they are not larger than a shard.

import { Type, type DataType } from "@uwdata/flechette";
import { batchError } from "../errors.ts";
import { ArrowFile } from "./arrow-frames.ts";
import { sameColumns, type TableInput, type TableShard } from "./tables.ts";

/** @throws SlipwayError batch-input-damaged, batch-input-format, batch-input-columns */
export function readArrowTables(files: readonly { readonly path: string }[], rowsPerShard: number): TableInput {
  let names: string[] | undefined;
  let types: string[] = [];
  let rows = 0;
  const shards: TableShard[] = [];
  for (const { path } of files) {
    const file = new ArrowFile(path);
    try {
      const { columns } = file.schema();
      const found = columns.map((c) => c.name);
      if (names === undefined) {
        names = found;
        types = columns.map((c) => typeName(c.type));
      } else sameColumns(names, found, path);
      let from = 0;
      for (const batch of file.batches) {
        const end = batch.first + batch.rows;
        // What is larger than a shard is cut; what is smaller waits for the next one.
        while (end - from > rowsPerShard) {
          const to = batch.first > from ? batch.first : from + rowsPerShard;
          shards.push({ file: path, from, to });
          from = to;
        }
      }
      if (file.rows > from) shards.push({ file: path, from, to: file.rows });
      rows += file.rows;
    } finally {
      file.close();
    }
  }
  if (names === undefined || names.length === 0) throw batchError("batch-input-columns", `${files[0]?.path ?? "the input"} has no columns`);
  return { names, types, shards, rows };
}

/** As DuckDB would call it. */
function typeName(type: DataType): string {
  switch (type.typeId) {
    case Type.Dictionary: return typeName(type.dictionary);
    case Type.Bool: return "BOOLEAN";
    case Type.Int: return type.bitWidth === 64 ? (type.signed ? "BIGINT" : "UBIGINT") : "INTEGER";
    case Type.Float: return "DOUBLE";
    case Type.Decimal: return "DECIMAL";
    default: return "VARCHAR";
  }
}
