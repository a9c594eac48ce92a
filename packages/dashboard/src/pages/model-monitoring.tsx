// A model that is watched: traffic, latency, errors, drift by column, accuracy over time, alerts.

import type { VNode } from "preact";
import { api, page, withQuery } from "../api/paths.ts";
import type { AccuracyPoint, Alert, ModelWatch, WatchedColumn } from "../api/monitor-types.ts";
import { numberText, percent, plural } from "../lib/format.ts";
import { useLoad } from "../lib/load.ts";
import { go, type Place } from "../lib/router.ts";
import { Chip, Empty, Facts, Failure, Loading, PageHead, Panel, Time } from "../parts/basics.tsx";
import { DriftPicture } from "../parts/drift-picture.tsx";
import { BarsOverTime, LinesOverTime, type TimeLine, type TimeScale } from "../parts/over-time.tsx";
import { StateChip } from "./monitoring.tsx";

const RANGES: readonly (readonly [hours: number, words: string])[] = [[1, "last hour"], [6, "last 6 hours"], [24, "last day"], [168, "last week"], [720, "last 30 days"]];

export function ModelMonitoringPage({ name, place }: { readonly name: string; readonly place: Place }): VNode {
  const version = place.query.get("version");
  const hours = Number(place.query.get("hours") ?? 24);
  const { data, error, reload } = useLoad<ModelWatch>(withQuery(api.monitorOf(name), { version, hours }), 10_000);
  const to = (change: Readonly<Record<string, string | number | null>>): void => go(withQuery(page.monitoringOf(name), { version, hours, ...change }), "replace");
  return <div class="page">
    <PageHead title={`${name}: monitoring`} documentTitle={`${name}, monitoring`} crumbs={[["Monitoring", page.monitoring]]} actions={<>
      {data !== undefined && data.versions.length > 1 && <select aria-label="Version" value={data.version} onChange={(e) => to({ version: e.currentTarget.value })}>{data.versions.map((v) => <option key={v} value={v}>version {v}</option>)}</select>}
      <select aria-label="Time" value={String(hours)} onChange={(e) => to({ hours: Number(e.currentTarget.value) })}>{RANGES.map(([h, words]) => <option key={h} value={String(h)}>{words}</option>)}</select>
    </>}>
      {data !== undefined && <p><StateChip state={data.state} reference={data.reference} /> <span class="soft">version {data.version}{data.engine === "python" && ", run by Python"}{data.since !== null && <>, since <Time at={data.since} /></>}</span></p>}
    </PageHead>
    {error !== undefined && (error.code === "monitor-unknown" ? <div class="panel"><Empty icon="play" title="Not asked yet"><p>As soon as {name} is asked for a prediction, it is watched here.</p></Empty></div> : <Failure error={error} retry={() => void reload()} />)}
    {data === undefined && error === undefined && <Loading />}
    {data !== undefined && <Watch data={data} />}
  </div>;
}

function Watch({ data }: { readonly data: ModelWatch }): VNode {
  const scale: TimeScale = { from: Date.parse(data.from), to: Date.parse(data.to) };
  const at = (begins: string, seconds: number): number => Date.parse(begins) + seconds * 500;
  const latency = (["p50", "p95", "p99"] as const).map((which, i): TimeLine => ({ name: which, tone: (["third", "second", "main"] as const)[i]!, points: data.windows.flatMap((w) => (w[which] === null ? [] : [{ at: at(w.begins, w.seconds), value: w[which] }])) }));
  const firing = data.alerts.filter((a) => a.state === "firing");
  return <>
    {data.alerts.length > 0 && <Panel title={firing.length > 0 ? `Alerts: ${firing.length} now` : "Alerts: over"}><ul class="alerts">{[...firing, ...data.alerts.filter((a) => a.state !== "firing").slice(0, 5)].map((a) => <AlertItem key={a.id} alert={a} />)}</ul></Panel>}
    <Panel title="Traffic">
      <Facts rows={[["Requests", numberText(data.requests)], ["Rows", numberText(data.rows)], ["Errors", `${numberText(data.errors)}${data.requests > 0 ? ` (${percent(data.errors / data.requests)})` : ""}`]]} />
      <div class="pictures two">
        <BarsOverTime title="Requests, with errors in red" scale={scale} unit="requests" bad="errors" bars={data.windows.map((w) => ({ begins: Date.parse(w.begins), ends: Date.parse(w.begins) + w.seconds * 1000, value: w.requests, bad: w.errors }))} />
        <LinesOverTime title="Latency in milliseconds" scale={scale} unit="ms" lines={latency} />
      </div>
    </Panel>
    {data.quality.length > 0 && <Panel title="What is wrong with the data"><ul class="bullets">{data.quality.map((f) => <li key={f.message}>{f.message}</li>)}</ul></Panel>}
    <Accuracy data={data} scale={scale} />
    <Drift data={data} />
  </>;
}

function AlertItem({ alert }: { readonly alert: Alert }): VNode {
  const over = alert.state === "resolved";
  return <li><Chip tone={over ? "plain" : alert.severity === "critical" ? "bad" : "warn"}>{over ? "over" : alert.severity}</Chip><div><strong>{alert.summary}</strong><div class="soft small">{over ? <>over <Time at={alert.resolvedAt ?? alert.firstAt} /></> : <>since <Time at={alert.since ?? alert.firstAt} />. {alert.next}</>}</div></div></li>;
}

/** Metrics that are shares of what was judged. */
const SHARES: ReadonlySet<string> = new Set(["accuracy", "hit_rate"]);

function Accuracy({ data, scale }: { readonly data: ModelWatch; readonly scale: TimeScale }): VNode | null {
  const { points, delay, calibrated } = data.accuracy;
  const measured = points.filter((p) => Object.keys(p.metrics).length > 0);
  const estimated = points.filter((p) => p.estimate !== null);
  if (points.length === 0 || (measured.length === 0 && estimated.length === 0)) return null;
  const metric = ["accuracy", "hit_rate", "ndcg", "mae", "rmse"].find((m) => measured.some((p) => p.metrics[m] !== undefined) || estimated.some((p) => estimateIn(p, m) !== undefined)) ?? "accuracy";
  const middle = (p: AccuracyPoint): number => (Date.parse(p.begins) + Date.parse(p.ends)) / 2;
  const lines: TimeLine[] = [
    ...(measured.length > 0 ? [{ name: `${metric}, by labels`, tone: "main" as const, points: measured.flatMap((p) => (p.metrics[metric] === undefined ? [] : [{ at: middle(p), value: p.metrics[metric], low: SHARES.has(metric) ? p.interval?.[0] : undefined, high: SHARES.has(metric) ? p.interval?.[1] : undefined, open: !p.ripe }])) }] : []),
    ...(estimated.length > 0 ? [{ name: "estimate without labels", tone: "estimate" as const, points: estimated.flatMap((p) => (estimateIn(p, metric) === undefined ? [] : [{ at: middle(p), value: estimateIn(p, metric)!, low: p.estimateInterval?.[0], high: p.estimateInterval?.[1] }])) }] : []),
  ];
  const unripe = points.find((p) => !p.ripe);
  const last = measured.at(-1);
  return <Panel title="Accuracy">
    <p class="soft small">{delay === null ? "Too few labels came yet to say how long they take." : `Nine in ten labels come within ${duration(delay)}.`}{estimated.length > 0 && ` Estimates are made from ${metric === "accuracy" ? "the model's own probabilities" : "the errors that rows like these had when the model was packed"}${calibrated ? ", calibrated by labels" : ", as they stand"}.`}</p>
    <div><LinesOverTime wide title={`${metric} over time`} scale={scale} unit="" lines={lines} {...(SHARES.has(metric) || metric === "ndcg" ? { low: 0, high: 1 } : {})} unripe={unripe === undefined ? undefined : Date.parse(unripe.begins)} /></div>
    {last !== undefined && <Facts rows={Object.entries(last.metrics).map(([m, v]) => [m, numberText(v)] as const)} />}
    {last !== undefined && <p class="soft small">Figures of the last part that has labels: {last.labelled} of {last.kept} kept predictions{last.ripe ? "" : ", with more to come"}.</p>}
  </Panel>;
}

function estimateIn({ estimate }: AccuracyPoint, metric: string): number | undefined {
  return (estimate as Readonly<Record<string, number | undefined>> | null)?.[metric];
}

function Drift({ data }: { readonly data: ModelWatch }): VNode {
  const rank = { drift: 0, warning: 1, ok: 2, "not-enough-data": 3 } as const;
  const columns = data.columns.toSorted((a, b) => rank[a.state] - rank[b.state] || b.psi / b.bound - a.psi / a.bound);
  if (!data.reference) return <Panel title="Drift"><Empty level={3} title="There is nothing to compare with"><p>The package has no profile. Pack it with <code>--check</code> or <code>--training</code>.</p></Empty></Panel>;
  return <Panel title="Drift">
    <p class="key"><span class="key-now">now</span><span class="key-reference">reference ({plural(data.referenceRows, "row")}{data.trafficReference !== null && <>, traffic from <Time at={data.trafficReference.from} /> to <Time at={data.trafficReference.to} />, number {data.trafficReference.number}</>})</span></p>
    {data.referenceRows === 0 && <p class="note warn">There is nothing to compare with yet. <code>slipway monitor reference {data.model} --from TIME</code> takes a healthy period's traffic.</p>}
    {data.referenceRows > 0 && data.referenceRows < 200 && <p class="note warn">The reference has {plural(data.referenceRows, "row")}; below 200 nothing can be said. Pack the model with <code>--training</code>.</p>}
    {columns.length === 0 && <p class="soft">No rows in this time.</p>}
    <div class="pictures">{columns.map((c) => <ColumnFigure key={c.name} column={c} />)}</div>
  </Panel>;
}

function ColumnFigure({ column: c }: { readonly column: WatchedColumn }): VNode {
  const measures: readonly (readonly [string, number | null | undefined])[] = [["Kolmogorov-Smirnov", c.measures["ks"]], ["Wasserstein, in deviations", c.measures["wasserstein"]], ["Jensen-Shannon", c.measures["jensenShannon"]], ["L-infinity", c.measures["linf"]], ["chi-square", c.measures["chiSquare"]]];
  return <figure class="picture column">
    <figcaption><strong>{c.name}</strong>{c.score === null && c.kind === "output" && <span class="soft"> output</span>}{c.score !== null && <span class="soft"> of a part of the rows</span>} <StateChip state={c.state} />{c.seasonal && <Chip>as at this time on other days</Chip>}</figcaption>
    <DriftPicture column={c} />
    <details class="small"><summary>PSI {c.psi.toFixed(3)}, bound {c.bound.toFixed(3)}{c.since !== null && <>, since <Time at={c.since} /></>}</summary>
      <Facts rows={[
        c.mean[0] !== null && ["Mean, before", `${numberText(c.mean[0])}, ${c.mean[1] === null ? "none" : numberText(c.mean[1])}`], ["Missing, before", `${percent(c.missing[0])}, ${percent(c.missing[1])}`], ["Beyond the reference", percent(c.outside[0])], ["Different values, about", numberText(c.distinct)],
        c.news.length > 0 && ["New", c.news.slice(0, 8).map(([t, n]) => `${t} (${n})`).join(", ")], ...measures.filter(([, v]) => v != null).map(([m, v]) => [m, numberText(v!)] as const),
      ]} />
    </details>
  </figure>;
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} seconds`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} minutes`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} hours` : `${Math.round(seconds / 86_400)} days`;
}
