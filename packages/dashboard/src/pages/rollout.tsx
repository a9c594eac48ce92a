// One rollout as it happens: how far it is, what each signal says, the old version and the new one beside each other, and
// what people can do.

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { asApiError, send, type ApiError } from "../api/client.ts";
import { api, page } from "../api/paths.ts";
import type { RolloutDetails } from "../api/rollout-types.ts";
import { useLoad } from "../lib/load.ts";
import { capitalized, plural } from "../lib/format.ts";
import { Act, Chip, Failure, Loading, PageHead, Panel, Time } from "../parts/basics.tsx";
import { Icon, type IconName } from "../parts/icons.tsx";
import { toast } from "../parts/toasts.tsx";
import { useSession } from "../session.ts";
import { ConfirmDialog } from "./rollout/confirm-dialog.tsx";
import { ReturnDialog } from "./rollout/return-dialog.tsx";
import { RolloutPictures } from "./rollout/pictures.tsx";
import { stageText, stateChip, VERDICT } from "./rollouts.tsx";

type Doing = "pause" | "resume" | "advance" | "promote" | "abort";
const DONE: Readonly<Record<Doing, string>> = { pause: "The rollout is paused.", resume: "The rollout goes on.", advance: "On to the next stage.", promote: "The new version is in use.", abort: "Everything is back at the old version." };

export function RolloutPage({ id }: { readonly id: string }): VNode {
  const { may } = useSession();
  const { data, error, reload } = useLoad<RolloutDetails>(api.rollout(id), 2000);
  const [failure, setFailure] = useState<ApiError | undefined>(undefined);
  const [asking, setAsking] = useState<"promote" | "abort" | "return" | undefined>(undefined);
  const act = async (what: Doing, body: object = {}): Promise<void> => {
    setFailure(undefined);
    await send("POST", `${api.rollout(id)}/${what}`, body);
    toast(DONE[what]);
    await reload();
  };
  const failed = (e: unknown): void => setFailure(asApiError(e));
  if (data === undefined) return <div class="page"><PageHead title="Rollout" documentTitle="Rollout" crumbs={[["Rollouts", page.rollouts]]} />{error === undefined ? <Loading /> : <Failure error={error} retry={() => void reload()} />}</div>;
  const open = data.endedAt === null;
  return <div class="page">
    <PageHead title={<>{data.model} version {data.candidate} <span aria-hidden="true">→</span><span class="visually-hidden">to be</span> {data.alias}</>} documentTitle={`Rollout of ${data.model} ${data.candidate}`} crumbs={[["Rollouts", page.rollouts], [data.model, page.model(data.model)]]} actions={!open ? data.state === "promoted" && may("release") && <button type="button" class="danger" onClick={() => setAsking("return")}>Back to the version before</button> : may("release") && <>
      {data.state === "paused" ? <Act className="primary" work={() => act("resume")} onError={failed}>Resume</Act> : <Act work={() => act("pause")} onError={failed}>Pause</Act>}
      <Act work={() => act("advance")} onError={failed}>Next stage</Act>
      <button type="button" onClick={() => setAsking("promote")}>Promote now</button>
      <button type="button" class="danger" onClick={() => setAsking("abort")}>Roll back</button>
    </>}>
      <p>{stateChip(data)} {data.plan.expectChange && <><Chip>is to answer otherwise</Chip> </>}<span class="soft">from version <a href={page.version(data.model, data.baseline)}>{data.baseline}</a>, begun <Time at={data.createdAt} /> by {data.createdBy}{data.comment !== "" && <>: {data.comment}</>}</span></p>
    </PageHead>
    {failure !== undefined && <Failure error={failure} />}
    <Stages data={data} />
    {data.reason !== "" && <Outcome data={data} />}
    <div class="grid2">
      <Panel title={open ? "What the signals say" : "What the signals said last"} flush>
        {data.findings.length === 0 ? <p class="inset soft">Nothing yet.</p> : <div class="scroll"><table>
          <caption class="visually-hidden">Signals</caption>
          <thead><tr><th scope="col">Signal</th><th scope="col">Verdict</th><th scope="col">Seen</th></tr></thead>
          <tbody>{data.findings.map((f, i) => <tr key={`${f.signal}${i}`}><th scope="row" class="nowrap">{f.signal.replace(/-/g, " ")}</th><td><Chip tone={VERDICT[f.verdict][1]}>{VERDICT[f.verdict][0]}</Chip></td><td class="small">{f.text}</td></tr>)}</tbody>
        </table></div>}
      </Panel>
      <Panel title="Who carries it out">
        {data.replicas.length === 0 ? <p class="soft">No service yet: <code>slipway up</code> on the same registry does.</p> : <ul class="needs">{data.replicas.map((r) => <li key={r.replica}><span class={r.ready ? "done" : "open"}><Icon name={r.ready ? "check" : "clock"} size={16} /></span><span><code>{r.replica}</code>{r.replica === data.leader && open && " decides"}{r.problem !== null && `: ${r.problem}`}{r.lagMs !== null && <span class="soft small"> · followed within {r.lagMs} ms</span>}</span></li>)}</ul>}
      </Panel>
    </div>
    {data.samples.length > 1 && <Panel title="The new version beside the old one"><RolloutPictures data={data} /></Panel>}
    <Panel title="What happened"><ol class="timeline">{[...data.events].reverse().slice(0, 60).map((e) => <li key={e.seq}><span class={`dot ${e.kind === "promoted" ? "good" : e.kind === "aborted" || e.kind === "rolled-back" ? "bad" : ""}`}><Icon name={ICONS[e.kind] ?? "clock"} size={14} /></span><div><strong>{capitalized(e.text)}</strong> <span class="soft small"><Time at={e.at} />{e.actor !== "slipway" && ` · ${e.actor}`}</span></div></li>)}</ol></Panel>
    {asking === "return" && <ReturnDialog model={data.model} alias={data.alias} onClose={() => setAsking(undefined)} onDone={reload} />}
    {asking === "abort" && <ConfirmDialog title="Roll back to the old version" button="Roll back" why onClose={() => setAsking(undefined)} work={(reason) => act("abort", reason === "" ? {} : { reason })}><p>Version {data.baseline} answers everything again within a second. Version {data.candidate} is stopped.</p></ConfirmDialog>}
    {asking === "promote" && <ConfirmDialog title="Promote without further verdicts" button="Promote" onClose={() => setAsking(undefined)} work={() => act("promote")}><p>Version {data.candidate} answers everything from now on, though {data.stages.length - data.stage === 1 ? "the last stage is" : `${plural(data.stages.length - data.stage, "stage")} are`} not over. The policy of {data.alias} is asked all the same.</p></ConfirmDialog>}
  </div>;
}

/** A person who goes back has a reason of their own; that is no fault that was found. */
function Outcome({ data }: { readonly data: RolloutDetails }): VNode {
  const { state, endedBy } = data;
  const [words, tone] = state === "promoted" ? ["It was promoted.", "good"] : state === "rolled-back" ? [`It was promoted, and ${endedBy} took it back.`, "warn"] : state !== "aborted" ? ["It waits.", "warn"] : endedBy === null ? ["It was rolled back.", "bad"] : [`${endedBy} rolled it back.`, "warn"];
  return <div class={`note ${tone}`} role="status"><strong>{words}</strong><p>{data.reason}</p></div>;
}

const ICONS: Readonly<Record<string, IconName>> = { started: "play", stage: "check", promoted: "check", aborted: "cross", "rolled-back": "cross", paused: "clock", resumed: "play", verdict: "search", leader: "account", waits: "clock" };

function Stages({ data }: { readonly data: RolloutDetails }): VNode {
  const over = data.state === "promoted" || data.state === "rolled-back";
  return <ol class="stages" aria-label="Stages">{data.stages.map((s, i) => {
    const done = over || i < data.stage;
    const here = !over && i === data.stage;
    return <li key={i} class={done ? "done" : here ? (data.state === "aborted" ? "stopped" : "here") : ""} aria-current={here ? "step" : undefined}>{done ? <Icon name="check" size={14} /> : here && data.state === "aborted" && <Icon name="cross" size={14} />}{stageText(s)}<span class="visually-hidden">{done ? ", passed" : here ? (data.state === "aborted" ? ", stopped here" : ", now") : ""}</span></li>;
  })}</ol>;
}
