// Whether a trigger that is met would only do again what came to nothing: the last training, of the same version, was given
// what there is now. A person, the clock, and new labels begin one all the same.

import type { Given } from "./given.ts";
import type { Retrain } from "./retrain.ts";
import type { Cause } from "./triggers.ts";

export interface LastTraining extends Pick<Retrain, "id" | "state" | "reason" | "parent" | "version" | "createdAt" | "endedAt"> {
  readonly given: Given | null;
}

const LEAST_LABELS = 200;

/** Why nothing is begun; undefined where something is. @param labels that came since the last training began */
export function heldBecause(cause: Cause, version: number, last: LastTraining | undefined, data: string | null, labels: number): string | undefined {
  if (cause.name === "schedule" || cause.name === "new-labels") return undefined;
  if (last?.given == null || last.endedAt === null || last.parent !== version) return undefined;
  // A program that failed may have found its data missing: it is tried again.
  const futile = last.state === "aborted" || last.state === "unchanged" || (last.state === "failed" && last.version !== null);
  if (!futile) return undefined;
  const seen = last.given.data !== null && data !== null;
  if (seen && last.given.data !== data) return undefined;
  const ended = `the training of ${last.createdAt.slice(0, 16).replace("T", " ")} UTC was given the same and ended ${last.state}${last.reason === "" ? "" : ` (${last.reason})`}`;
  // What made the same file from the same data does not look at labels.
  if (seen && last.state === "unchanged") return `${ended}; nothing is begun until the data changes`;
  const need = Math.max(LEAST_LABELS, last.given.labels);
  if (labels >= need) return undefined;
  return `${ended}; nothing is begun until ${seen ? "the data changes or " : ""}${need.toLocaleString("en")} labels more have come (${labels.toLocaleString("en")} have)`;
}
