// Every model that is watched.

import type { VNode } from "preact";
import { api, page } from "../api/paths.ts";
import type { DriftState, Replica, WatchedModel } from "../api/monitor-types.ts";
import { numberText, plural } from "../lib/format.ts";
import { useLoad } from "../lib/load.ts";
import { Chip, Empty, Failure, Loading, PageHead, Time, type Tone } from "../parts/basics.tsx";

export const STATES: Readonly<Record<DriftState, readonly [tone: Tone, words: string]>> = { ok: ["good", "as in the reference"], warning: ["warn", "warning"], drift: ["bad", "drift"], "not-enough-data": ["plain", "not enough data"] };

export function StateChip({ state, reference = true }: { readonly state: DriftState; readonly reference?: boolean }): VNode {
  const [tone, words] = STATES[state];
  return reference ? <Chip tone={tone}>{words}</Chip> : <Chip>no reference</Chip>;
}

export function MonitoringPage(): VNode {
  const { data, error, reload } = useLoad<{ readonly models: readonly WatchedModel[]; readonly replicas: readonly Replica[] }>(api.monitor, 10_000);
  const lost = data?.replicas.filter((r) => r.state === "lost") ?? [];
  return <div class="page">
    <PageHead title="Monitoring" documentTitle="Monitoring"><p class="soft">What served models were asked and answered in the last day, beside what they were made with.</p></PageHead>
    {error !== undefined && <Failure error={error} retry={() => void reload()} />}
    {data === undefined && error === undefined && <Loading />}
    {lost.length > 0 && <p class="note warn">{plural(lost.length, "process", "processes")} ended without a word, and took up to {numberText(lost.reduce((n, r) => n + r.lost, 0))} rows that were not written.</p>}
    {data?.models.length === 0 && <div class="panel"><Empty icon="play" title="Nothing was asked yet"><p>As soon as a served model is asked for a prediction, it is watched here.</p></Empty></div>}
    {data !== undefined && data.models.length > 0 && <div class="panel flush rows-link"><div class="scroll"><table>
      <caption class="visually-hidden">Watched models</caption>
      <thead><tr><th scope="col">Model</th><th scope="col">State</th><th scope="col">Drifting</th><th scope="col" class="number">Requests</th><th scope="col" class="number">Errors</th><th scope="col" class="number">p99</th><th scope="col">Last asked</th></tr></thead>
      <tbody>{data.models.map((m) => <tr key={`${m.model} ${m.version}`}>
        <th scope="row"><a href={page.monitoringOf(m.model, m.version)}>{m.model}</a><div class="soft small">version {m.version}{m.engine === "python" && ", run by Python"}</div></th>
        <td><StateChip state={m.state} reference={m.reference} />{m.findings > 0 && <> <Chip tone="warn">{plural(m.findings, "finding")}</Chip></>}</td>
        <td class="small">{m.drifting.length === 0 ? <span class="soft">–<span class="visually-hidden">nothing</span></span> : m.drifting.slice(0, 4).join(", ")}{m.drifting.length > 4 && `, and ${m.drifting.length - 4} more`}</td>
        <td class="number">{numberText(m.requests)}</td><td class="number">{numberText(m.errors)}</td><td class="number nowrap">{m.p99 === null ? "" : `${numberText(m.p99)} ms`}</td>
        <td>{m.lastAt !== null && <Time at={m.lastAt} />}</td>
      </tr>)}</tbody>
    </table></div></div>}
  </div>;
}
