// The gate of a version: its last report, or how to get one; while it runs, the page follows.

import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { asApiError, send, type ApiError } from "../../api/client.ts";
import { api } from "../../api/paths.ts";
import type { GateRun, VersionDetail } from "../../api/types.ts";
import { useLoad } from "../../lib/load.ts";
import { Act, Empty, Failure, Loading, Panel, Time } from "../../parts/basics.tsx";
import { GateReportView } from "../../parts/gate-report.tsx";
import { useSession } from "../../session.ts";
import { GateDataDialog } from "./gate-data-dialog.tsx";

export function GateTab({ version, onDone }: { readonly version: VersionDetail; readonly onDone: () => Promise<void> }): VNode {
  const { may } = useSession();
  const path = `${api.version(version.model, version.version)}/gate`;
  const [running, setRunning] = useState(false);
  const run = useLoad<GateRun>(path, running ? 1000 : 15_000);
  const [failure, setFailure] = useState<ApiError | undefined>(undefined);
  const [asking, setAsking] = useState(false);
  const state = run.data?.state;
  useEffect(() => {
    if (state === undefined) return;
    if (running && state !== "running") void onDone();
    setRunning(state === "running");
  }, [state]);
  const started = async (): Promise<void> => {
    setRunning(true);
    await run.reload();
  };
  const start = async (): Promise<void> => {
    setFailure(undefined);
    await send("POST", path);
    await started();
  };
  const withRows = may("offer") && <button type="button" onClick={() => setAsking(true)}>Test with labelled rows</button>;
  const button = (text: string, primary = false): VNode | false => may("offer") && <Act className={primary ? "primary" : ""} work={start} onError={(e) => setFailure(asApiError(e))}>{text}</Act>;
  const { data } = run;
  return <div class="stack">
    {failure !== undefined && <Failure error={failure} />}
    {run.error !== undefined && data === undefined && <Failure error={run.error} retry={() => void run.reload()} />}
    {data === undefined && run.error === undefined && <Loading />}
    {data?.state === "running" && <div class="note" role="status"><strong>The gate runs.</strong><p>It asks the model good and bad rows, compares what the notebook predicted, and measures. This takes some seconds to a few minutes.</p><progress aria-label="The gate runs" /></div>}
    {data?.state === "failed" && <div class="note bad" role="alert"><strong>The gate could not be carried out.</strong><p>{data.reason ?? "The log has the reason."}</p><div>{button("Run it again")}</div></div>}
    {data?.state === "none" && <Panel><Empty icon="approvals" title="Not tested yet"><p>The gate looks whether this version may be released: that it predicts what the notebook did, answers bad rows with an error and not with nonsense, is fast enough, and more.</p><p class="row">{button("Run the gate", true)}{withRows}</p></Empty></Panel>}
    {data?.report !== undefined && data.report !== null && <>
      <div class={`note ${data.report.passed ? "good" : "bad"}`}>
        <strong>{data.report.passed ? "The gate is passed." : "The gate is not passed."}</strong>
        <p>{data.report.passed ? "Nothing speaks against releasing this version." : `${failed(data)} Mend the model and offer it again as a new version.`}</p>
        <div class="row small">{typeof data.at === "string" && <span class="soft">Report of <Time at={data.at} /></span>}<a href={`${api.version(version.model, version.version)}/report`} target="_blank" rel="noopener">The report as a page of its own</a>{data.state !== "running" && <>{button("Run it again")}{withRows}</>}</div>
      </div>
      <GateReportView report={data.report} />
    </>}
    {asking && <GateDataDialog version={version} onClose={() => setAsking(false)} onStarted={started} />}
  </div>;
}

function failed(run: GateRun): string {
  const names = run.report!.results.filter((r) => r.verdict === "fail").map((r) => r.title);
  return `Not met: ${names.join(", ")}.`;
}
