// A policy in words.

import type { Policy } from "../api/types.ts";
import { plural } from "./format.ts";

export function policyText(policy: Policy): string {
  const { approvals = 0, groups = {}, author, gate, signed, expires } = policy;
  const parts = [
    ...(approvals > 0 ? [plural(approvals, "approval")] : []),
    ...Object.entries(groups).map(([group, count]) => `${count} of ${group}`),
    ...(approvals > 0 && author !== true ? ["none by the author"] : []),
    ...(gate === undefined ? [] : [`a green gate of the last ${duration(gate)}`]),
    ...(signed === true ? ["a signature"] : []),
  ];
  const all = parts.length === 0 ? "nothing" : parts.join(", ");
  return expires === undefined ? all : `${all}; requests expire after ${duration(expires)}`;
}

export function duration(time: number | string): string {
  if (typeof time === "string") return time;
  for (const [unit, size] of [["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000]] as const) if (time >= size && time % size === 0) return plural(time / size, unit);
  return plural(Math.round(time / 1000), "second");
}
