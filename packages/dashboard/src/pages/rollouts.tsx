// Rollouts: which go on, how far they are, and how the others ended.

import type { VNode } from "preact";
import { api, page } from "../api/paths.ts";
import type { Rollout, RolloutState, Stage, Verdict } from "../api/rollout-types.ts";
import { useLoad } from "../lib/load.ts";
import { Chip, Empty, Failure, Loading, PageHead, Panel, Time, type Tone } from "../parts/basics.tsx";

export const ROLLOUT_STATE: Readonly<Record<RolloutState, readonly [words: string, tone: Tone]>> = { running: ["goes on", "accent"], paused: ["paused", "warn"], promoted: ["promoted", "good"], aborted: ["rolled back", "bad"], "rolled-back": ["taken back later", "warn"] };
export const VERDICT: Readonly<Record<Verdict, readonly [words: string, tone: Tone]>> = { promote: ["good", "good"], hold: ["wait", "warn"], abort: ["bad", "bad"] };

/** What a person stopped is no fault that was found. */
export function stateChip({ state, endedBy }: Pick<Rollout, "state" | "endedBy">): VNode {
  if (state === "aborted" && endedBy !== null) return <Chip tone="warn">stopped by {endedBy}</Chip>;
  if (state === "rolled-back") return <Chip tone="warn">taken back by {endedBy}</Chip>;
  return <Chip tone={ROLLOUT_STATE[state][1]}>{ROLLOUT_STATE[state][0]}{state === "promoted" && endedBy !== null && ` by ${endedBy}`}</Chip>;
}
export function stageText(stage: Stage | undefined): string {
  switch (stage?.kind) {
    case "replay": return "golden rows";
    case "shadow": return "shadow";
    case "rehearsal": return "rehearsal";
    case "step": return `${stage.weight} %`;
    default: return "the end";
  }
}

export function RolloutsPage(): VNode {
  const { data, error, reload } = useLoad<{ readonly rollouts: readonly Rollout[] }>(api.rollouts, 5000);
  return <div class="page">
    <PageHead title="Rollouts" documentTitle="Rollouts"><p class="soft">A new version takes over step by step, judged beside the old one. A bad one is rolled back by itself.</p></PageHead>
    {error !== undefined && <Failure error={error} retry={() => void reload()} />}
    {data === undefined && error === undefined && <Loading />}
    {data?.rollouts.length === 0 && <div class="panel"><Empty icon="rollouts" title="No rollout yet"><p>Open a version of a model and roll it out: first it is only compared, then it answers 1, 5, 25, 50 and 100 % of the requests.</p></Empty></div>}
    {data !== undefined && data.rollouts.length > 0 && <Panel flush><div class="scroll rows-link"><table>
      <caption class="visually-hidden">Rollouts</caption>
      <thead><tr><th scope="col">Version</th><th scope="col">Takes over</th><th scope="col">State</th><th scope="col">Begun</th><th scope="col">What it says</th></tr></thead>
      <tbody>{data.rollouts.map((r) => <tr key={r.id}>
        <th scope="row" class="nowrap"><a href={page.rollout(r.id)}>{r.model} version {r.candidate}</a></th>
        <td class="nowrap">{r.alias} <span class="soft">from version {r.baseline}</span></td>
        <td><span class="chips">{stateChip(r)}{r.endedAt === null && <Chip>{stageText(r.stages[r.stage])}</Chip>}</span></td>
        <td><Time at={r.createdAt} /><div class="soft small">by {r.createdBy}</div></td>
        <td class="small">{r.reason !== "" ? r.reason : r.findings.filter((f) => f.verdict === r.verdict).map((f) => f.text).join("; ")}</td>
      </tr>)}</tbody>
    </table></div></Panel>}
  </div>;
}
