// Batch runs: the schedules, when each is due next, and how its last run went.

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { asApiError, type ApiError } from "../api/client.ts";
import { api, page } from "../api/paths.ts";
import type { Schedule } from "../api/types.ts";
import { useLoad } from "../lib/load.ts";
import { Chip, Empty, Failure, Loading, PageHead, Panel, Time } from "../parts/basics.tsx";
import { Due, RunChip, ScheduleActs } from "../parts/batch.tsx";

export function BatchPage(): VNode {
  const loaded = useLoad<{ readonly schedules: readonly Schedule[] }>(api.schedules, 5000);
  const [failure, setFailure] = useState<ApiError | undefined>(undefined);
  const list = loaded.data?.schedules;
  const error = failure ?? loaded.error;
  return <div class="page">
    <PageHead title="Batch runs" documentTitle="Batch runs"><p class="soft">Files that are scored by the clock. The schedules stand under <code>schedules</code> of the server's configuration file.</p></PageHead>
    {error !== undefined && <Failure error={error} retry={() => {
      setFailure(undefined);
      void loaded.reload();
    }} />}
    {list === undefined && error === undefined && <Loading />}
    {list?.length === 0 && <div class="panel"><Empty icon="batch" title="No schedule yet"><p>Score a file every night, or new files as they come:</p><pre>{EXAMPLE}</pre><p>in <code>slipway.config.yaml</code>, and the server started again.</p></Empty></div>}
    {list !== undefined && list.length > 0 && <Panel flush><div class="scroll" tabIndex={0} role="region" aria-label="Schedules"><table>
      <caption class="visually-hidden">Schedules</caption>
      <thead><tr><th scope="col">Schedule</th><th scope="col">When</th><th scope="col">Next run</th><th scope="col">Last run</th><th scope="col"><span class="visually-hidden">Acts</span></th></tr></thead>
      <tbody>{list.map((s) => <tr key={s.name}>
        <th scope="row"><a href={page.schedule(s.name)}>{s.name}</a><div class="soft small">{s.definition.model}</div></th>
        <td><code>{s.definition.every}</code><div class="soft small">{s.definition.tz}</div></td>
        <td>{s.state === "paused" ? <Chip tone="warn">paused</Chip> : s.nextAt === null ? "never" : <Due at={s.nextAt} />}</td>
        <td>{s.last === null ? <span class="soft">none yet</span> : <><a href={page.run(s.name, s.last.id)}><RunChip run={s.last} /></a><div class="soft small"><Time at={s.last.endedAt ?? s.last.createdAt} /></div></>}</td>
        <td><ScheduleActs schedule={s} small onDone={loaded.reload} onError={(e) => setFailure(asApiError(e))} /></td>
      </tr>)}</tbody>
    </table></div></Panel>}
  </div>;
}

const EXAMPLE = `schedules:
  nightly:
    model: churn@production
    input: customers.csv
    output: scores/{{date}}.csv
    every: "0 3 * * *"
    tz: Europe/Berlin`;
