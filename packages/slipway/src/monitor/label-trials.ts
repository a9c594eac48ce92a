// Labels as whoever compares versions, or trains anew, counts them.

import type { Trials } from "@slipway/core/stats";
import { normal } from "./accuracy.ts";
import { findSubject } from "./views.ts";
import type { MonitorStore } from "./store.ts";

const MOST_ROWS = 200_000;
/** As accuracy.ts joins them: of a label by key, that for this model comes before that for any. */
const LABELS = `left join monitor_labels i on i.kind = 'id' and i.ref = p.id and i.model = ''
  left join monitor_labels k on k.kind = 'key' and k.ref = p.business_key and k.model = p.model and (k.at is null or k.at >= p.at)
  left join monitor_labels a on a.kind = 'key' and a.ref = p.business_key and a.model = '' and (a.at is null or a.at >= p.at)`;

/** Of a version's kept predictions since then: those with a label, and how many it shows to be wrong. None for regressions. */
export async function labelTrials(store: MonitorStore, model: string, version: string, since: string): Promise<Trials> {
  const none = { trials: 0, hits: 0 };
  const subject = await findSubject(store, model, version).catch(() => undefined);
  if (subject?.task.kind !== "classification") return none;
  const rows = await store.database.query<{ answer: string; label: string }>(
    `select p.answer, coalesce(i.label, k.label, a.label) as label from monitor_predictions p ${LABELS}
     where p.model = $1 and p.version = $2 and p.at >= $3 and coalesce(i.label, k.label, a.label) is not null limit ${MOST_ROWS}`, [model, version, since]);
  return { trials: rows.length, hits: rows.filter((r) => normal(r.answer) !== normal(r.label)).length };
}

/** Labels for a model's kept predictions that came since then. */
export async function labelsSince(store: MonitorStore, model: string, since: string): Promise<number> {
  const [row] = await store.database.query<{ n: number }>(
    `select count(*) as n from monitor_predictions p ${LABELS} where p.model = $1 and coalesce(i.received_at, k.received_at, a.received_at) > $2`, [model, since]);
  return Number(row!.n);
}
