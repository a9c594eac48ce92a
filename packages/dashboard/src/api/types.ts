// What the server's /api/v1 answers: the server's own types, so that a page which reads what is no longer given does not
// compile. They are erased; nothing of the server comes into the page. Only a package's signature is JSON of its own
// (docs/serving.md), which the server hands on as it is.

import type {
  ApiKey, AskedPolicy, Attachment, AuditEntry, Card, ForeignAuditEntry, GateReport, GateRun, ListedSchedule, Me, ModelDetail, ModelSummary, PersonKey, ReleaseRequest, RequestDetails, RunDetails, ScheduleRun,
  AliasInfo, ShownDelivery, Version, VersionDetail as AnsweredVersion, Webhook,
} from "../../../slipway/src/registry-api/answers.ts";

export type { AliasInfo, ApiKey, Attachment, Card, GateReport, GateRun, Me, ModelDetail, ModelSummary, PersonKey, ReleaseRequest, RequestDetails, RunDetails, ScheduleRun, Version, Webhook };
export type Policy = AskedPolicy;
export type GateState = Version["gate"];
export type AuditRow = AuditEntry & Partial<Pick<ForeignAuditEntry, "importedAt" | "importedBy">>;
export type Delivery = ShownDelivery;
export type Schedule = ListedSchedule;

export type GateResult = GateReport["results"][number];
export type GateTable = NonNullable<GateResult["tables"]>[number];
export type Picture = NonNullable<GateResult["pictures"]>[number];
export type Verdict = GateResult["verdict"];

type Summary = NonNullable<RunDetails["summary"]>;
export type SeenOutput = Summary["outputs"][number];
export type ColumnDrift = NonNullable<Summary["drift"]>[number];
/** Parts of the rows, bin by bin. */
export type ColumnBins = NonNullable<ColumnDrift["bins"]>;

export interface VersionDetail extends Omit<AnsweredVersion, "signature"> {
  readonly signature: Signature;
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
