// The ML Test Score (Breck, Cai, Nielsen, Salib, Sculley, "The ML Test Score: A Rubric for ML Production Readiness", 2017): its
// 28 tests, which of them the gate automates, and what they gave. One point for a test that was carried out by itself and
// passed; the score is that of the weakest of the four parts. What is not automated is listed as missing: a test that
// people do by hand would give it half a point, and only they can say so.

import type { Area, GateResult } from "../define-gate-test.ts";

export type ScoreState = "passed" | "failed" | "not run" | "missing";
export interface ScoredTest {
  /** "data 1" to "monitoring 7", as the paper counts. */
  readonly id: string;
  readonly area: Area;
  readonly title: string;
  /** Names of the gate's tests that carry it out. */
  readonly by: readonly string[];
  readonly state: ScoreState;
  readonly points: number;
  /** Of what is not automated: where it is done instead. */
  readonly elsewhere?: string;
}
export interface Score {
  readonly total: number;
  readonly parts: readonly { readonly area: Area; readonly points: number; readonly passed: readonly string[] }[];
  readonly tests: readonly ScoredTest[];
}

type Rubric = Readonly<Record<Area, readonly (readonly [title: string, by: readonly string[], elsewhere?: string])[]>>;

const RUBRIC: Rubric = {
  data: [
    ["Feature expectations are captured in a schema", ["signature", "schema-fuzz"]],
    ["All features are beneficial", [], "in training"],
    ["No feature's cost is too much", [], "in training"],
    ["Features adhere to meta-level requirements", ["leakage"]],
    ["The data pipeline has appropriate privacy controls", [], "in the data's pipeline"],
    ["New features can be added quickly", [], "in the data's pipeline"],
    ["All input feature code is tested", ["parity", "engines"]],
  ],
  model: [
    ["Model specs are reviewed and submitted", [], "approvals in the registry"],
    ["Offline and online metrics correlate", [], "feedback on served predictions"],
    ["All hyperparameters have been tuned", [], "in training"],
    ["The impact of model staleness is known", ["freshness"]],
    ["A simpler model is not better", ["simpler-model"]],
    ["Model quality is sufficient on important data slices", ["quality", "weak-segments"]],
    ["The model is tested for considerations of inclusion", ["rules"]],
  ],
  infrastructure: [
    ["Training is reproducible", [], "in training"],
    ["Model specs are unit tested", [], "in training"],
    ["The ML pipeline is integration tested", ["served", "browser"]],
    ["Model quality is validated before serving", ["quality", "calibration"]],
    ["The model is debuggable", ["determinism"]],
    ["Models are canaried before serving", [], "weights and shadows between versions, in serving"],
    ["Serving models can be rolled back", [], "aliases in serving and in the registry"],
  ],
  monitoring: [
    ["Dependency changes result in notification", [], "where the data comes from"],
    ["Data invariants hold for inputs", ["schema-fuzz", "scaling"]],
    ["Training and serving are not skewed", ["skew"]],
    ["Models are not too stale", ["freshness"]],
    ["Models are numerically stable", ["schema-fuzz", "robustness"]],
    ["Computing performance has not regressed", ["budgets"]],
    ["Prediction quality has not regressed", ["baseline", "notebook-quality"]],
  ],
};
const AREAS = Object.keys(RUBRIC) as readonly Area[];

export function scoreOf(results: readonly GateResult[]): Score {
  const tests = AREAS.flatMap((area) => RUBRIC[area].map(([title, by, elsewhere], i): ScoredTest => {
    const ran = results.filter((r) => by.includes(r.name) && r.verdict !== "skipped");
    const state: ScoreState = by.length === 0 ? "missing" : ran.length === 0 ? "not run" : ran.some((r) => r.verdict === "fail") ? "failed" : "passed";
    return { id: `${area} ${i + 1}`, area, title, by, state, points: state === "passed" ? 1 : 0, ...(elsewhere === undefined ? {} : { elsewhere }) };
  }));
  const parts = AREAS.map((area) => {
    const passed = tests.filter((t) => t.area === area && t.state === "passed");
    return { area, points: passed.length, passed: passed.map((t) => t.title) };
  });
  return { total: Math.min(...parts.map((p) => p.points)), parts, tests };
}
