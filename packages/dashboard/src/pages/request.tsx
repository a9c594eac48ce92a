// One request: what is asked and by whom, what speaks for it, what the policy still needs, who decided what; and here one
// decides.

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { asApiError, send, type ApiError } from "../api/client.ts";
import { api, page } from "../api/paths.ts";
import type { ModelDetail, RequestDetails, VersionDetail } from "../api/types.ts";
import { capitalized, fullTime } from "../lib/format.ts";
import { useLoad } from "../lib/load.ts";
import { samePerson } from "../lib/person.ts";
import { policyText } from "../lib/policy.ts";
import { Act, Chip, Digest, Facts, Failure, GateChip, Loading, PageHead, Panel, Time } from "../parts/basics.tsx";
import { Icon } from "../parts/icons.tsx";
import { toast } from "../parts/toasts.tsx";
import { useSession } from "../session.ts";
import { STATE } from "./approvals.tsx";
import { CommentForm, DecideForm } from "./request/decide-form.tsx";
import { Timeline } from "./request/timeline.tsx";

export function RequestPage({ id }: { readonly id: string }): VNode {
  const { me, may } = useSession();
  const loaded = useLoad<RequestDetails>(api.request(id), 5000);
  const request = loaded.data;
  const version = useLoad<VersionDetail>(request === undefined ? undefined : api.version(request.model, request.version));
  const model = useLoad<ModelDetail>(request === undefined ? undefined : api.model(request.model));
  const [failure, setFailure] = useState<ApiError | undefined>(undefined);
  const act = async (what: "promote" | "withdraw", done: string): Promise<void> => {
    setFailure(undefined);
    await send("POST", `${api.request(id)}/${what}`);
    toast(done);
    await Promise.all([loaded.reload(), model.reload()]);
  };
  if (request === undefined) return <div class="page"><PageHead title="Request" documentTitle="Request" crumbs={[["Approvals", page.approvals]]} />{loaded.error === undefined ? <Loading /> : <Failure error={loaded.error} retry={() => void loaded.reload()} />}</div>;
  const now = model.data?.aliases.find((a) => a.alias === request.alias);
  const waits = request.state === "open";
  const ready = waits && request.verdict.met;
  return <div class="page">
    <PageHead title={<>{request.model} version {request.version} <span aria-hidden="true">→</span><span class="visually-hidden">to be</span> {request.alias}</>} documentTitle={`${request.model} ${request.version} to ${request.alias}`} crumbs={[["Approvals", page.approvals]]} actions={<>
      {waits && (samePerson(request.requestedBy, me.name) || may("admin")) && <Act work={() => act("withdraw", "The request is withdrawn.")} onError={(e) => setFailure(asApiError(e))}>Withdraw</Act>}
      {ready && may("release") && <Act className="primary" work={() => act("promote", `Version ${request.version} is ${request.alias} now.`)} onError={(e) => setFailure(asApiError(e))}><Icon name="play" size={16} />Release it</Act>}
    </>}>
      <div class="chips"><Chip tone={ready ? "good" : STATE[request.state][1]}>{ready ? "may be released" : waits ? "waits for approval" : STATE[request.state][0]}</Chip></div>
      <p class="soft small">asked <Time at={request.createdAt} /> by {request.requestedBy}{waits && <> · expires {fullTime(request.expiresAt)}</>}</p>
    </PageHead>
    {failure !== undefined && <Failure error={failure} />}
    <div class="grid2">
      <div class="stack">
        <Panel title="What is asked"><Facts rows={[
          ["Version", <a href={page.version(request.model, request.version)}>{request.model} version {request.version}</a>],
          ["In its place", now === undefined ? <span class="soft">{model.data === undefined ? "" : `no version is ${request.alias} yet`}</span> : now.version === request.version ? "it is this version already" : <a href={page.version(request.model, now.version)}>version {now.version}</a>],
          ["Offered by", version.data?.createdBy ?? ""],
          ["Gate", version.data === undefined ? "" : <span class="row"><GateChip gate={version.data.gate} /><a class="small" href={page.version(request.model, request.version, "gate")}>see the report</a></span>],
          ["Package", <Digest digest={request.digest} />],
          request.comment !== "" && ["Comment", <span style={{ whiteSpace: "pre-wrap" }}>{request.comment}</span>],
        ]} /></Panel>
        <Panel title="What happened"><Timeline request={request} /><CommentForm id={id} onDone={loaded.reload} /></Panel>
      </div>
      <div class="stack">
        <Panel title="What it needs">
          {request.policy === null ? <p class="soft">There is no policy for {request.alias}: whoever may operate can release it.</p> : <p class="small soft">{policyText(request.policy)}</p>}
          <ul class="needs">
            {waits && request.verdict.missing.map((m) => <li key={m.text}><span class="open"><Icon name="clock" size={16} /></span><span>{capitalized(m.text)}</span></li>)}
            {request.decisions.filter((d) => d.decision === "approve" && d.counts).map((d) => <li key={d.id}><span class="done"><Icon name="check" size={16} /></span><span>Approved by {d.person}{d.as !== null && ` for ${d.as}`}</span></li>)}
            {ready && <li><span class="done"><Icon name="check" size={16} /></span><strong>Everything is there.</strong></li>}
          </ul>
        </Panel>
        {waits && may("review") && <DecideForm request={request} author={version.data?.createdBy} onDone={loaded.reload} />}
      </div>
    </div>
  </div>;
}
