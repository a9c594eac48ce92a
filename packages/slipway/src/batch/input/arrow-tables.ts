// Arrow files as shards of rows: whole record batches as far as they are not larger than a shard.

import { Type, type DataType } from "@uwdata/flechette";
import { batchError } from "../errors.ts";
import { ArrowFile } from "./arrow-frames.ts";
import { shardsOf, type TableFile, type TableInput } from "./tables.ts";

/** @throws SlipwayError batch-input-damaged, batch-input-format, batch-input-columns */
export function readArrowTables(files: readonly TableFile[], rowsPerShard: number, skipBroken = false): Promise<TableInput> {
  return shardsOf(files, skipBroken, ({ path }) => {
    const file = new ArrowFile(path);
    try {
      const { columns } = file.schema();
      if (columns.length === 0) throw batchError("batch-input-columns", `${path} has no columns`, { where: path });
      return { names: columns.map((c) => c.name), types: columns.map((c) => typeName(c.type)), cuts: cutsOf(file, rowsPerShard), rows: file.rows };
    } finally {
      file.close();
    }
  });
}

function cutsOf({ batches, rows }: ArrowFile, rowsPerShard: number): number[] {
  const cuts = rows === 0 ? [] : [0];
  for (const batch of batches) {
    // What is larger than a shard is cut; what is smaller waits for the next one.
    for (let from = cuts.at(-1)!; batch.first + batch.rows - from > rowsPerShard; from = cuts.at(-1)!) cuts.push(batch.first > from ? batch.first : from + rowsPerShard);
  }
  return cuts;
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
