// What stands between ids in one text: a character that none of them has.

import { convertError } from "../conversion/errors.ts";

const SEPARATORS = [" ", ",", ";", "|", "\t", "\n"];

/** @throws recommend-items */
export function separatorFor(ids: readonly string[]): string {
  const found = SEPARATORS.find((s) => !ids.some((id) => id.includes(s)));
  if (found === undefined) throw convertError("recommend-items", "the items' ids have spaces, commas, semicolons, bars, tabs and line ends in them: nothing is left to stand between two", { hint: "Use plainer ids." });
  return found;
}
