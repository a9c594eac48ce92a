// What each kind of rule finds in a model's view.

import type { AlertRuleSettings } from "../../config/index.ts";
import { numberText, percent } from "../../server/index.ts";
import type { ColumnView, ModelView } from "../views.ts";
import { sparkline, type Matter } from "./alert.ts";

export interface Rule extends AlertRuleSettings {
  readonly name: string;
}
const basic = { metric: "accuracy", cooldown: 3_600_000 } as const;
export const DEFAULT_RULES: readonly Rule[] = [
  { name: "drift", on: "drift", severity: "warning", ...basic },
  { name: "quality", on: "quality", severity: "warning", ...basic },
  { name: "errors", on: "errors", above: 0.05, severity: "critical", ...basic },
  { name: "accuracy", on: "accuracy", severity: "critical", ...basic },
  { name: "silence", on: "silence", severity: "critical", ...basic },
];

type Found = Pick<Matter, "subject" | "summary" | "since" | "next" | "picture">;

export function mattersOf(rule: Rule, view: ModelView, now: number): Matter[] {
  if (rule.models !== undefined && !rule.models.some((m) => (m.endsWith("*") ? view.model.startsWith(m.slice(0, -1)) : m === view.model))) return [];
  return FINDERS[rule.on](rule, view, now).map((found) => ({ rule: rule.name, on: rule.on, severity: rule.severity, cooldownMs: rule.cooldown, model: view.model, version: view.version, ...found }));
}

const FINDERS: Readonly<Record<Rule["on"], (rule: Rule, view: ModelView, now: number) => Found[]>> = {
  drift: (rule, view) => view.columns.filter((c) => c.state === "drift" && wanted(rule, c.name)).map((c): Found => ({
    subject: c.name, since: c.since, picture: pictureOf(c),
    summary: `${c.name} is distributed otherwise than in the reference: PSI ${c.psi.toFixed(2)}, bound ${c.bound.toFixed(2)}${c.mean[0] === null || c.mean[1] === null ? "" : `; mean ${numberText(c.mean[0])}, before ${numberText(c.mean[1])}`}${c.missing[0] - c.missing[1] > 0.01 ? `; missing ${percent(c.missing[0])}, before ${percent(c.missing[1])}` : ""}${c.news.length > 0 && c.bins.kind === "category" ? `; new: ${c.news.slice(0, 3).map(([t]) => JSON.stringify(t)).join(", ")}` : ""}`,
    next: c.kind === "output" ? "Look at which inputs drifted; if none did, check whether another version answers. If labels confirm that it got worse, train anew." : "Ask whether the source of this column changed (units, a new form, a broken feed). If the world changed, train anew with recent rows.",
  })),
  quality: (rule, view) => view.quality.filter((f) => f.rule !== "errors" && (f.column === null || wanted(rule, f.column))).map((f): Found => ({
    subject: `${f.rule}${f.column === null ? "" : ` ${f.column}`}`, summary: f.message, since: null, picture: null, next: "Look at what sends these rows: a feed that broke looks like this.",
  })),
  errors: (rule, view) => {
    const last = lastWindows(view);
    const [requests, errors] = [sum(last, (w) => w.requests), sum(last, (w) => w.errors)];
    if (requests < 20 || errors / requests <= (rule.above ?? 0.05)) return [];
    const [code] = Object.entries(last.at(-1)!.codes).sort((a, b) => b[1] - a[1])[0] ?? [];
    return [{ subject: "", summary: `${percent(errors / requests)} of the requests fail${code === undefined ? "" : `, most with ${code}`}`, since: null, picture: null, next: "docs/errors.md says what the code means and what to do." }];
  },
  latency: (rule, view) => {
    const last = view.windows.at(-1);
    if (rule.above === undefined || last === undefined || last.requests < 20 || last.p99 === null || last.p99 <= rule.above) return [];
    return [{ subject: "", summary: `one request in a hundred takes longer than ${numberText(last.p99)} ms; the bar is ${numberText(rule.above)} ms`, since: null, picture: sparkline(view.windows.slice(-24).map((w) => w.p99 ?? 0)), next: "slipway bench says how many replicas the load needs." }];
  },
  accuracy: (rule, view) => {
    const { drop, points } = view.accuracy;
    const ripe = points.filter((p) => p.ripe && p.metrics[rule.metric] !== undefined);
    const last = ripe.at(-1);
    const picture = sparkline(ripe.slice(-24).map((p) => p.metrics[rule.metric]!), 1);
    const next = "Compare with the version before (roll back where it was better), or train anew with the labels that came.";
    if (rule.below !== undefined || rule.above !== undefined) {
      const value = last?.metrics[rule.metric];
      const bar = value === undefined ? undefined : missed(rule, value);
      if (last === undefined || value === undefined || bar === undefined) return [];
      return [{ subject: rule.metric, summary: `${rule.metric} is ${numberText(value)} by ${last.labelled} labels; the bar is ${numberText(bar)}`, since: last.begins, picture, next }];
    }
    return drop === null ? [] : [{ subject: drop.metric, summary: `${drop.metric} ${drop.now < drop.before ? "fell" : "rose"} to ${numberText(drop.now)} from ${numberText(drop.before)}, by the labels that came`, since: drop.since, picture, next }];
  },
  estimate: (rule, view) => {
    const last = view.accuracy.points.at(-1);
    const value = (last?.estimate as Readonly<Record<string, number>> | null | undefined)?.[rule.metric];
    const bar = value === undefined ? undefined : missed(rule, value);
    if (last === undefined || value === undefined || bar === undefined) return [];
    return [{ subject: rule.metric, summary: `${rule.metric} is estimated, without labels, at ${numberText(value)}; the bar is ${numberText(bar)}`, since: last.begins, picture: null, next: "It is an estimate: get labels for some recent predictions before acting on it." }];
  },
  outliers: (rule, view) => {
    const found = view.quality.find((f) => f.rule === "outliers");
    const column = view.columns.find((c) => c.score === "isolation");
    if (found === undefined || found.share[0] <= (rule.above ?? 0)) return [];
    return [{ subject: "outliers", summary: found.message, since: column?.since ?? null, picture: column === undefined ? null : pictureOf(column), next: "Look at some of these rows (slipway monitor query, where there is a log of predictions): each value may be usual, but not their combination." }];
  },
  silence: (_rule, view, now) => {
    const { windows } = view;
    const last = windows.at(-1);
    if (last === undefined || windows.length < 3) return [];
    const lengthMs = last.seconds * 1000;
    const ended = Date.parse(last.begins) + lengthMs;
    const quiet = (now - ended) / lengthMs;
    const usual = sum(windows, (w) => w.requests) / Math.max(1, (ended - Date.parse(windows[0]!.begins)) / lengthMs);
    // Of a steady stream the chance of so long a silence is below one in a hundred million.
    if (quiet < 3 || usual * quiet < 20) return [];
    return [{ subject: "", summary: `nobody has asked since ${new Date(ended).toISOString()}; ${numberText(usual * (3_600_000 / lengthMs))} requests an hour are usual`, since: new Date(ended).toISOString(), picture: null, next: "Look at what calls the service, and at what stands in front of it." }];
  },
};

/** The bar that a metric misses. */
function missed({ below, above }: Rule, value: number): number | undefined {
  if (below !== undefined && value < below) return below;
  return above !== undefined && value > above ? above : undefined;
}
function wanted({ columns }: Rule, name: string): boolean {
  return columns === undefined || columns.includes(name);
}
function lastWindows({ windows }: ModelView): ModelView["windows"] {
  return windows.slice(-2);
}
function sum(windows: ModelView["windows"], pick: (w: ModelView["windows"][number]) => number): number {
  return windows.reduce((n, w) => n + pick(w), 0);
}
function pictureOf({ bins }: ColumnView): string {
  const [now, before] = [bins.current, bins.reference].map((counts) => {
    const total = Math.max(1, counts.reduce((a, b) => a + b, 0));
    return counts.slice(0, 24).map((n) => n / total);
  }) as [number[], number[]];
  const most = Math.max(...now, ...before);
  return `now    ${sparkline(now, most)}\nbefore ${sparkline(before, most)}`;
}
