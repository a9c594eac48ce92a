// Trainings: which models are trained anew and why, which trainings go on, and how the others ended.

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { send } from "../api/client.ts";
import { api, page } from "../api/paths.ts";
import type { Retrain, RetrainList, RetrainSetup, RetrainState } from "../api/retrain-types.ts";
import { go } from "../lib/router.ts";
import { useLoad } from "../lib/load.ts";
import { Chip, Empty, Failure, Loading, PageHead, Panel, Time, type Tone } from "../parts/basics.tsx";
import { Due } from "../parts/batch.tsx";
import { useSession } from "../session.ts";
import { ConfirmDialog } from "./rollout/confirm-dialog.tsx";
import { causeText, evidenceText } from "./retrain/evidence.tsx";

export const RETRAIN_STATE: Readonly<Record<RetrainState, readonly [words: string, tone: Tone]>> = {
  training: ["trains", "accent"], waiting: ["waits for its version", "accent"], gate: ["at the gate", "accent"], approval: ["waits for approval", "warn"], rollout: ["rolls out", "accent"],
  promoted: ["promoted", "good"], aborted: ["rolled back", "bad"], failed: ["failed", "bad"], unchanged: ["nothing new", "plain"], cancelled: ["cancelled", "plain"],
};

export function RetrainsPage(): VNode {
  const { may } = useSession();
  const { data, error, reload } = useLoad<RetrainList>(api.retrains, 4000);
  const [asking, setAsking] = useState<RetrainSetup | undefined>(undefined);
  const open = (model: string): Retrain | undefined => data?.retrains.find((r) => r.model === model && r.endedAt === null);
  return <div class="page">
    <PageHead title="Trainings" documentTitle="Trainings"><p class="soft">A model is trained anew when its triggers say so, or when somebody does. What comes of it goes through the gate, the approvals and a rollout.</p></PageHead>
    {error !== undefined && <Failure error={error} retry={() => void reload()} />}
    {data === undefined && error === undefined && <Loading />}
    {data?.models.length === 0 && data.retrains.length === 0 && <div class="panel"><Empty icon="retrains" title="No model is set up to be trained"><p>Name the program that trains it under <code>retrain</code> of slipway.config.yaml.</p></Empty></div>}
    {data !== undefined && data.models.length > 0 && <Panel title="Models" flush><div class="scroll"><table>
      <caption class="visually-hidden">Models that are trained anew</caption>
      <thead><tr><th scope="col">Model</th><th scope="col">Trained because of</th><th scope="col">Now</th>{may("release") && <th scope="col"><span class="visually-hidden">Act</span></th>}</tr></thead>
      <tbody>{data.models.map((s) => <tr key={s.model}>
        <th scope="row" class="nowrap"><a href={page.model(s.model)}>{s.model}</a><div class="soft small">for {s.alias}</div></th>
        <td>{s.triggers.length === 0 ? <span class="soft">somebody asks</span> : <span class="chips">{s.triggers.map((t) => <Chip key={t}>{causeText(t)}</Chip>)}</span>}{s.outside && <div class="soft small">by an outside service</div>}</td>
        <td class="small"><Now setup={s} open={open(s.model)} /></td>
        {may("release") && <td><button type="button" class="small nowrap" disabled={open(s.model) !== undefined} onClick={() => setAsking(s)}>Train now<span class="visually-hidden">: {s.model}</span></button></td>}
      </tr>)}</tbody>
    </table></div></Panel>}
    {data !== undefined && data.retrains.length > 0 && <Panel title="Trainings" flush><div class="scroll rows-link"><table>
      <caption class="visually-hidden">Trainings, the latest first</caption>
      <thead><tr><th scope="col">Training</th><th scope="col">Why</th><th scope="col">State</th><th scope="col">Made</th><th scope="col">What it says</th></tr></thead>
      <tbody>{data.retrains.map((r) => <tr key={r.id}>
        <th scope="row" class="nowrap"><a href={page.retrain(r.id)}>{r.model}, <Time at={r.createdAt} /></a></th>
        <td class="small">{causeText(r.cause)}{Object.keys(r.evidence).length > 0 && <div class="soft">{evidenceText(r.evidence)}</div>}</td>
        <td><Chip tone={RETRAIN_STATE[r.state][1]}>{RETRAIN_STATE[r.state][0]}</Chip></td>
        <td class="nowrap">{r.version === null ? <span class="soft">–<span class="visually-hidden">no version</span></span> : `version ${r.version}`}</td>
        <td class="small">{r.reason}</td>
      </tr>)}</tbody>
    </table></div></Panel>}
    {asking !== undefined && <BeginDialog setup={asking} onClose={() => setAsking(undefined)} />}
  </div>;
}

function Now({ setup: { restsUntil, held }, open }: { readonly setup: RetrainSetup; readonly open: Retrain | undefined }): VNode {
  if (open !== undefined) return <a href={page.retrain(open.id)}>{RETRAIN_STATE[open.state][0]}</a>;
  if (held !== null) return <><Chip tone="warn">held back</Chip> {causeText(held.cause)} is met since <Time at={held.since} />; {held.reason}. <a href={page.retrain(held.after)}>That training</a></>;
  return restsUntil === null ? <span class="soft">watched</span> : <span class="soft">rests: the next one begins <Due at={restsUntil} /> at the earliest</span>;
}

function BeginDialog({ setup, onClose }: { readonly setup: RetrainSetup; readonly onClose: () => void }): VNode {
  return <ConfirmDialog title={`Train ${setup.model} now`} button="Begin" onClose={onClose} work={async () => {
    const begun = await send<Retrain>("POST", `${api.model(setup.model)}/retrains`, {});
    go(page.retrain(begun.id));
  }}>
    <p>{setup.outside ? "An outside service hears of it, and hands a version in." : "The program of the configuration runs."} What it makes takes over {setup.alias} by a rollout only, past the same approvals as any other version.</p>
  </ConfirmDialog>;
}
