// What begins a training. Pure: the settings' triggers against what is known of the version in use.

import type { RetrainSettings } from "../config/index.ts";
import { Occurrences } from "../schedules/occurrences.ts";
import { retrainError } from "./errors.ts";

/** What a monitor knows; undefined where it knows nothing. */
export interface RetrainSignals {
  drift(model: string, version: string): Promise<{ readonly drifted: boolean; readonly since: string | null; readonly columns: readonly string[] } | undefined>;
  /** Of stretches of time, the last ones last: ripe ones where it is measured. */
  metric(model: string, version: string, name: string, how: { readonly estimated: boolean; readonly stretchMs: number }): Promise<readonly MetricStretch[]>;
  newLabels(model: string, since: string): Promise<number>;
}
export interface MetricStretch {
  readonly begins: string;
  readonly ends: string;
  readonly rows: number;
  readonly value: number;
}
export interface Cause {
  readonly name: "drift" | "metric" | "estimate" | "new-labels" | "age" | "schedule";
  readonly evidence: Readonly<Record<string, unknown>>;
}
export interface InUse {
  readonly model: string;
  readonly version: number;
  readonly createdAt: string;
  /** When the last training began, or the server first knew of the setting. */
  readonly since: string;
  readonly now: number;
}

const LEAST_ROWS = 200;
const STRETCH_MS = 12_600_000;

type Triggers = NonNullable<RetrainSettings["triggers"]>;

/** @throws retrain-settings, schedule-invalid */
export function checkTriggers(model: string, { triggers = {} }: Pick<RetrainSettings, "triggers">): void {
  for (const kind of ["metric", "estimate"] as const) {
    const bar = triggers[kind];
    if (bar !== undefined && bar.below === undefined && bar.above === undefined) throw retrainError("retrain-settings", `retrain.${model}.triggers.${kind} has neither \`below\` nor \`above\``, { where: `retrain.${model}.triggers.${kind}` });
  }
  if (triggers.schedule !== undefined) occurrences(model, triggers);
}

/** The first trigger that is met, the evidence with it. */
export async function causeOf(triggers: Triggers, use: InUse, signals: RetrainSignals | undefined): Promise<Cause | undefined> {
  const version = String(use.version);
  if (triggers.metric !== undefined) {
    const bar = triggers.metric;
    const last = (await signals?.metric(use.model, version, bar.name, { estimated: false, stretchMs: bar.stretch ?? STRETCH_MS }))?.filter((s) => s.rows >= (bar.rows ?? LEAST_ROWS)).at(-1);
    if (last !== undefined && beyond(last.value, bar)) return { name: "metric", evidence: { ...bar, ...last } };
  }
  if (triggers.estimate !== undefined) {
    const bar = triggers.estimate;
    const last = ((await signals?.metric(use.model, version, bar.name, { estimated: true, stretchMs: bar.stretch ?? STRETCH_MS })) ?? []).filter((s) => s.rows >= (bar.rows ?? LEAST_ROWS)).slice(-3);
    if (last.filter((s) => beyond(s.value, bar)).length >= 2) return { name: "estimate", evidence: { ...bar, stretches: last } };
  }
  if (triggers.drift === true) {
    const drift = await signals?.drift(use.model, version);
    if (drift?.drifted === true) return { name: "drift", evidence: { since: drift.since, columns: drift.columns } };
  }
  if (triggers.newLabels !== undefined) {
    const labels = (await signals?.newLabels(use.model, use.since)) ?? 0;
    if (labels >= triggers.newLabels) return { name: "new-labels", evidence: { labels, since: use.since } };
  }
  const age = use.now - Date.parse(use.createdAt);
  if (triggers.age !== undefined && age > triggers.age) return { name: "age", evidence: { createdAt: use.createdAt, days: Math.round(age / 8_640_000) / 10 } };
  if (triggers.schedule !== undefined) {
    const due = occurrences(use.model, triggers).before(new Date(use.now));
    if (due !== undefined && due.getTime() > Date.parse(use.since)) return { name: "schedule", evidence: { schedule: triggers.schedule, due: due.toISOString() } };
  }
  return undefined;
}

function beyond(value: number, { below, above }: { readonly below?: number | undefined; readonly above?: number | undefined }): boolean {
  return (below !== undefined && value < below) || (above !== undefined && value > above);
}
function occurrences(model: string, { schedule, tz }: Triggers): Occurrences {
  return new Occurrences(schedule!, tz ?? "UTC", `retrain.${model}.triggers.schedule`);
}
