// What a row has in a column, whether the model takes that column or not.

import type { ModelInput, Servable } from "../../runtime/index.ts";

/** As a key; undefined where the row has nothing there. */
export function keyOfRow(input: ModelInput, column: string, row: number, signature: Servable["signature"]): string | undefined {
  let value: unknown;
  switch (input.kind) {
    case "batch": return keyOfRow(input.sent(), column, row, signature);
    case "records": {
      const record = input.records[row];
      if (typeof record === "object" && record !== null && Object.hasOwn(record, column)) value = (record as Readonly<Record<string, unknown>>)[column];
      break;
    }
    case "rows": {
      const values = input.rows[row];
      if (Array.isArray(values)) value = (values as readonly unknown[])[signature.columns.findIndex((c) => c.name === column)];
      break;
    }
    case "columns": value = Object.hasOwn(input.columns, column) ? input.columns[column]![row] : undefined; break;
    case "texts": value = signature.columns[0]?.name === column ? input.texts[row] : undefined; break;
    case "tensors": value = Object.hasOwn(input.tensors, column) ? input.tensors[column]!.data[row] : undefined; break;
  }
  return value === null || value === undefined || typeof value === "object" || value === "" || Number.isNaN(value) ? undefined : String(value as string | number | boolean | bigint);
}
