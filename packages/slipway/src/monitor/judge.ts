// What windows say of a model: each column's drift, its state and since when, and what is wrong with the data. Windows with few
// rows are joined with the next ones until a verdict is possible.

import type { ProfiledScore } from "@slipway/core/package";
import { DRIFT_RULE, driftMeasures, judgeWindow, momentsOf, stateOf, Tally, worstOf, type ColumnJudgement, type Distribution, type DriftMeasures, type DriftRule, type DriftState, WindowCounter } from "@slipway/core/stats";
import { findingsOf, type Finding } from "./quality.ts";
import type { StoredWindow } from "./store.ts";
import { isJudged, type Subject } from "./subject.ts";

export interface Span {
  readonly begins: number;
  readonly ends: number;
  readonly counter: WindowCounter;
}
export interface SpanVerdicts {
  readonly begins: number;
  readonly ends: number;
  readonly rows: number;
  /** By column, in the subject's order. */
  readonly columns: readonly ColumnJudgement[];
}
export interface ColumnState {
  readonly name: string;
  readonly kind: "input" | "output";
  /** Of whole rows, and of a part of them: how much they stand alone, the expected error. */
  readonly score: ProfiledScore["kind"] | null;
  readonly state: DriftState;
  /** When what it is now began; null where it is as it was. */
  readonly since: number | null;
  readonly psi: number;
  readonly bound: number;
  readonly p: number;
  readonly seasonal: boolean;
  readonly measures: DriftMeasures;
  /** Of the rows, now and in the reference. */
  readonly missing: readonly [now: number, before: number];
  readonly outside: readonly [now: number, before: number];
  readonly mean: readonly [now: number | null, before: number | null];
  readonly range: readonly [low: number, high: number] | null;
  readonly distinct: number;
  /** Texts that the reference did not have, the most frequent first. */
  readonly news: readonly (readonly [text: string, count: number])[];
  readonly reference: Distribution;
  readonly current: Distribution;
}
export interface ModelState {
  readonly state: DriftState;
  readonly since: number | null;
  readonly columns: readonly ColumnState[];
  readonly findings: readonly Finding[];
  readonly spans: readonly SpanVerdicts[];
}
export interface JudgeOptions {
  readonly rule?: DriftRule | undefined;
  /** Whether the model's score ranks the rows of a request: labels tell what each row is worth. */
  readonly ranked?: boolean | undefined;
  /** How much columns matter, by name; alike by default. */
  readonly weights?: Readonly<Record<string, number>> | undefined;
  /** What is compared with in place of the profile, in the subject's order. */
  readonly references?: readonly Distribution[] | undefined;
  /** Compare with the same time of former days or weeks too. */
  readonly season?: "none" | "day" | "week" | undefined;
}

/** A verdict is made of at least so many rows, where a window has fewer. */
const ROWS_OF_SPAN = 250;
/** Spans of which scores are joined. */
const MOST_JOINED = 12;
/** Windows are joined over no more than this. */
const LONGEST_SPAN_MS = 86_400_000;
const SEASON_MS = { day: 86_400_000, week: 7 * 86_400_000 } as const;
/** So many former days or weeks are looked at. */
const SEASONS = 4;

/** How long before what is judged windows are looked at. */
export function seasonsMs({ season = "none" }: JudgeOptions): number {
  return season === "none" ? 0 : SEASONS * SEASON_MS[season];
}

/** The windows in order of time. @param from those before it are looked at as former days and weeks only */
export function judge(counted: Subject, windows: readonly StoredWindow[], options: JudgeOptions = {}, from: number = -Infinity): ModelState {
  const rule = options.rule ?? DRIFT_RULE;
  // Counts are of the profile's bins, whatever they are compared with.
  const references = counted.series.map((s) => s.reference);
  const against = options.references ?? references;
  const subject: Subject = options.references === undefined ? counted : { ...counted, series: counted.series.map((s, i) => ({ ...s, reference: against[i]! })) };
  const spans = spansOf(windows.filter((w) => w.begins >= from), references);
  const judged = spans.map((span, index): SpanVerdicts => ({
    begins: span.begins, ends: span.ends, rows: span.counter.rows,
    columns: judgeWindow(against, currentOf(subject, spans, index), rule, seasonOf(span, windows, references, options.season)),
  }));
  const last = spans.at(-1);
  const currents = last === undefined ? [] : currentOf(subject, spans, spans.length - 1);
  const columns = last === undefined ? [] : subject.series.flatMap((s, i) => (isJudged(s) ? [columnState(subject, i, last, currents, judged, rule)] : []));
  const state = worstOf(columns.map((c) => c.state), columns.map((c) => options.weights?.[c.name] ?? 1));
  const since = columns.filter((c) => c.state === state && c.since !== null).map((c) => c.since!);
  return { state, since: since.length === 0 ? null : Math.min(...since), columns, findings: last === undefined ? [] : findingsOf(subject, last.counter, currents), spans: judged };
}

/** How a span's columns are distributed. Of scores, which a part of the rows has, so many spans before it are joined that there are enough. */
function currentOf(subject: Subject, spans: readonly Span[], index: number): Distribution[] {
  return subject.series.map((s, i) => {
    const own = spans[index]!.counter.series[i]!.distribution;
    if (!("score" in s || "whole" in s) || own.rows >= ROWS_OF_SPAN) return own;
    const tally = new Tally(own.shape);
    for (let k = index, rows = 0; k >= 0 && rows < ROWS_OF_SPAN && index - k < MOST_JOINED; k--) {
      const before = spans[k]!.counter.series[i]!.distribution;
      tally.merge(before);
      rows += before.rows;
    }
    return tally.read();
  });
}

function columnState(subject: Subject, i: number, last: Span, currents: readonly Distribution[], judged: readonly SpanVerdicts[], rule: DriftRule): ColumnState {
  const series = subject.series[i]!;
  const { name, kind, reference } = series;
  const counter = last.counter.series[i]!;
  const current = currents[i]!;
  const verdicts = judged.map((s) => s.columns[i]!.verdict);
  const state = stateOf(judged.map((s) => s.columns[i]!), rule);
  const { psi, bound, p, seasonal } = judged.at(-1)!.columns[i]!;
  const share = (n: number, of: number): number => n / Math.max(1, of);
  const moments = [current, reference].map((d) => (Number.isFinite(momentsOf(d).mean) && hasNumbers(d) ? momentsOf(d).mean : null));
  return {
    name, kind, score: "score" in series ? series.score : null, state, since: sinceOf(verdicts, state, judged), psi, bound, p, seasonal, measures: driftMeasures(reference, current),
    missing: [share(current.missing, current.rows), share(reference.missing, reference.rows)], outside: [share(current.outside, current.rows), share(reference.outside, reference.rows)],
    mean: [moments[0]!, moments[1]!], range: counter.low <= counter.high ? [counter.low, counter.high] : null, distinct: counter.distinct.count, news: counter.texts.entries, reference, current,
  };
}

/** Categories that are numbers have a mean too. */
function hasNumbers({ sum, squares, shape }: Distribution): boolean {
  return shape.kind !== "category" || sum !== 0 || squares !== 0;
}

/** The first of the windows in a row that drifted, up to now; windows that say nothing do not break the row. */
function sinceOf(verdicts: readonly ColumnJudgement["verdict"][], state: DriftState, judged: readonly SpanVerdicts[]): number | null {
  if (state !== "drift" && state !== "warning") return null;
  let since: number | null = null;
  let same = 0;
  for (let i = verdicts.length - 1; i >= 0 && same < 2; i--) {
    if (verdicts[i] === "drifted") since = judged[i]!.begins;
    else if (verdicts[i] === "same") same++;
  }
  return since;
}

function spansOf(windows: readonly StoredWindow[], references: readonly Distribution[]): Span[] {
  const spans: Span[] = [];
  let open: { begins: number; ends: number; counter: WindowCounter } | undefined;
  for (const { begins, lengthMs, counter } of windows) {
    if (counter.rows === 0) continue;
    if (open !== undefined && begins - open.begins > LONGEST_SPAN_MS) {
      spans.push(open);
      open = undefined;
    }
    if (open === undefined) {
      open = { begins, ends: begins + lengthMs, counter: new WindowCounter(references) };
    }
    open.counter.merge(counter);
    open.ends = begins + lengthMs;
    if (open.counter.rows < ROWS_OF_SPAN) continue;
    spans.push(open);
    open = undefined;
  }
  if (open !== undefined) spans.push(open);
  return spans;
}

/** What was counted at the same time of former days or weeks. */
function seasonOf(span: Span, windows: readonly StoredWindow[], references: readonly Distribution[], season: JudgeOptions["season"] = "none"): Distribution[] | undefined {
  if (season === "none") return undefined;
  const counter = new WindowCounter(references);
  for (const w of windows) {
    for (let k = 1; k <= SEASONS; k++) {
      const back = k * SEASON_MS[season];
      if (w.begins >= span.begins - back && w.begins < span.ends - back) counter.merge(w.counter);
    }
  }
  return counter.rows === 0 ? undefined : counter.series.map((s) => s.distribution);
}
