import type { Row } from "../context.ts";

/** JSON.parse knows no NaN and no infinities: null is missing as NaN is, infinities have names. */
export function namedNumbers(row: Row): Row {
  return Object.fromEntries(Object.entries(row).map(([name, v]) => [name, typeof v === "number" && !Number.isFinite(v) ? (Number.isNaN(v) ? null : String(v)) : v]));
}
