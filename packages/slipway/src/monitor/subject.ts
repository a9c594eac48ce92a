// What is watched of one package: its columns and outputs with the reference's distribution of each, as the package's profile
// froze them. Kept in the store beside the counts, which mean nothing without it.

import { parseProfile, type Profile, type ProfiledScore, type Scalar, type Signature } from "@slipway/core/package";
import { distinctCount, type Distribution } from "@slipway/core/stats";
import type { Servable } from "../runtime/index.ts";
import { RowScores } from "./row-scores.ts";
import { wholeSpecs, type WholeMeasure } from "./whole-specs.ts";
import { WholeValues } from "./whole-values.ts";

export interface Series {
  /** A column, or an output with its class: `probabilities.yes`. */
  readonly name: string;
  readonly kind: "input" | "output";
  readonly reference: Distribution;
}
/** The words of a column of texts. */
export interface WordSeries extends Series {
  readonly kind: "input";
  readonly words: string;
}
/** A score of whole rows, of a part of them. */
export interface ScoreSeries extends Series {
  readonly score: ProfiledScore["kind"];
  /** Of a loss: the standard deviation of what it misses a row's error by. */
  readonly miss: number;
}
export interface OutputSeries extends Series {
  readonly kind: "output";
  readonly output: string;
  /** Which of the output's entries; null where it has one value a row. */
  readonly entry: Scalar | null;
}
/** A measure of what is too wide to be watched value by value. */
export interface WholeSeries extends Series {
  readonly whole: WholeMeasure;
  readonly of: string;
}
export type AnySeries = Series | WordSeries | ScoreSeries | WholeSeries | OutputSeries;
export interface Subject {
  readonly model: string;
  readonly version: string;
  readonly digest: string;
  readonly series: readonly AnySeries[];
  /** Of the reference's rows, how many differ from all others; null where there is no reference. */
  readonly distinctShare: number | null;
  readonly task: Task;
  /** Where Python runs it. */
  readonly engine?: "python";
}
/** What labels are compared with. */
export type Task =
  | { readonly kind: "classification"; readonly classes: readonly string[]; readonly probabilities: boolean }
  | { readonly kind: "regression" }
  /** `items`: each answer is a list of them, and labels tell which were chosen. `rows`: the rows of a request are ranked by their score, and labels tell what each is worth. */
  | { readonly kind: "ranking"; readonly of: "items" | "rows" }
  | { readonly kind: "none" };

const SCORES: Readonly<Record<ProfiledScore["kind"], Pick<Series, "name" | "kind">>> = {
  isolation: { name: "rows (isolation score)", kind: "input" }, loss: { name: "expected error (estimate)", kind: "output" },
  loss_squared: { name: "expected squared error (estimate)", kind: "output" }, loss_percentage: { name: "expected error as a share (estimate)", kind: "output" },
  loss_squared_log: { name: "expected squared log error (estimate)", kind: "output" },
};

/** Other ways of counting the expected error are for estimates only: as columns they would tell the same again. */
export function isJudged(series: AnySeries): boolean {
  return !("score" in series) || series.score === "isolation" || series.score === "loss";
}

type Watchable = Pick<Servable, "name" | "version" | "digest" | "signature" | "profile" | "itemSpace" | "engine">;
/** What is watched of a package, and what scores its rows. @param most rows of a request that are scored @param ranked whether its score ranks the rows of a request @throws package-profile */
export function watchedOf(model: Watchable, most?: number, ranked?: boolean): { readonly subject: Subject; readonly scores: RowScores | undefined; readonly wholes: WholeValues | undefined } {
  const subject = subjectOf(model, ranked);
  const profile = parseProfile(model.profile);
  const at = (score: ProfiledScore["kind"]): number => subject.series.findIndex((s) => "score" in s && s.score === score);
  const wholes = wholeSpecs(model.signature).map((spec) => ({ ...spec, series: subject.series.findIndex((s) => "whole" in s && s.of === spec.of && s.whole === spec.measure) }));
  return { subject, wholes: wholes.length === 0 ? undefined : new WholeValues(model.signature, wholes, most), scores: profile?.scores === undefined ? undefined : new RowScores(profile, model.signature, at, most) };
}
/** @throws package-profile */
export function subjectOf({ name, version, digest, signature, profile, itemSpace, engine }: Watchable, ranked = false): Subject {
  const parsed = parseProfile(profile);
  return { model: name, version, digest, series: [...(parsed === null ? [] : seriesOf(parsed, signature)), ...wholeSpecs(signature).map(({ measure, of, kind, reference }): WholeSeries => ({ name: `${of} (${measure})`, kind, whole: measure, of, reference }))], distinctShare: parsed === null ? null : distinctCount(parsed.seen) / Math.max(1, parsed.rows), task: itemSpace !== undefined ? { kind: "ranking", of: "items" } : taskOf(signature, ranked), ...(engine?.name === "python" ? { engine: "python" } : {}) };
}

function seriesOf(profile: Profile, signature: Signature): AnySeries[] {
  const used = new Set(signature.columns.filter((c) => c.used).map((c) => c.name));
  return [
    ...profile.columns.filter((c) => used.has(c.name)).map(({ name, distribution }): Series => ({ name, kind: "input", reference: distribution })),
    ...(profile.words ?? []).filter((c) => used.has(c.name)).map(({ name, distribution }): WordSeries => ({ name: `${name} (words)`, kind: "input", words: name, reference: distribution })),
    ...(profile.scores ?? []).map(({ kind, miss, distribution }): ScoreSeries => ({ ...SCORES[kind], score: kind, miss, reference: distribution })),
    ...profile.outputs.map(({ name, entry, distribution }): OutputSeries => ({ name: entry === null ? name : `${name}.${entry}`, kind: "output", output: name, entry, reference: distribution })),
  ];
}

/** Of a model that answers with lists. */
export const ITEMS_OUTPUT = "items";

export function taskOf({ outputs }: Signature, ranked = false): Task {
  if (outputs.some((o) => o.name === ITEMS_OUTPUT && o.type === "string" && o.rowShape.length === 1)) return { kind: "ranking", of: "items" };
  if (ranked && outputs.some((o) => (o.kind === "value" || o.kind === "score") && o.rowShape.length === 0)) return { kind: "ranking", of: "rows" };
  const label = outputs.find((o) => o.kind === "label");
  const probabilities = outputs.find((o) => o.kind === "probabilities" && (o.columns?.length ?? 0) > 1);
  const classes = (probabilities?.columns ?? label?.classes)?.map(String);
  if (label !== undefined || probabilities !== undefined) return { kind: "classification", classes: classes ?? [], probabilities: probabilities !== undefined };
  return outputs.some((o) => o.kind === "value" && o.rowShape.length === 0) ? { kind: "regression" } : { kind: "none" };
}
