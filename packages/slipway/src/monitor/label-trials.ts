// Labels as whoever compares versions, or trains anew, counts them.

import type { Signature } from "@slipway/core/package";
import { listFigures } from "@slipway/core/stats";
import type { Prediction } from "../runtime/index.ts";
import { normal } from "./accuracy.ts";
import { asLists, chosenOf, listIn } from "./judged-lists.ts";
import { answerReader } from "./predictions.ts";
import { taskOf } from "./subject.ts";
import { findSubject } from "./views.ts";
import type { MonitorStore } from "./store.ts";

/** A kept prediction that has a label. */
export interface Labelled {
  /** `<prediction id>-<row>`. */
  readonly id: string;
  readonly answer: string;
  readonly label: string;
  readonly receivedAt: string;
}
export interface LabelledPredictions {
  readonly kind: "classification" | "regression" | "ranking";
  readonly rows: readonly Labelled[];
}

const MOST_ROWS = 200_000;
/** As accuracy.ts joins them: of a label by key, that for this model comes before that for any. */
const LABELS = `left join monitor_labels i on i.kind = 'id' and i.ref = p.id and i.model = ''
  left join monitor_labels k on k.kind = 'key' and k.ref = p.business_key and k.model = p.model and (k.at is null or k.at >= p.at)
  left join monitor_labels a on a.kind = 'key' and a.ref = p.business_key and a.model = '' and (a.at is null or a.at >= p.at)`;

/** Of a version's kept predictions since then: those with a label. Undefined where labels say nothing, or it was not asked. */
export async function labelledPredictions(store: MonitorStore, model: string, version: string, since: string): Promise<LabelledPredictions | undefined> {
  const subject = await findSubject(store, model, version).catch(() => undefined);
  if (subject === undefined || subject.task.kind === "none") return undefined;
  const rows = await store.database.query<{ id: string; answer: string; label: string; received_at: string }>(
    `select p.id, p.answer, coalesce(i.label, k.label, a.label) as label, coalesce(i.received_at, k.received_at, a.received_at) as received_at from monitor_predictions p ${LABELS}
     where p.model = $1 and p.version = $2 and p.at >= $3 and coalesce(i.label, k.label, a.label) is not null limit ${MOST_ROWS}`, [model, version, since]);
  const found = rows.map((r): Labelled => ({ id: r.id, answer: r.answer, label: r.label, receivedAt: r.received_at }));
  return { kind: subject.task.kind, rows: subject.task.kind === "ranking" && subject.task.of === "rows" ? asLists(found) : found };
}

/** How wrong an answer is: 0 or 1 for classes, the distance for numbers, of a list what its NDCG lacks of 1; NaN where it cannot be told. */
export function lossOf(kind: LabelledPredictions["kind"], answer: string, label: string): number {
  if (kind === "ranking") {
    const items = listIn(answer);
    return items === undefined ? Number.NaN : 1 - listFigures({ items, chosen: chosenOf(label) }).ndcg;
  }
  if (kind === "classification") return normal(answer) === normal(label) ? 0 : 1;
  return answer.trim() === "" || label.trim() === "" ? Number.NaN : Math.abs(Number(answer) - Number(label));
}

/** What a label is compared with, of a row of a prediction; undefined where the model or the request has no such output. */
export function answersOf(signature: Signature): (prediction: Prediction) => ((row: number) => string) | undefined {
  const task = taskOf(signature);
  return (prediction) => {
    const read = answerReader(prediction, task);
    return read === undefined ? undefined : (row) => read(row).answer;
  };
}

/** Labels for a model's kept predictions that came since then. */
export async function labelsSince(store: MonitorStore, model: string, since: string): Promise<number> {
  const [row] = await store.database.query<{ n: number }>(
    `select count(*) as n from monitor_predictions p ${LABELS} where p.model = $1 and coalesce(i.received_at, k.received_at, a.received_at) > $2`, [model, since]);
  return Number(row!.n);
}
