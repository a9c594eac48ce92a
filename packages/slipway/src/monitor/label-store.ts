// Labels in the store. Sending one again changes nothing; sending another one corrects it; null takes it back. They are kept
// also where no prediction is known (yet): it may be another replica's that is not written, or not among those that are kept.

import type { Database } from "../database/index.ts";
import { strangeTo } from "./accuracy.ts";
import type { Label } from "./label.ts";
import { iso } from "./store.ts";
import type { Subject } from "./subject.ts";

export interface LabelOutcome {
  readonly new: number;
  readonly repeated: number;
  readonly corrected: number;
  readonly withdrawn: number;
  /** Of new and corrected ones by prediction_id: those whose prediction is not kept, or not known yet. */
  readonly unmatched: number;
  /** Of new and corrected ones by prediction_id: those that are none of the model's classes, or no number where it predicts numbers. */
  readonly strange: number;
}

const AT_ONCE = 200;

/**
 * All of them or none. Of two for the same prediction the later one counts.
 * @param may throws where labels of a model may not be sent; empty: a label that names none
 */
export async function storeLabels(database: Database, labels: readonly Label[], now: number, may?: (model: string) => void): Promise<LabelOutcome> {
  const latest = new Map<string, Label>();
  let repeated = 0;
  for (const label of labels) {
    const key = `${label.kind}\0${label.ref}\0${label.model}`;
    if (latest.has(key)) repeated++;
    latest.set(key, label);
  }
  const unique = [...latest.values()];
  const time = iso(now);
  return database.transaction(async (tx) => {
    let [fresh, corrected, withdrawn, unmatched, strange] = [0, 0, 0, 0, 0];
    const strangers = new Map<string, (label: string) => boolean>();
    for (let start = 0; start < unique.length; start += AT_ONCE) {
      const part = unique.slice(start, start + AT_ONCE);
      const places = part.map((_, i) => `$${i + 1}`).join(", ");
      const known = new Map((await tx.query<{ kind: string; ref: string; model: string; label: string }>(`select kind, ref, model, label from monitor_labels where ref in (${places})`, part.map((l) => l.ref))).map((r) => [`${r.kind}\0${r.ref}\0${r.model}`, r.label]));
      const predicted = new Map((await tx.query<Predicted>(`select id, model, version, digest from monitor_predictions where id in (${places})`, part.map((l) => l.ref))).map((r) => [r.id, r]));
      if (may !== undefined) for (const l of part) may(l.kind === "key" ? l.model : (predicted.get(l.ref)?.model ?? ""));
      for (const { kind, ref, model, label, at } of part) {
        const before = known.get(`${kind}\0${ref}\0${model}`);
        if (label === null) {
          if (before === undefined) continue;
          withdrawn++;
          await tx.query("delete from monitor_labels where kind = $1 and ref = $2 and model = $3", [kind, ref, model]);
        } else if (before === label) repeated++;
        else {
          if (before === undefined) fresh++;
          else corrected++;
          if (kind === "id") {
            const of = predicted.get(ref);
            if (of === undefined) unmatched++;
            else if ((await strangerTest(tx, of, strangers))(label)) strange++;
          }
          await tx.query(`insert into monitor_labels (kind, ref, model, label, at, received_at, changed_at, corrections) values ($1, $2, $3, $4, $5, $6, $6, 0)
            on conflict (kind, ref, model) do update set label = excluded.label, at = excluded.at, changed_at = excluded.changed_at, corrections = monitor_labels.corrections + 1`, [kind, ref, model, label, at, time]);
        }
      }
    }
    return { new: fresh, repeated, corrected, withdrawn, unmatched, strange };
  });
}

interface Predicted {
  readonly id: string;
  readonly model: string;
  readonly version: string;
  readonly digest: string;
}
async function strangerTest(tx: Database, { model, version, digest }: Predicted, known: Map<string, (label: string) => boolean>): Promise<(label: string) => boolean> {
  const key = `${model}\0${version}\0${digest}`;
  let test = known.get(key);
  if (test === undefined) {
    const [row] = await tx.query<{ subject: string }>("select subject from monitor_subjects where model = $1 and version = $2 and digest = $3", [model, version, digest]);
    test = strangeTo(row === undefined ? { kind: "none" } : (JSON.parse(row.subject) as Subject).task);
    known.set(key, test);
  }
  return test;
}

export interface Erased {
  readonly predictions: number;
  readonly labels: number;
  /** Lines of the log of predictions. */
  readonly logged: number;
}
/** Predictions of a business key, and labels by it or by these predictions' ids. */
export async function eraseFrom(database: Database, key: string): Promise<Omit<Erased, "logged">> {
  return database.transaction(async (tx) => {
    const labels = await tx.query<{ ref: string }>("delete from monitor_labels where (kind = 'key' and ref = $1) or (kind = 'id' and ref in (select id from monitor_predictions where business_key = $1)) returning ref", [key]);
    const predictions = await tx.query<{ id: string }>("delete from monitor_predictions where business_key = $1 returning id", [key]);
    return { predictions: predictions.length, labels: labels.length };
  });
}

/** How far labels of a source were taken; null: not at all. */
export async function watermarkOf(database: Database, source: string): Promise<string | null> {
  const [row] = await database.query<{ watermark: string }>("select watermark from monitor_watermarks where source = $1", [source]);
  return row?.watermark ?? null;
}
export async function keepWatermark(database: Database, source: string, watermark: string, now: number): Promise<void> {
  await database.query("insert into monitor_watermarks (source, watermark, changed_at) values ($1, $2, $3) on conflict (source) do update set watermark = excluded.watermark, changed_at = excluded.changed_at", [source, watermark, new Date(now).toISOString()]);
}
