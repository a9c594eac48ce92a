// The reference that a model is compared with, changed as people ask: by HTTP and by command.

import { monitorError } from "./errors.ts";
import { dropReference, makeReference, type TrafficReference } from "./references.ts";
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

/** @throws monitor-unknown, monitor-reference, monitor-no-profile */
export async function changeReference(watched: Watched, model: string, { from, to, version }: ReferenceRequest): Promise<ReferenceAnswer> {
  const times = [from, to].map((t) => (t === undefined ? undefined : Date.parse(t)));
  if (times.some((t) => Number.isNaN(t))) throw monitorError("monitor-reference", `${JSON.stringify([from, to].find((t) => t !== undefined && Number.isNaN(Date.parse(t)))!.slice(0, 100))} is no time`, { hint: "Times look like 2026-03-01T10:00:00Z." });
  await watched.refresh();
  const store = await watched.store();
  const subject = await findSubject(store, model, version);
  const about = { model: subject.model, version: subject.version };
  if (from === undefined && to === undefined) {
    await dropReference(store, subject, watched.now());
    return { ...about, reference: null };
  }
  const [begins, ends] = [times[0] ?? -8.64e12, times[1] ?? watched.now() + 1] as const;
  if (begins >= ends) throw monitorError("monitor-reference", `the period ends (${to ?? "now"}) before it begins (${from ?? ""})`);
  return { ...about, reference: await makeReference(store, subject, { from: begins, to: ends, now: watched.now() }) };
}
