// What /api/v1/monitor answers.

export type DriftState = "ok" | "warning" | "drift" | "not-enough-data";

export interface WatchedModel {
  readonly model: string;
  readonly version: string;
  readonly state: DriftState;
  readonly since: string | null;
  readonly requests: number;
  readonly rows: number;
  readonly errors: number;
  readonly p99: number | null;
  readonly drifting: readonly string[];
  readonly findings: number;
  /** Whether its package has a profile to compare with. */
  readonly reference: boolean;
  readonly lastAt: string | null;
}
export interface Replica {
  readonly id: string;
  readonly host: string;
  readonly state: "running" | "stopped" | "lost";
  readonly lost: number;
}
export interface WatchedWindow {
  readonly begins: string;
  readonly seconds: number;
  readonly requests: number;
  readonly rows: number;
  readonly errors: number;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}
export type Bins = { readonly reference: readonly number[]; readonly current: readonly number[] } & (
  | { readonly kind: "category"; readonly values: readonly string[] }
  | { readonly kind: "number" | "length"; readonly edges: readonly number[]; readonly low: number; readonly high: number });
export interface WatchedColumn {
  readonly name: string;
  readonly kind: "input" | "output";
  readonly state: DriftState;
  readonly since: string | null;
  readonly psi: number;
  readonly bound: number;
  readonly seasonal: boolean;
  readonly measures: Readonly<Record<string, number | null>>;
  readonly missing: readonly [now: number, before: number];
  readonly outside: readonly [now: number, before: number];
  readonly mean: readonly [now: number | null, before: number | null];
  readonly distinct: number;
  readonly news: readonly (readonly [text: string, count: number])[];
  readonly bins: Bins;
}
export interface AccuracyPoint {
  readonly begins: string;
  readonly ends: string;
  readonly kept: number;
  readonly labelled: number;
  readonly ripe: boolean;
  readonly metrics: Readonly<Record<string, number>>;
  readonly interval: readonly [low: number, high: number] | null;
  readonly estimate: Readonly<Record<string, number>> | null;
}
export interface Alert {
  readonly id: string;
  readonly rule: string;
  readonly severity: "info" | "warning" | "critical";
  readonly summary: string;
  readonly since: string | null;
  readonly next: string;
  readonly state: "firing" | "resolved";
  readonly firstAt: string;
  readonly resolvedAt: string | null;
}
export interface ModelWatch extends WatchedModel {
  readonly from: string;
  readonly to: string;
  readonly referenceRows: number;
  readonly versions: readonly string[];
  readonly windows: readonly WatchedWindow[];
  readonly columns: readonly WatchedColumn[];
  readonly quality: readonly { readonly rule: string; readonly message: string }[];
  readonly alerts: readonly Alert[];
  readonly accuracy: { readonly points: readonly AccuracyPoint[]; readonly delay: number | null; readonly calibrated: boolean };
}
