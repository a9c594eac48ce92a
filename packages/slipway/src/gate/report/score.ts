// The ML Test Score (Breck, Cai, Nielsen, Salib, Sculley, "The ML Test Score", 2017) as far as the gate tests it: one point
// for each of its tests that is automated here and was passed; the whole score is that of the weakest part.

import type { Area, GateResult } from "../define-gate-test.ts";

export interface Score {
  readonly total: number;
  readonly parts: readonly { readonly area: Area; readonly points: number; readonly passed: readonly string[] }[];
}

const AREAS: readonly Area[] = ["data", "model", "infrastructure", "monitoring"];

export function scoreOf(results: readonly GateResult[]): Score {
  const parts = AREAS.map((area) => {
    const passed = results.filter((r) => r.area === area && (r.verdict === "pass" || r.verdict === "warn")).map((r) => r.title);
    return { area, points: passed.length, passed };
  });
  return { total: Math.min(...parts.map((p) => p.points)), parts };
}
