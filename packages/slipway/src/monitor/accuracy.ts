// How good the predictions were, as labels come: for each stretch of time the metrics of those that have labels, how many
// that is, and what is to be expected of the others. A stretch is ripe when nine in ten labels of its age have come, or nine in
// ten of its own predictions have one.

import { wilsonInterval, classificationMetrics, estimatePerformance, learnCalibration, quantile, regressionMetrics, squaredMetrics, type CalibrationMap, type Estimate, type Metric } from "@slipway/core/stats";
import type { Database } from "../database/index.ts";
import { dropIn, type Drop } from "./accuracy-drop.ts";
import { rankingFigures } from "./judged-lists.ts";
import { estimateLosses, lossesOf, type KnownLoss } from "./loss-estimates.ts";
import { iso, type StoredWindow } from "./store.ts";
import type { Subject, Task } from "./subject.ts";

export interface AccuracyPoint {
  readonly begins: string;
  readonly ends: string;
  /** Predictions that are kept to be compared, and those of them that have a label. */
  readonly kept: number;
  readonly labelled: number;
  /** Labels that are none of the model's classes. */
  readonly strange: number;
  readonly ripe: boolean;
  /** By scikit-learn's names; empty below twenty labels. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Of the accuracy, or of lists the hit rate, with 95 % confidence (Wilson). */
  readonly interval: readonly [low: number, high: number] | null;
  /** Without labels, from the model's own probabilities, or of a regression from the errors that are to be expected of such rows. */
  readonly estimate: Estimate | null;
  /** Of an estimated error: what chance alone makes of it, with 95 % confidence. */
  readonly estimateInterval: readonly [low: number, high: number] | null;
}
export interface Accuracy {
  readonly points: readonly AccuracyPoint[];
  /** Within which nine in ten labels come, in seconds; null where there are too few to say. */
  readonly delay: number | null;
  /** Whether estimates go through a calibration that labels taught. */
  readonly calibrated: boolean;
  /** Where the last ripe stretches are worse than those before them by more than chance. */
  readonly drop: Drop | null;
}
interface Joined {
  readonly id: string;
  readonly at: number;
  readonly answer: string;
  readonly scores: readonly number[] | null;
  readonly label: string | null;
  readonly delay: number | null;
}

/** Stretches, at the most, into which the time that is looked at is cut. */
export const POINTS = 48;
const MOST_ROWS = 100_000;
const LEAST_LABELS = 20;
const RIPE = 0.9;
const MOST_LEARNT = 20_000;

export async function accuracyOf(database: Database, subject: Subject, windows: readonly StoredWindow[], { from, to, windowMs }: { readonly from: number; readonly to: number; readonly windowMs: number }): Promise<Accuracy> {
  const rows = await joined(database, subject, from, to);
  const labelled = rows.filter((r) => r.label !== null);
  const delays = Float64Array.from(labelled.flatMap((r) => r.delay ?? [])).sort();
  const delay = delays.length < LEAST_LABELS ? null : quantile(delays, RIPE);
  const { task } = subject;
  const map = calibrationOf(labelled, task);
  const isStrange = strangeTo(task);
  const losses = lossesOf(subject, windows, labelled.filter((r) => !isStrange(r.label!)).map((r) => ({ at: r.at, predicted: Number(r.answer), actual: Number(r.label) })), windowMs);
  const step = Math.max(1, Math.ceil((to - from) / POINTS / windowMs - 0.01)) * windowMs;
  const points: AccuracyPoint[] = [];
  for (let begins = Math.floor(from / step) * step; begins < to; begins += step) {
    const ends = begins + step;
    const inside = rows.filter((r) => r.at >= begins && r.at < ends);
    const counted = windows.filter((w) => w.begins >= begins && w.begins < ends);
    if (inside.length === 0 && counted.every((w) => w.counter.rows === 0)) continue;
    points.push({ begins: iso(begins), ends: iso(ends), kept: inside.length, ...measured(inside, task), ripe: isRipe(inside, ends, delay, to), ...estimateOf(counted, task, map, losses) });
  }
  return { points, delay, calibrated: map !== undefined || losses.some((l) => l.calibrated), drop: dropIn(points.filter((p) => p.ripe), task) };
}

function isRipe(inside: readonly Joined[], ends: number, delay: number | null, to: number): boolean {
  if (delay === null || ends >= to) return false;
  return ends + delay * 1000 < to || (inside.length >= LEAST_LABELS && inside.filter((r) => r.label !== null).length >= RIPE * inside.length);
}

async function joined(database: Database, { model, version, digest }: Subject, from: number, to: number): Promise<Joined[]> {
  // Of a label by key, that for this model comes before that for any; one that tells its time is for predictions before it.
  const rows = await database.query<{ id: string; at: string; answer: string; scores: string | null; label: string | null; received_at: string | null}>(
    `select p.id, p.at, p.answer, p.scores, coalesce(i.label, k.label, a.label) as label, coalesce(i.received_at, k.received_at, a.received_at) as received_at
     from monitor_predictions p
     left join monitor_labels i on i.kind = 'id' and i.ref = p.id and i.model = ''
     left join monitor_labels k on k.kind = 'key' and k.ref = p.business_key and k.model = p.model and (k.at is null or k.at >= p.at)
     left join monitor_labels a on a.kind = 'key' and a.ref = p.business_key and a.model = '' and (a.at is null or a.at >= p.at)
     where p.model = $1 and p.version = $2 and p.digest = $3 and p.at >= $4 and p.at < $5 order by p.at desc limit ${MOST_ROWS}`, [model, version, digest, iso(from), iso(to)]);
  return rows.map((r) => {
    const at = Date.parse(r.at);
    return { id: r.id, at, answer: r.answer, scores: r.scores === null ? null : JSON.parse(r.scores) as number[], label: r.label, delay: r.received_at === null ? null : Math.max(0, Date.parse(r.received_at) - at) / 1000 };
  });
}

function measured(rows: readonly Joined[], task: Task): Pick<AccuracyPoint, "labelled" | "strange" | "metrics" | "interval"> {
  const labelled = rows.filter((r) => r.label !== null);
  const none = { labelled: labelled.length, strange: 0, metrics: {}, interval: null };
  if (task.kind === "none") return none;
  if (task.kind === "ranking") {
    const { judged, hits, strange, metrics } = rankingFigures(task, labelled.map((r) => ({ ...r, label: r.label! })));
    return judged < LEAST_LABELS ? { ...none, strange } : { ...none, strange, metrics: valuesOf(metrics), ...(task.of === "items" ? { interval: wilsonInterval(hits, judged) } : {}) };
  }
  if (task.kind === "regression") {
    const isStrange = strangeTo(task);
    const known = labelled.filter((r) => !isStrange(r.label!)).map((r) => [Number(r.label), Number(r.answer)] as const).filter(([, p]) => Number.isFinite(p));
    const strange = labelled.length - known.length;
    return known.length < LEAST_LABELS ? { ...none, strange } : { ...none, strange, metrics: valuesOf([regressionMetrics, squaredMetrics].flatMap((of) => of(known.map(([t]) => t), known.map(([, p]) => p)))) };
  }
  const place = new Map(classesOf(task).map((c, i) => [c, i]));
  const classes = task.classes.length > 0 ? task.classes : [...new Set(labelled.flatMap((r) => [r.label!, r.answer]))];
  if (task.classes.length === 0) classes.forEach((c, i) => place.set(c, i));
  const known = labelled.filter((r) => place.has(normal(r.label!)));
  const strange = labelled.length - known.length;
  if (known.length < LEAST_LABELS) return { ...none, strange };
  const truth = known.map((r) => place.get(normal(r.label!))!);
  const predicted = known.map((r) => place.get(normal(r.answer)) ?? classes.length);
  const scores = known.every((r) => r.scores?.length === classes.length) ? Float64Array.from(known.flatMap((r) => r.scores!)) : undefined;
  const metrics = valuesOf(classificationMetrics({ classes: classes.length, truth, predicted, ...(scores === undefined ? {} : { probabilities: scores }) }));
  return { labelled: labelled.length, strange, metrics, interval: wilsonInterval(truth.filter((t, i) => t === predicted[i]).length, truth.length) };
}

function classesOf(task: Extract<Task, { kind: "classification" }>): string[] {
  return task.classes.map(normal);
}
/** Tells labels that are none of the classes, or no number where numbers are predicted: they are left out of the metrics. */
export function strangeTo(task: Task): (label: string) => boolean {
  if (task.kind === "regression") return (label) => label.trim() === "" || !Number.isFinite(Number(label));
  if (task.kind === "ranking" && task.of === "rows") return (label) => label.trim() === "" || !(Number(label) >= 0);
  const classes = new Set(task.kind === "classification" ? classesOf(task) : []);
  return (label) => classes.size > 0 && !classes.has(normal(label));
}
/** 1, 1.0 and "1" are one class; so are true and "True", as Python writes it. */
export function normal(label: string): string {
  const trimmed = label.trim();
  if (/^(?:true|false)$/i.test(trimmed)) return trimmed.toLowerCase();
  return trimmed !== "" && Number.isFinite(Number(trimmed)) ? String(Number(trimmed)) : trimmed;
}

function valuesOf(metrics: readonly Metric[]): Record<string, number> {
  return Object.fromEntries(metrics.map((m) => [m.name, m.of(null)] as const).filter(([, v]) => Number.isFinite(v)).map(([name, v]) => [name, Number(v.toPrecision(6))]));
}

/** What a probability means: of two classes the second one's, of more that of the most probable one. */
function calibrationOf(labelled: readonly Joined[], task: Task): CalibrationMap | undefined {
  if (task.kind !== "classification" || task.classes.length < 2) return undefined;
  const classes = classesOf(task);
  const pairs = labelled.filter((r) => r.scores !== null && classes.includes(normal(r.label!))).slice(0, MOST_LEARNT).map((r): [number, number] => {
    const top = classes.length === 2 ? 1 : r.scores!.indexOf(Math.max(...r.scores!));
    return [r.scores![top]!, classes[top] === normal(r.label!) ? 1 : 0];
  });
  return learnCalibration(pairs.map(([p]) => p), pairs.map(([, came]) => came));
}

type Estimated = Pick<AccuracyPoint, "estimate" | "estimateInterval">;

function estimateOf(windows: readonly StoredWindow[], task: Task, map: CalibrationMap | undefined, losses: readonly KnownLoss[]): Estimated {
  const none: Estimated = { estimate: null, estimateInterval: null };
  if (task.kind === "regression") return estimateLosses(windows, losses) ?? none;
  if (task.kind !== "classification" || !task.probabilities) return none;
  return { ...none, estimate: estimatePerformance(windows.flatMap((w) => w.counter.sure.bins), task.classes.length, map) };
}
