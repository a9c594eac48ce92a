// A reference made from traffic: what was counted in a period that people call healthy takes the place of the package's profile.
// The bins stay as the package froze them, so counts of before and after add up; only what is expected in them is new. Each
// one has a number, and the last one counts, until the package's own is taken again.

import { decodeWindow, encodeWindow, LEAST_ROWS, WindowCounter, type Distribution } from "@slipway/core/stats";
import type { Database } from "../database/index.ts";
import { monitorError } from "./errors.ts";
import { iso, type MonitorStore } from "./store.ts";
import type { Subject } from "./subject.ts";

export interface TrafficReference {
  /** 1 is the first of this model's version. */
  readonly number: number;
  readonly from: string;
  readonly to: string;
  readonly rows: number;
  readonly madeAt: string;
}
interface Row {
  readonly number: number;
  readonly from_at: string;
  readonly to_at: string;
  readonly row_count: number;
  readonly counts: string | null;
  readonly made_at: string;
}

const KEY = "model = $1 and version = $2 and digest = $3";

/** In the transaction of the change. */
type Also = ((tx: Database, made: TrafficReference | null) => Promise<void>) | undefined;

/** @throws monitor-reference where there is too little, monitor-no-profile */
export async function makeReference(store: MonitorStore, subject: Subject, { from, to, now }: { readonly from: number; readonly to: number; readonly now: number }, also?: Also): Promise<TrafficReference> {
  if (subject.series.length === 0) throw monitorError("monitor-no-profile", `${subject.model} ${subject.version} has no profile, and so no bins to count in`);
  const windows = await store.windows(subject, from, to);
  const whole = new WindowCounter(subject.series.map((s) => s.reference));
  for (const { counter } of windows) whole.merge(counter);
  if (whole.rows < LEAST_ROWS) throw monitorError("monitor-reference", `${whole.rows} rows of ${subject.model} ${subject.version} were counted in windows that begin from ${iso(from)} to ${iso(to)}; a reference needs ${LEAST_ROWS} at least`, { hint: "Choose a longer period: slipway monitor status MODEL --hours N shows when it was asked." });
  const [begins, ends] = [windows[0]!.begins, windows.at(-1)!.begins + windows.at(-1)!.lengthMs];
  return keep(store.database, subject, { from: iso(begins), to: iso(ends), rows: whole.rows, madeAt: iso(now) }, Buffer.from(encodeWindow(whole)).toString("base64"), also);
}
/** The package's profile counts again. */
export async function dropReference(store: MonitorStore, subject: Subject, now: number, also?: Also): Promise<void> {
  await keep(store.database, subject, { from: "", to: "", rows: 0, madeAt: iso(now) }, null, also);
}

async function keep(database: Database, { model, version, digest }: Subject, made: Omit<TrafficReference, "number">, counts: string | null, also: Also): Promise<TrafficReference> {
  return database.transaction(async (tx) => {
    const [last] = await tx.query<{ number: number | null }>(`select max(number) as number from monitor_references where ${KEY}`, [model, version, digest]);
    const number = Number(last?.number ?? 0) + 1;
    await tx.query("insert into monitor_references (model, version, digest, number, from_at, to_at, row_count, counts, made_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)", [model, version, digest, number, made.from, made.to, made.rows, counts, made.madeAt]);
    await also?.(tx, counts === null ? null : { number, ...made });
    return { number, ...made };
  });
}

/** What is compared with; undefined: the package's profile. */
export async function referenceOf(database: Database, subject: Subject): Promise<{ readonly reference: TrafficReference; readonly distributions: readonly Distribution[] } | undefined> {
  const [row] = await database.query<Row & Record<string, string | number | null>>(`select number, from_at, to_at, row_count, counts, made_at from monitor_references where ${KEY} order by number desc limit 1`, [subject.model, subject.version, subject.digest]);
  if (row === undefined || row.counts === null) return undefined;
  const counter = decodeWindow(subject.series.map((s) => s.reference), Buffer.from(row.counts, "base64"));
  return { reference: { number: Number(row.number), from: row.from_at, to: row.to_at, rows: Number(row.row_count), madeAt: row.made_at }, distributions: counter.series.map((s) => s.distribution) };
}
