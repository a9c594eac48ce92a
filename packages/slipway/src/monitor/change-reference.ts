// The reference that a model is compared with, changed as people ask: by HTTP and by command.

import { appendAudit, type Actor, type AuditEvent } from "../audit/index.ts";
import type { Database } from "../database/index.ts";
import { monitorError } from "./errors.ts";
import { dropReference, makeReference, type TrafficReference } from "./references.ts";
import type { Subject } from "./subject.ts";
import { findSubject, type Watched } from "./views.ts";

export interface ReferenceRequest {
  /** ISO 8601; without both the package's profile counts again. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly version?: string | undefined;
}
export interface ReferenceAnswer {
  readonly model: string;
  readonly version: string;
  /** null: the package's profile. */
  readonly reference: TrafficReference | null;
}

/** In the audit log where the monitor has one: `monitor.reference`. @throws monitor-unknown, monitor-reference, monitor-no-profile */
export async function changeReference(watched: Watched, model: string, { from, to, version }: ReferenceRequest, actor: Actor): Promise<ReferenceAnswer> {
  const times = [from, to].map((t) => (t === undefined ? undefined : Date.parse(t)));
  if (times.some((t) => Number.isNaN(t))) throw monitorError("monitor-reference", `${JSON.stringify([from, to].find((t) => t !== undefined && Number.isNaN(Date.parse(t)))!.slice(0, 100))} is no time`, { hint: "Times look like 2026-03-01T10:00:00Z." });
  await watched.refresh();
  const store = await watched.store();
  const subject = await findSubject(store, model, version);
  const about = { model: subject.model, version: subject.version };
  const { audit } = watched;
  const told = (tx: Database, reference: TrafficReference | null): Promise<unknown> => appendAudit(tx, eventOf(subject, reference, actor));
  // In the same transaction, where both are in one database; else right after it.
  const inside = audit === store.database ? async (tx: Database, made: TrafficReference | null): Promise<void> => void (await told(tx, made)) : undefined;
  const after = async (made: TrafficReference | null): Promise<void> => {
    if (audit !== undefined && inside === undefined) await audit.transaction((tx) => told(tx, made));
  };
  if (from === undefined && to === undefined) {
    await dropReference(store, subject, watched.now(), inside);
    await after(null);
    return { ...about, reference: null };
  }
  const [begins, ends] = [times[0] ?? -8.64e12, times[1] ?? watched.now() + 1] as const;
  if (begins >= ends) throw monitorError("monitor-reference", `the period ends (${to ?? "now"}) before it begins (${from ?? ""})`);
  const reference = await makeReference(store, subject, { from: begins, to: ends, now: watched.now() }, inside);
  await after(reference);
  return { ...about, reference };
}

/** The registry's version, where the served one is a number of it. */
function eventOf({ model, version, digest }: Subject, reference: TrafficReference | null, actor: Actor): AuditEvent {
  return { actor, action: "monitor.reference", model, version: /^[1-9]\d{0,8}$/.test(version) ? Number(version) : undefined, detail: { served: version, digest, reference: reference === null ? null : { number: reference.number, from: reference.from, to: reference.to, rows: reference.rows } } };
}
