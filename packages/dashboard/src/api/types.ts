// What the server's /api/v1 answers, as docs/registry-api.md tells it.

export interface Me {
  readonly name: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  /** Actions that the person's roles allow: read, comment, offer, review, release, govern, admin ... */
  readonly can: readonly string[];
}
export interface PersonKey {
  readonly id: string;
  readonly pem: string;
  readonly label: string;
  readonly createdAt: string;
}

export interface ModelSummary {
  readonly name: string;
  readonly description: string | null;
  readonly latest: number | null;
  readonly versions: number;
  /** Alias -> version. */
  readonly aliases: Readonly<Record<string, number>>;
  readonly updatedAt: string;
}
export interface Policy {
  readonly approvals?: number;
  /** Group -> how many of the approvals must be of it. */
  readonly groups?: Readonly<Record<string, number>>;
  readonly author?: boolean;
  readonly signed?: boolean;
  /** Milliseconds, or a text such as "7d". */
  readonly gate?: number | string;
  readonly expires?: number | string;
}
export interface AliasInfo {
  readonly alias: string;
  readonly version: number;
  readonly updatedAt: string;
  readonly updatedBy: string;
}
export interface ModelDetail {
  readonly name: string;
  readonly description: string | null;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly aliases: readonly AliasInfo[];
  readonly policies: Readonly<Record<string, Policy>>;
}
export interface GateState {
  readonly state: "green" | "red" | "none" | "running";
  readonly at: string | null;
}
export interface Version {
  readonly model: string;
  readonly version: number;
  readonly digest: string;
  readonly packageVersion: string;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly size: number;
  readonly sourceName: string | null;
  readonly sourceDigest: string | null;
  readonly parent: number | null;
  readonly trainingData: string | null;
  readonly commit: string | null;
  readonly aliases: readonly string[];
  readonly gate: GateState;
  readonly signed: boolean;
  readonly state: "available" | "deleted";
}
export interface Attachment {
  readonly id: string;
  readonly kind: string;
  readonly mediaType: string;
  readonly digest: string;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly summary: unknown;
}
export interface VersionDetail extends Version {
  readonly signature: Signature;
  readonly attachments: readonly Attachment[];
  readonly requests: readonly ReleaseRequest[];
}
export interface Card {
  readonly text: string;
  /** What `PUT` must be given as `expected`. */
  readonly revision: string;
}

export type Scalar = string | number | boolean;
export interface Column {
  readonly name: string;
  readonly type: "double" | "int64" | "boolean" | "string";
  readonly used: boolean;
  readonly missing: "allowed" | "refused";
  readonly categories?: readonly Scalar[];
  readonly unknown?: "refused" | "allowed";
  readonly seen?: string;
  readonly range?: readonly [number, number];
  readonly example?: Scalar | null;
}
export interface Output {
  readonly name: string;
  readonly kind: string;
  readonly type: string;
  readonly rowShape: readonly number[];
  readonly columns?: readonly Scalar[];
  readonly classes?: readonly Scalar[];
}
export interface Signature {
  readonly layout: "columns" | "matrix" | "text" | "tensors";
  readonly columns: readonly Column[];
  readonly tensors?: readonly { readonly name: string; readonly type: string; readonly shape: readonly (number | string)[] }[];
  readonly outputs: readonly Output[];
}

export type Verdict = "pass" | "fail" | "warn" | "skipped";
export type Picture =
  | { readonly kind: "calibration"; readonly title: string; readonly bins: readonly { readonly said: number; readonly true: number; readonly rows: number }[] }
  | { readonly kind: "confusion"; readonly title: string; readonly classes: readonly string[]; readonly counts: readonly number[] }
  | { readonly kind: "intervals"; readonly title: string; readonly bars: readonly { readonly name: string; readonly value: number; readonly low: number; readonly high: number; readonly rows: number }[]; readonly line?: number }
  | { readonly kind: "distribution"; readonly title: string; readonly low: number; readonly high: number; readonly counts: readonly number[] }
  | { readonly kind: "counts"; readonly title: string; readonly bars: readonly { readonly name: string; readonly value: number }[] };
export interface GateTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}
export interface GateResult {
  readonly name: string;
  readonly title: string;
  readonly checks: string;
  readonly verdict: Verdict;
  readonly reason: string;
  readonly bar?: string;
  readonly figures?: Readonly<Record<string, unknown>>;
  readonly tables?: readonly GateTable[];
  readonly pictures?: readonly Picture[];
}
export interface GateReport {
  readonly passed: boolean;
  readonly tool: string;
  readonly engine: { readonly name: string };
  readonly rows: { readonly from: string; readonly count: number };
  readonly baseline?: { readonly name: string; readonly version: string };
  readonly results: readonly GateResult[];
}
export interface GateRun {
  readonly state: "none" | "running" | "green" | "red" | "failed";
  readonly at?: string | null;
  readonly reason?: string | null;
  readonly report?: GateReport | null;
}

export interface Decision {
  readonly id: string;
  readonly person: string;
  readonly decision: "approve" | "reject";
  /** The group that the person spoke for. */
  readonly as: string | null;
  readonly comment: string | null;
  readonly time: string;
  /** Whether it counts: false where its key was removed, or a later decision of the same person stands. */
  readonly counts: boolean;
  readonly signedBy: "person" | "server";
}
export interface Comment {
  readonly id: string;
  readonly author: string;
  readonly text: string;
  readonly time: string;
}
/** What the policy says of the request as it is. */
export interface PolicyVerdict {
  readonly met: boolean;
  readonly missing: readonly { readonly what: string; readonly text: string }[];
  readonly counted: readonly { readonly person: string; readonly group: string | null }[];
}
export interface ReleaseRequest {
  readonly id: string;
  readonly model: string;
  readonly version: number;
  readonly digest: string;
  readonly alias: string;
  readonly state: "open" | "promoted" | "rejected" | "withdrawn" | "expired" | "overridden";
  readonly requestedBy: string;
  readonly comment: string;
  readonly from: number | null;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly closedAt: string | null;
  readonly closedBy: string | null;
}
export interface RequestDetails extends ReleaseRequest {
  readonly policy: Policy | null;
  readonly verdict: PolicyVerdict;
  readonly decisions: readonly Decision[];
  readonly comments: readonly Comment[];
}

export interface AuditRow {
  readonly seq: number;
  readonly time: string;
  readonly actor: string;
  readonly action: string;
  readonly model: string | null;
  readonly version: number | null;
  readonly detail: unknown;
  readonly hash: string;
}

export interface Webhook {
  readonly id: string;
  readonly url: string;
  readonly events: readonly string[];
  readonly state: "active" | "disabled";
  /** Why it is disabled. */
  readonly note: string;
  readonly createdAt: string;
  readonly createdBy: string;
}
export interface ApiKey {
  readonly id: string;
  /** Whose it is. */
  readonly name: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  /** Null for all. */
  readonly models: readonly string[] | null;
  readonly created: string;
  readonly expires: string | null;
  readonly revoked: string | null;
  readonly state: "valid" | "expired" | "revoked";
}
export interface Delivery {
  readonly id: string;
  readonly event: string;
  readonly state: "pending" | "delivered" | "skipped";
  readonly attempts: number;
  readonly status: number | null;
  readonly error: string | null;
  readonly createdAt: string;
  readonly nextAt: string | null;
}

export interface Schedule {
  readonly name: string;
  readonly definition: { readonly model: string; readonly input: readonly string[]; readonly output: string; readonly every: string; readonly tz: string; readonly watermark?: string; readonly newFiles: boolean };
  readonly state: "active" | "paused" | "gone";
  readonly nextAt: string | null;
  readonly watermark: string | null;
  readonly changedAt: string;
  readonly changedBy: string;
  /** In the list. */
  readonly last: ScheduleRun | null;
}
export interface ScheduleRun {
  readonly id: string;
  readonly dueAt: string;
  readonly cause: "schedule" | "manual" | "catch-up";
  readonly state: "waiting" | "running" | "succeeded" | "failed" | "skipped";
  readonly attempt: number;
  readonly nextAt: string | null;
  readonly model: string | null;
  readonly version: number | null;
  readonly reason: string | null;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly rows: number;
  readonly bad: number;
  readonly percent: number;
  readonly output: string | null;
}
export interface RunDetails extends ScheduleRun {
  readonly log: string;
  readonly summary: { readonly errors?: string; readonly outputs: readonly SeenOutput[]; readonly drift?: readonly ColumnDrift[] } | null;
}
export interface SeenOutput {
  readonly name: string;
  readonly labels?: Readonly<Record<string, number>>;
  readonly numbers?: { readonly count: number; readonly sum: number; readonly least: number; readonly most: number };
}
export interface ColumnDrift {
  readonly name: string;
  readonly kind: "input" | "output";
  readonly verdict: "same" | "drifted" | "unknown";
  readonly psi: number;
  readonly missing: readonly [now: number, before: number];
  readonly bins?: ColumnBins;
}
/** Parts of the rows, bin by bin. */
export interface ColumnBins {
  readonly labels: readonly string[];
  readonly before: readonly number[];
  readonly now: readonly number[];
}
