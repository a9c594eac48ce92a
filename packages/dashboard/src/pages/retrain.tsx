// One training as it happens: what began it, how far it is, what the program prints, and what came of it.

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { send } from "../api/client.ts";
import { api, page } from "../api/paths.ts";
import type { ShownRetrain, RetrainState } from "../api/retrain-types.ts";
import { capitalized } from "../lib/format.ts";
import { useLoad } from "../lib/load.ts";
import { Chip, Facts, Failure, Loading, PageHead, Panel, Time } from "../parts/basics.tsx";
import { Icon, type IconName } from "../parts/icons.tsx";
import { toast } from "../parts/toasts.tsx";
import { useSession } from "../session.ts";
import { ConfirmDialog } from "./rollout/confirm-dialog.tsx";
import { causeText, Evidence } from "./retrain/evidence.tsx";
import { RETRAIN_STATE } from "./retrains.tsx";

export function RetrainPage({ id }: { readonly id: string }): VNode {
  const { may } = useSession();
  const { data, error, reload } = useLoad<ShownRetrain>(api.retrain(id), 2000);
  const [asking, setAsking] = useState(false);
  if (data === undefined) return <div class="page"><PageHead title="Training" documentTitle="Training" crumbs={[["Trainings", page.retrains]]} />{error === undefined ? <Loading /> : <Failure error={error} retry={() => void reload()} />}</div>;
  const { model, alias, parent, version, request, rollout, state, evidence, output, events } = data;
  const open = data.endedAt === null;
  const none = <span class="soft">none yet</span>;
  return <div class="page">
    <PageHead title={<>{model} is trained anew</>} documentTitle={`Training of ${model}`} crumbs={[["Trainings", page.retrains], [model, page.model(model)]]} actions={<>
      {may("observe") && <a class="button" href={page.monitoringOf(model, parent === null ? undefined : String(parent))}><Icon name="monitoring" />Monitoring</a>}
      {open && may("release") && <button type="button" class="danger" onClick={() => setAsking(true)}>Cancel the training</button>}
    </>}>
      <p><Chip tone={RETRAIN_STATE[state][1]}>{RETRAIN_STATE[state][0]}</Chip> <span class="soft">for {alias}{parent !== null && <>, after version <a href={page.version(model, parent)}>{parent}</a></>}, begun <Time at={data.createdAt} /> by {data.createdBy}</span></p>
    </PageHead>
    {error !== undefined && <Failure error={error} retry={() => void reload()} />}
    <Stages data={data} />
    {data.reason !== "" && <div class={`note ${state === "promoted" ? "good" : state === "aborted" || state === "failed" ? "bad" : "warn"}`} role="status"><strong>{capitalized(RETRAIN_STATE[state][0])}.</strong><p>{data.reason}</p></div>}
    <div class="grid2">
      <Panel title="Why"><p>Because of <strong>{causeText(data.cause).replace(/^asked for by /, "")}</strong>.</p>{Object.keys(evidence).length > 0 && <Evidence evidence={evidence} />}</Panel>
      <Panel title="What came of it"><Facts rows={[
        ["Version", version === null ? none : <a href={page.version(model, version)}>version {version}</a>],
        ["Gate", version === null || data.gate === "none" ? none : <a href={page.version(model, version, "gate")}>{GATE[data.gate]}</a>],
        ["Request for release", request === null ? <span class="soft">none</span> : <a href={page.request(request)}>the request</a>],
        ["Rollout", rollout === null ? none : <a href={page.rollout(rollout)}>the rollout</a>],
      ]} /></Panel>
    </div>
    {(output !== "" || state === "training") && <Panel title={open && state === "training" ? "What the program prints" : "What the program printed last"}>{output === "" ? <p class="soft">Nothing yet.</p> : <pre class="json" tabIndex={0} role="region" aria-label="Output of the program">{output}</pre>}</Panel>}
    <Panel title="What happened"><ol class="timeline">{[...events].reverse().map((e) => <li key={e.seq}><span class={`dot ${e.state === "promoted" ? "good" : e.state === "aborted" || e.state === "failed" ? "bad" : ""}`}><Icon name={ICONS[e.state] ?? "clock"} size={14} /></span><div><strong>{capitalized(RETRAIN_STATE[e.state][0])}</strong>{e.text !== "" && <>: {e.text}</>} <span class="soft small"><Time at={e.at} />{e.actor !== "slipway retrain" && ` · ${e.actor}`}</span></div></li>)}</ol></Panel>
    {asking && <ConfirmDialog title="Cancel the training" button="Cancel it" onClose={() => setAsking(false)} work={async () => {
      await send("POST", `${api.retrain(id)}/cancel`, {});
      toast("The training is cancelled.");
      await reload();
    }}><p>The program is ended.{rollout !== null && " The rollout that it began goes on; roll it back on its own page."}</p></ConfirmDialog>}
  </div>;
}

const GATE: Readonly<Record<ShownRetrain["gate"], string>> = { none: "", running: "runs", green: "passed", red: "not passed", failed: "could not be run" };
const ICONS: Partial<Readonly<Record<RetrainState, IconName>>> = { training: "play", waiting: "clock", gate: "search", approval: "approvals", rollout: "rollouts", promoted: "check", aborted: "cross", failed: "cross", cancelled: "cross" };
const STAGES = [["training", "training"], ["gate", "gate"], ["approval", "approval"], ["rollout", "rollout"], ["promoted", "in use"]] as const satisfies readonly (readonly [RetrainState, string])[];

function Stages({ data: { state, events } }: { readonly data: ShownRetrain }): VNode {
  const place = (s: RetrainState): number => STAGES.findIndex(([name]) => name === (s === "waiting" ? "training" : s));
  // Where it was when it ended.
  const at = place(state) >= 0 ? place(state) : Math.max(0, ...events.map((e) => place(e.state)));
  const stopped = place(state) < 0;
  return <ol class="stages" aria-label="Stages">{STAGES.map(([name, words], i) => {
    const done = i < at || state === "promoted";
    const here = i === at && !done;
    return <li key={name} class={done ? "done" : here ? (stopped ? "stopped" : "here") : ""} aria-current={here ? "step" : undefined}>{done ? <Icon name="check" size={14} /> : here && stopped && <Icon name="cross" size={14} />}{words}<span class="visually-hidden">{done ? ", passed" : here ? (stopped ? ", stopped here" : ", now") : ""}</span></li>;
  })}</ol>;
}
