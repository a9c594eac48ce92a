// Whether the rows of a run are distributed as those that the model was made with: some rows of every part, counted in the
// frozen bins of the package's profile. Counts of parts add up, whichever thread or process made them.

import { MISSING_STRING, ProfileCounter, type Profile } from "@slipway/core/package";
import { believable, driftBetween, type Distribution, type Drift } from "@slipway/core/stats";
import type { Batch, Plan, Prediction } from "../../runtime/index.ts";
import { binsOf, type ColumnBins } from "./bins.ts";
import type { Part } from "./messages.ts";

/** Of a part, at least: whole engine calls are counted. */
const ROWS_OF_PART = 2000;

export interface ColumnDrift {
  /** A column, or an output with its class: `probabilities.yes`. */
  readonly name: string;
  readonly kind: "input" | "output";
  readonly verdict: Drift["verdict"];
  readonly psi: number;
  /** Of the rows: how many have no value, and how many had none in the profile. */
  readonly missing: readonly [now: number, before: number];
  /** Of the outputs, and of the inputs that are furthest. */
  readonly bins?: ColumnBins;
}

/** Of each kind. */
const MOST_WITH_BINS = 40;

export class DriftCounter {
  readonly #profile: Profile;
  readonly #plan: Plan;
  #counter: ProfileCounter;

  constructor(profile: Profile, plan: Plan) {
    this.#profile = profile;
    this.#plan = plan;
    this.#counter = new ProfileCounter(profile, plan.signature);
  }
  begin(): void {
    this.#counter = new ProfileCounter(this.#profile, this.#plan.signature);
  }
  add(batch: Batch, prediction: Prediction): void {
    if (this.#counter.rows >= ROWS_OF_PART || batch.tensors !== undefined) return;
    const { slots, numbers, strings } = this.#plan;
    for (let row = 0; row < batch.rows; row++) {
      const values: Record<string, unknown> = {};
      for (const { name, kind, place } of slots) {
        const text = kind === "string" ? batch.strings[row * strings + place]! : undefined;
        values[name] = text === undefined ? batch.numbers[row * numbers + place] : text === MISSING_STRING ? null : text;
      }
      this.#counter.addRow(values);
    }
    this.#counter.addOutputs(prediction.outputs);
  }
  read(): ReturnType<ProfileCounter["read"]> {
    return this.#counter.read();
  }
}

/** The furthest first. What chance alone gives among so many columns is not called drift. */
export function driftOf(profile: Profile, parts: readonly Part[]): ColumnDrift[] {
  const counted = new Map<string, Distribution>();
  const merge = (key: string, distribution: Distribution): void => {
    const known = counted.get(key);
    counted.set(key, known === undefined ? distribution : added(known, distribution));
  };
  for (const { profile: part } of parts) {
    for (const { name, distribution } of part?.columns ?? []) merge(`input\0${name}`, distribution);
    for (const { name, entry, distribution } of part?.outputs ?? []) merge(`output\0${entry === null ? name : `${name}.${entry}`}`, distribution);
  }
  const references = [
    ...profile.columns.map(({ name, distribution }) => ({ name, kind: "input" as const, distribution })),
    ...profile.outputs.map(({ name, entry, distribution }) => ({ name: entry === null ? name : `${name}.${entry}`, kind: "output" as const, distribution })),
  ];
  const compared = references.flatMap(({ name, kind, distribution }) => {
    const current = counted.get(`${kind}\0${name}`);
    return current === undefined || current.rows === 0 ? [] : [{ name, kind, drift: driftBetween(distribution, current), missing: [current.missing / current.rows, distribution.missing / Math.max(1, distribution.rows)] as const, bins: () => binsOf(distribution, current) }];
  });
  const believed = believable(compared.map((c) => c.drift.p));
  const shown = { input: 0, output: 0 };
  return compared.map(({ drift, ...column }, i) => ({ ...column, psi: drift.psi, verdict: drift.verdict === "drifted" && !believed[i]! ? "same" as const : drift.verdict })).sort((a, b) => b.psi - a.psi)
    .map(({ name, kind, verdict, psi, missing, bins }): ColumnDrift => ({ name, kind, verdict, psi, missing, ...(shown[kind]++ < MOST_WITH_BINS ? { bins: bins() } : {}) }));
}

function added(a: Distribution, b: Distribution): Distribution {
  return { ...a, rows: a.rows + b.rows, missing: a.missing + b.missing, bins: a.bins.map((n, i) => n + b.bins[i]!), outside: a.outside + b.outside, sum: a.sum + b.sum, squares: a.squares + b.squares };
}
