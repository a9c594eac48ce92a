// A request to let an alias name a version, and what was said of it.

import type { Envelope } from "@slipway/core/signing";
import type { Policy, Verdict } from "./policy.ts";

/** `overridden`: the alias was moved past its policy. */
export type RequestState = "open" | "promoted" | "rejected" | "withdrawn" | "expired" | "overridden";

export interface ReleaseRequest {
  readonly id: string;
  readonly model: string;
  readonly version: number;
  /** Of the package: what an approval is signed over. */
  readonly digest: string;
  readonly alias: string;
  readonly state: RequestState;
  readonly requestedBy: string;
  readonly comment: string;
  /** The version that the alias named when the request was opened. */
  readonly from: number | null;
  /** Times: ISO 8601, UTC. */
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly closedAt: string | null;
  readonly closedBy: string | null;
  /** Who brought it from another registry, when, and which number its version had there; null for one that was opened here. */
  readonly imported: { readonly by: string; readonly at: string; readonly version: number } | null;
}

export interface Decision {
  readonly id: string;
  readonly person: string;
  readonly decision: "approve" | "reject";
  /** The group that the person spoke for. */
  readonly as: string | null;
  readonly comment: string | null;
  readonly time: string;
  /** Whether it counts: false where it was made in another registry, the key that signed it was removed, or a later decision of the same person stands. */
  readonly counts: boolean;
  /** Whose key signed it. */
  readonly signedBy: "person" | "server";
  readonly key: string;
  readonly envelope: Envelope;
  /** Who brought it from another registry. */
  readonly importedBy: string | null;
}

export interface Comment {
  readonly id: string;
  readonly author: string;
  readonly text: string;
  readonly time: string;
  /** Who brought it from another registry. */
  readonly importedBy: string | null;
}

export interface RequestDetails extends ReleaseRequest {
  /** What the alias asks; null where there is no policy for it. */
  readonly policy: Omit<Policy, "name"> | null;
  readonly verdict: Verdict;
  readonly decisions: readonly Decision[];
  readonly comments: readonly Comment[];
}

interface RequestRow {
  readonly id: string;
  readonly model: string;
  readonly version: number;
  readonly digest: string;
  readonly alias: string;
  readonly state: RequestState;
  readonly requested_by: string;
  readonly comment: string;
  readonly from_version: number | null;
  readonly created_at: string;
  readonly expires_at: string;
  readonly closed_at: string | null;
  readonly closed_by: string | null;
  readonly imported_at: string | null;
  readonly imported_by: string | null;
  readonly origin_version: number | null;
}
export const REQUEST_COLUMNS = "id, model, version, digest, alias, state, requested_by, comment, from_version, created_at, expires_at, closed_at, closed_by, imported_at, imported_by, origin_version";

export function requestOf(row: object): ReleaseRequest {
  const r = row as RequestRow;
  return {
    id: r.id, model: r.model, version: r.version, digest: r.digest, alias: r.alias, state: r.state, requestedBy: r.requested_by, comment: r.comment, from: r.from_version,
    createdAt: r.created_at, expiresAt: r.expires_at, closedAt: r.closed_at, closedBy: r.closed_by,
    imported: r.imported_at === null || r.imported_by === null ? null : { by: r.imported_by, at: r.imported_at, version: r.origin_version ?? r.version },
  };
}
