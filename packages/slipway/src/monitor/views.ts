// The monitor's state as JSON, for HTTP, the command line and the dashboard.

import type { WindowCounter } from "@slipway/core/stats";
import type { Database } from "../database/index.ts";
import { listAlerts } from "./alerts/alert-store.ts";
import type { Alert } from "./alerts/alert.ts";
import { accuracyOf, type Accuracy } from "./accuracy.ts";
import { monitorError } from "./errors.ts";
import { judge, seasonsMs, type ColumnState, type JudgeOptions, type ModelState } from "./judge.ts";
import { referenceOf, type TrafficReference } from "./references.ts";
import type { Finding } from "./quality.ts";
import { iso, type MonitorStore, type Replica, type StoredWindow } from "./store.ts";
import { isJudged, type Subject } from "./subject.ts";

/** What views are made from: a store, and how it is to be judged. */
export interface Watched {
  store(): Promise<MonitorStore>;
  readonly judging: (model: string) => JudgeOptions;
  /** Writes what is only in memory yet. */
  refresh(): Promise<void>;
  now(): number;
  readonly windowMs: number;
  /** Where what people change is told; undefined: nowhere. */
  readonly audit?: Database | undefined;
}

const OVERVIEW_MS = 24 * 3_600_000;
const HOUR = 3_600_000;
const MOST_OVERVIEW = 200;

export interface ModelSummary {
  readonly model: string;
  readonly version: string;
  readonly digest: string;
  readonly state: ModelState["state"];
  readonly since: string | null;
  readonly requests: number;
  readonly rows: number;
  readonly errors: number;
  readonly p99: number | null;
  readonly drifting: readonly string[];
  readonly findings: number;
  readonly reference: boolean;
  /** To the end of its window; of the window that goes on, to now. */
  readonly lastAt: string | null;
  /** Where Python runs it. */
  readonly engine?: "python";
}

export interface Overview {
  readonly models: readonly ModelSummary[];
  readonly replicas: readonly Replica[];
}

export async function overview(watched: Watched, may: (model: string) => boolean = () => true): Promise<Overview> {
  await watched.refresh();
  const store = await watched.store();
  const now = watched.now();
  const models: ModelSummary[] = [];
  for (const subject of (await store.subjects()).filter((s) => may(s.model)).slice(0, MOST_OVERVIEW)) {
    const { windows, state } = await judged(watched, store, subject, now - OVERVIEW_MS);
    models.push(summaryOf(subject, windows, state, now));
  }
  return { models, replicas: await store.replicas() };
}

export interface Judged {
  readonly windows: readonly StoredWindow[];
  readonly state: ModelState;
  /** What was compared with; undefined: the package's profile. */
  readonly reference: TrafficReference | undefined;
}
export async function judged(watched: Watched, store: MonitorStore, subject: Subject, from: number): Promise<Judged> {
  const made = await referenceOf(store.database, subject);
  const options = { ...watched.judging(subject.model), references: made?.distributions };
  const windows = await store.windows(subject, from - seasonsMs(options));
  return { windows: windows.filter((w) => w.begins >= from), state: judge(subject, windows, options, from), reference: made?.reference };
}

function summaryOf(subject: Subject, windows: readonly StoredWindow[], state: ModelState, now: number): ModelSummary {
  const sum = (pick: (c: WindowCounter) => number): number => windows.reduce((n, w) => n + pick(w.counter), 0);
  const last = windows.at(-1);
  const times = last?.counter.latency.quantile(0.99) ?? NaN;
  return {
    model: subject.model, version: subject.version, digest: subject.digest, state: state.state, since: timeOf(state.since),
    requests: sum((c) => c.requests), rows: sum((c) => c.rows), errors: sum(failed), p99: numberOf(times),
    drifting: state.columns.filter((c) => c.state === "drift" || c.state === "warning").sort((a, b) => b.psi - a.psi).slice(0, 10).map((c) => c.name),
    findings: state.findings.length, reference: subject.series.length > 0, lastAt: last === undefined ? null : iso(Math.min(now, last.begins + last.lengthMs)),
    ...(subject.engine === undefined ? {} : { engine: subject.engine }),
  };
}

/** @throws monitor-unknown */
export async function findSubject(store: MonitorStore, model: string, version?: string): Promise<Subject> {
  const [subject] = await store.subjects(model, version);
  if (subject !== undefined) return subject;
  const known = [...new Set((await store.subjects()).map((s) => s.model))];
  throw monitorError("monitor-unknown", `nothing was counted of ${JSON.stringify(model.slice(0, 100))}${version === undefined ? "" : ` version ${JSON.stringify(version.slice(0, 100))}`}`, {
    hint: known.length === 0 ? "Nothing is watched yet: ask a model for a prediction first." : `Watched are: ${known.slice(0, 20).join(", ")}.` });
}

export interface WindowView {
  readonly begins: string;
  readonly seconds: number;
  readonly requests: number;
  readonly rows: number;
  readonly errors: number;
  readonly refused: number;
  readonly codes: Readonly<Record<string, number>>;
  /** Milliseconds. */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}
export type BinsView = { readonly reference: readonly number[]; readonly current: readonly number[] } & (
  | { readonly kind: "category"; readonly values: readonly string[] }
  | { readonly kind: "number" | "length"; readonly edges: readonly number[]; readonly low: number; readonly high: number });
export interface ColumnView extends Omit<ColumnState, "reference" | "current" | "since" | "measures" | "range"> {
  readonly since: string | null;
  readonly measures: Readonly<Record<string, number | null>>;
  readonly range: readonly (number | null)[] | null;
  readonly bins: BinsView;
}
export interface ModelView extends ModelSummary {
  readonly referenceRows: number;
  /** Made from traffic; null where the package's profile is compared with. */
  readonly trafficReference: TrafficReference | null;
  readonly task: Subject["task"]["kind"];
  readonly accuracy: Accuracy;
  readonly from: string;
  readonly to: string;
  readonly versions: readonly string[];
  readonly windows: readonly WindowView[];
  readonly columns: readonly ColumnView[];
  readonly quality: readonly Finding[];
  readonly alerts: readonly Alert[];
  readonly verdicts: readonly { readonly begins: string; readonly ends: string; readonly rows: number; readonly drifted: readonly string[]; readonly psi: readonly number[] }[];
}

/** @throws monitor-unknown */
export async function modelView(watched: Watched, model: string, { version, hours = 24 }: { readonly version?: string | undefined; readonly hours?: number } = {}): Promise<ModelView> {
  await watched.refresh();
  const store = await watched.store();
  const subject = await findSubject(store, model, version);
  const from = watched.now() - hours * HOUR;
  const { windows, state, reference } = await judged(watched, store, subject, from);
  const accuracy = await accuracyOf(store.database, subject, windows, { from, to: watched.now() + 1, windowMs: watched.windowMs });
  return {
    ...summaryOf(subject, windows, state, watched.now()), referenceRows: reference?.rows ?? subject.series[0]?.reference.rows ?? 0, trafficReference: reference ?? null, task: subject.task.kind, accuracy, from: iso(from), to: iso(watched.now()),
    versions: [...new Set((await store.subjects(model)).map((s) => s.version))],
    windows: windows.map(windowView), columns: state.columns.map(columnView), quality: state.findings, alerts: (await listAlerts(store.database, model)).filter((a) => a.version === subject.version),
    verdicts: state.spans.map((s) => ({ begins: iso(s.begins), ends: iso(s.ends), rows: s.rows, drifted: s.columns.flatMap((c, i) => (c.verdict === "drifted" && isJudged(subject.series[i]!) ? [subject.series[i]!.name] : [])), psi: s.columns.map((c) => round(c.psi)) })),
  };
}

export function windowView({ begins, lengthMs, counter }: StoredWindow): WindowView {
  const at = (share: number): number | null => numberOf(counter.latency.quantile(share));
  return { begins: iso(begins), seconds: lengthMs / 1000, requests: counter.requests, rows: counter.rows, errors: failed(counter), refused: counter.refused, codes: Object.fromEntries(counter.errors), p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

export function columnView(c: ColumnState): ColumnView {
  const { reference, current, since, measures, ...rest } = c;
  const { shape } = reference;
  return {
    ...rest, psi: round(c.psi), bound: round(c.bound), since: timeOf(since), measures: Object.fromEntries(Object.entries(measures).map(([name, v]) => [name, v === null ? null : round(v as number)])),
    range: c.range?.map(finite) ?? null,
    bins: shape.kind === "category"
      ? { kind: shape.kind, values: shape.values, reference: reference.bins, current: current.bins }
      : { kind: shape.kind, edges: shape.edges, low: shape.low, high: shape.high, reference: reference.bins, current: current.bins },
  };
}

export function failed(counter: WindowCounter): number {
  return [...counter.errors.values()].reduce((a, b) => a + b, 0);
}
function timeOf(ms: number | null): string | null {
  return ms === null ? null : iso(ms);
}
function numberOf(n: number): number | null {
  return Number.isFinite(n) ? round(n) : null;
}
function finite(n: number): number | null {
  return Number.isFinite(n) ? n : null;
}
function round(n: number): number {
  return Number(n.toPrecision(6));
}
