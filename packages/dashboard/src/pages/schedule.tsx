// One schedule: what it scores, and its runs.

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { asApiError, type ApiError } from "../api/client.ts";
import { api, page, withQuery } from "../api/paths.ts";
import type { Schedule, ScheduleRun } from "../api/types.ts";
import { fullTime } from "../lib/format.ts";
import { useLoad } from "../lib/load.ts";
import type { Place } from "../lib/router.ts";
import { Chip, Empty, Facts, Failure, Loading, PageHead, Panel, Time } from "../parts/basics.tsx";
import { Due, MadeWith, RunChip, ScheduleActs, tookText } from "../parts/batch.tsx";

const PAGE_SIZE = 30;

export function SchedulePage({ schedule: name, place }: { readonly schedule: string; readonly place: Place }): VNode {
  const before = place.query.get("before");
  const loaded = useLoad<Schedule>(api.schedule(name), 5000);
  const runs = useLoad<{ readonly runs: readonly ScheduleRun[] }>(withQuery(api.scheduleRuns(name), { before, limit: PAGE_SIZE }), 3000);
  const [failure, setFailure] = useState<ApiError | undefined>(undefined);
  const schedule = loaded.data;
  const list = runs.data?.runs;
  const error = failure ?? loaded.error ?? runs.error;
  return <div class="page">
    <PageHead title={name} documentTitle={name} crumbs={[["Batch runs", page.batch]]} actions={schedule !== undefined && <ScheduleActs schedule={schedule} onDone={async () => {
      await Promise.all([loaded.reload(), runs.reload()]);
    }} onError={(e) => setFailure(asApiError(e))} />} />
    {error !== undefined && <Failure error={error} retry={() => {
      setFailure(undefined);
      void loaded.reload();
    }} />}
    {schedule === undefined && error === undefined && <Loading />}
    {schedule !== undefined && <Panel title="Schedule"><Facts rows={[
      ["Next run", schedule.state === "paused" ? <><Chip tone="warn">paused</Chip> <span class="soft small">by {schedule.changedBy}, <Time at={schedule.changedAt} /></span></> : schedule.nextAt === null ? "never" : <Due at={schedule.nextAt} />],
      ["When", <><code>{schedule.definition.every}</code> in {schedule.definition.tz}</>], ["Model", schedule.definition.model], ["Input", schedule.definition.input.map((path) => <div key={path}><code>{path}</code></div>)], ["Output", <code>{schedule.definition.output}</code>],
      schedule.definition.watermark !== undefined && ["Only new rows", <>beyond <code>{schedule.definition.watermark}</code> {schedule.watermark ?? "(none seen yet)"}</>],
      schedule.definition.on !== undefined && ["Made by", <>workers over Postgres (<code>slipway worker</code>)</>],
      schedule.definition.newFiles && ["Only new files", "those that no good run has seen"],
    ]} /></Panel>}
    {list?.length === 0 && <div class="panel"><Empty icon="batch" title="It has not run yet"><p>It runs when it is due, or when somebody starts a run.</p></Empty></div>}
    {list !== undefined && list.length > 0 && <Panel title="Runs" flush><div class="scroll rows-link" tabIndex={0} role="region" aria-label="List of runs"><table>
      <caption class="visually-hidden">Runs</caption>
      <thead><tr><th scope="col">For</th><th scope="col">State</th><th scope="col">Model</th><th scope="col" class="number">Rows</th><th scope="col" class="number">Bad rows</th><th scope="col" class="number">Took</th></tr></thead>
      <tbody>{list.map((r) => <tr key={r.id}>
        <th scope="row"><a href={page.run(name, r.id)}>{fullTime(r.dueAt)}</a><div class="soft small">{r.cause === "manual" ? `started by ${r.createdBy}` : r.cause === "catch-up" ? "made up for" : "by the clock"}</div></th>
        <td><RunChip run={r} />{r.reason !== null && <div class="soft small">{short(r.reason)}</div>}</td>
        <td><MadeWith run={r} /></td><td class="number">{r.rows.toLocaleString("en")}</td><td class="number">{r.bad.toLocaleString("en")}</td><td class="number">{tookText(r)}</td>
      </tr>)}</tbody>
    </table></div></Panel>}
    {list !== undefined && <div class="row">{before !== null && <a class="button" href={page.schedule(name)}>To the latest runs</a>}{list.length === PAGE_SIZE && <a class="button" href={withQuery(page.schedule(name), { before: list.at(-1)!.id })}>Earlier runs</a>}</div>}
  </div>;
}

function short(text: string): string {
  return text.length > 140 ? `${text.slice(0, 139)}…` : text;
}
