// How long a period can be.

import { parseFrequency } from "@slipway/core/package";

const DAY = 86_400;
const LONGEST_MONTH = 31;

/** Days, and one where it is less. */
export function longestPeriod(frequency: string): number {
  const f = parseFrequency(frequency)!;
  if (f.kind === "months") return f.months * LONGEST_MONTH;
  // A weekend lies between two days of business at most.
  return f.kind === "business" ? f.count * 3 : Math.max(1, f.seconds / DAY);
}
