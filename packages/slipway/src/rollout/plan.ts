// The way of a rollout as a list of stages, from the settings and what was asked for this one.

import { ROLLOUT_SETTINGS, readSection, withDefaults, type RolloutSettings } from "../config/index.ts";
import { rolloutError } from "./errors.ts";
import { freezeWindows } from "./freeze.ts";

/** Settings with every default. */
export type RolloutPlan = RolloutSettings & { readonly shadow: NonNullable<RolloutSettings["shadow"]> };

export type Stage =
  /** The new version is loaded everywhere, and asked the golden rows of both. */
  | { readonly kind: "replay" }
  | { readonly kind: "shadow"; readonly requests: number; readonly share: number }
  /** Every replica goes to the first step and back. */
  | { readonly kind: "rehearsal" }
  /** `weight`: in per cent. */
  | { readonly kind: "step"; readonly weight: number; readonly bakeMs: number; readonly requests: number };

const STEPS = [1, 5, 25, 50, 100].map((weight) => ({ weight }));
const MAX_STEPS = 20;

/** What is set, with what was asked for this rollout over it. @throws config-key-unknown, config-value-invalid, rollout-plan */
export function readPlan(settings: Partial<RolloutSettings>, asked: unknown = {}): RolloutPlan {
  const locate = (path: readonly string[]): string => ["plan", ...path].join(".");
  const given = readSection(ROLLOUT_SETTINGS, asked, locate) as Partial<RolloutSettings>;
  const plan = withDefaults(ROLLOUT_SETTINGS, { ...settings, ...given, shadow: { ...settings.shadow, ...given.shadow } }, locate) as RolloutPlan;
  const steps = plan.steps ?? STEPS;
  if (steps.length === 0 || steps.length > MAX_STEPS) throw rolloutError("rollout-plan", `the plan has ${steps.length} steps; 1 to ${MAX_STEPS} are possible`, { where: "plan.steps" });
  const back = steps.findIndex((s, i) => i > 0 && s.weight <= steps[i - 1]!.weight);
  if (back > 0) throw rolloutError("rollout-plan", `step ${back + 1} has ${steps[back]!.weight} %, not more than the ${steps[back - 1]!.weight} % before it`, { where: `plan.steps.${back}.weight` });
  freezeWindows(plan);
  return plan;
}

export function stagesOf(plan: RolloutPlan): readonly Stage[] {
  const { shadow, bake, requests } = plan;
  return [
    { kind: "replay" },
    ...(shadow.skip ? [] : [{ kind: "shadow" as const, requests: shadow.requests, share: shadow.share }]),
    { kind: "rehearsal" },
    ...(plan.steps ?? STEPS).map((s) => ({ kind: "step" as const, weight: s.weight, bakeMs: ("bake" in s ? s.bake : undefined) ?? bake, requests: ("requests" in s ? s.requests : undefined) ?? requests })),
  ];
}

/** For people: "shadow", "step 2 of 5: 5 %". */
export function stageName(stages: readonly Stage[], index: number): string {
  const stage = stages[index];
  if (stage === undefined) return "the end";
  if (stage.kind !== "step") return stage.kind;
  const steps = stages.filter((s) => s.kind === "step");
  return `step ${steps.indexOf(stage) + 1} of ${steps.length}: ${stage.weight} %`;
}
