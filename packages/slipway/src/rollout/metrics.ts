// Rollouts as this process sees them, for Prometheus. Every replica tells the same of a rollout, so take the maximum over
// them; only the leader says that it leads.

import { family, type Family, type Labels } from "../server/index.ts";
import { weightOf, type Rollout } from "./rollout.ts";

export interface RolloutView {
  readonly rollout: Pick<Rollout, "model" | "alias" | "candidate" | "state" | "stages" | "stage" | "stageSince" | "verdict">;
  readonly leads: boolean;
}
export type Ended = "promoted" | "aborted";

/** @param ended by model, how many ended in which way since this process began @param now milliseconds since 1970 */
export function rolloutFamilies(views: readonly RolloutView[], ended: ReadonlyMap<string, Readonly<Record<Ended, number>>>, now: number = Date.now()): Family[] {
  if (views.length === 0 && ended.size === 0) return [];
  const each = (value: (view: RolloutView) => readonly [Labels, number]): (readonly [Labels, number])[] => views.map((view) => {
    const [labels, n] = value(view);
    return [{ model: view.rollout.model, version: String(view.rollout.candidate), alias: view.rollout.alias, ...labels }, n];
  });
  return [
    family("gauge", "slipway_rollout_weight_percent", "The part of requests that the new version answers.", each(({ rollout }) => [{}, weightOf(rollout)])),
    family("gauge", "slipway_rollout_stage", "Which stage a rollout is in, from 0.", each(({ rollout }) => [{ stage: rollout.stages[rollout.stage]?.kind ?? "" }, rollout.stage])),
    family("gauge", "slipway_rollout_stage_age_seconds", "How long it has been in it.", each(({ rollout }) => [{}, (now - Date.parse(rollout.stageSince)) / 1000])),
    family("gauge", "slipway_rollout_verdict", "1 for what the last look said.", each(({ rollout }) => [{ verdict: rollout.verdict, state: rollout.state }, 1])),
    family("gauge", "slipway_rollout_leader", "1 in the replica that decides.", each(({ leads }) => [{}, leads ? 1 : 0])),
    family("counter", "slipway_rollouts_ended_total", "Rollouts that ended while this process ran.", [...ended].flatMap(([model, counts]) => Object.entries(counts).map(([outcome, n]): [Labels, number] => [{ model, outcome }, n]))),
  ];
}
