// A value of the target: a number, or what every reader of CSV here takes for one.

import { checkNumber, Problems, type Slot } from "../../runtime/index.ts";
import type { Value } from "./series.ts";

/** Any number, which may be missing. */
const ANY: Slot = {
  column: { name: "", type: "double", used: true, missing: "allowed", infinite: "refused" }, name: "", kind: "number", place: 0, expected: "a number", plain: true, lowest: -Infinity, highest: Infinity, known: undefined,
};

/** NaN: it is missing. undefined: it is no number, or an infinite one. */
export function readValue(value: Value): number | undefined {
  if (typeof value === "number" && value - value === 0) return value;
  const problems = new Problems();
  const number = checkNumber(ANY, value, 0, "csv", problems);
  return problems.count === 0 ? number : undefined;
}
