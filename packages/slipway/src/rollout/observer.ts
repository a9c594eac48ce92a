// Counts, in one process, what comes of the requests of one stage of a rollout.

import { durationBucket, freeze, Tally, type Counted as CountedValue, type SideCounts } from "@slipway/core/stats";
import type { Signature } from "@slipway/core/package";
import { cellReader, type Prediction } from "../runtime/index.ts";
import type { CallWatch, ShadowWatch } from "../server/index.ts";
import { NO_PAIRS, type Counted, type PairCounts, type StageCounts, type WatchedBins } from "./counts.ts";

/** What the client did is no failure of the model. */
const NOT_COUNTED: ReadonlySet<string> = new Set(["client-gone"]);
/** Rows of one request that are looked at. */
const MAX_ROWS = 100;
/** Values from which bins are made. */
const SAMPLE = 400;

/** Which outputs of a model are watched: its label, and one number. */
export function watchedOutputs({ outputs }: Signature): readonly { readonly output: string; readonly place: number; readonly label: boolean }[] {
  const label = outputs.find((o) => o.kind === "label" && o.rowShape.length === 0);
  const number = ["value", "probabilities", "score"].flatMap((kind) => outputs.filter((o) => o.kind === kind && o.type !== "string"))[0];
  const width = number?.rowShape.reduce((n, d) => n * Math.max(1, d ?? 1), 1) ?? 1;
  return [
    ...(label === undefined ? [] : [{ output: label.name, place: 0, label: true }]),
    // Of two classes the second, of more the last: the others are what is left of it.
    ...(number === undefined ? [] : [{ output: number.name, place: Math.max(0, width - 1), label: false }]),
  ];
}

type Which = "canary" | "baseline";

export class StageObserver {
  readonly #watched: ReturnType<typeof watchedOutputs>;
  readonly #sides: Record<Which, MutableSide> = { canary: newSide(), baseline: newSide() };
  readonly #pairs: { -readonly [K in keyof PairCounts]: number } = { ...NO_PAIRS };
  /** Of the old version, until there are bins. */
  readonly #samples: CountedValue[][];
  #tallies: Record<Which, Tally[]> | undefined;

  constructor(signature: Signature, bins: readonly WatchedBins[] | undefined) {
    this.#watched = watchedOutputs(signature);
    this.#samples = this.#watched.map(() => []);
    if (bins !== undefined) this.setBins(bins);
  }

  /** From now on predictions are counted in these bins. */
  setBins(bins: readonly WatchedBins[]): void {
    if (this.#tallies !== undefined || bins.length !== this.#watched.length) return;
    const make = (): Tally[] => bins.map((b) => new Tally(b.shape));
    this.#tallies = { canary: make(), baseline: make() };
    for (const samples of this.#samples) samples.length = 0;
  }
  /** Bins of what the old version answered here, once that is enough. */
  proposeBins(): readonly WatchedBins[] | undefined {
    if (this.#tallies !== undefined || this.#samples.length === 0 || this.#samples.some((s) => s.length < SAMPLE)) return undefined;
    return this.#watched.map(({ output, place }, i) => ({ output, place, shape: freeze(this.#samples[i]!).shape }));
  }

  watch(which: Which): CallWatch {
    return {
      predicted: (prediction) => this.#predicted(which, prediction),
      finished: (status, seconds, errorCode) => {
        if (errorCode === undefined || !NOT_COUNTED.has(errorCode)) this.#finished(this.#sides[which], status, seconds);
      },
    };
  }

  /** One request that both answered; undefined where the shadow failed. */
  readonly shadowed: ShadowWatch = (given, shadow, times) => {
    this.#finished(this.#sides.baseline, 200, times === undefined ? undefined : times.againMs / 1000);
    this.#predicted("baseline", given);
    this.#finished(this.#sides.canary, shadow === undefined ? 500 : 200, times === undefined ? undefined : times.shadowMs / 1000);
    if (shadow === undefined) return;
    this.#predicted("canary", shadow);
    this.#compare(given, shadow);
  };

  read(): StageCounts {
    const tallies = (which: Which): Counted[] => (this.#tallies?.[which] ?? []).map((t) => {
      const { shape: _, ...counts } = t.read();
      return counts;
    });
    return { canary: sideOf(this.#sides.canary), baseline: sideOf(this.#sides.baseline), pairs: { ...this.#pairs }, predictions: { canary: tallies("canary"), baseline: tallies("baseline") } };
  }

  #finished(side: MutableSide, status: number, seconds: number | undefined): void {
    side.requests++;
    if (status >= 400) {
      side.failures++;
      // A request that was wrong in itself breaks no run and makes none.
      if (status >= 500 && ++side.run > side.streak) side.streak = side.run;
      return;
    }
    side.run = 0;
    if (seconds === undefined) return;
    const bucket = durationBucket(seconds);
    while (side.seconds.length <= bucket) side.seconds.push(0);
    side.seconds[bucket]!++;
  }

  #predicted(which: Which, prediction: Prediction): void {
    if (this.#tallies === undefined && which === "canary") return;
    for (const [i, { output, place, label }] of this.#watched.entries()) {
      const found = prediction.outputs.find((o) => o.output.name === output);
      if (found === undefined) continue;
      const read = cellReader(found);
      const tally = this.#tallies?.[which][i];
      const samples = this.#samples[i]!;
      for (let row = 0; row < Math.min(prediction.rows, MAX_ROWS); row++) {
        if (prediction.refused?.has(row) === true) continue;
        const cell = read(row * found.width + Math.min(place, found.width - 1));
        const value = label ? String(cell) : Number(cell);
        if (tally !== undefined) tally.add(value);
        else if (samples.length < SAMPLE) samples.push(value);
      }
    }
  }

  #compare(given: Prediction, shadow: Prediction): void {
    const rows = Math.min(given.rows, shadow.rows, MAX_ROWS);
    const pairs = this.#pairs;
    for (const { output, place, label } of this.#watched) {
      const [a, b] = [given, shadow].map((p) => p.outputs.find((o) => o.output.name === output));
      // Outputs that were not asked for are not compared.
      if (a === undefined || rows === 0) continue;
      const [x, y] = [cellReader(a), b === undefined ? undefined : cellReader(b)];
      const at = (row: number, width: number): number => row * width + Math.min(place, width - 1);
      let unequal = 0;
      for (let row = 0; row < rows; row++) {
        const old = x(at(row, a.width));
        const fresh = y?.(at(row, b!.width));
        if (label) unequal += String(old) === String(fresh) ? 0 : 1;
        else if (Number.isFinite(Number(old)) && Number.isFinite(Number(fresh ?? NaN))) {
          pairs.numbers++;
          pairs.squares += (Number(fresh) - Number(old)) ** 2;
          pairs.givenSum += Number(old);
          pairs.givenSquares += Number(old) ** 2;
        }
      }
      if (label) {
        pairs.compared++;
        pairs.unequal += unequal / rows;
      }
    }
  }
}

interface MutableSide {
  requests: number;
  failures: number;
  streak: number;
  run: number;
  readonly seconds: number[];
}
function newSide(): MutableSide {
  return { requests: 0, failures: 0, streak: 0, run: 0, seconds: [] };
}
function sideOf({ requests, failures, streak, seconds }: MutableSide): SideCounts {
  return { requests, failures, streak, seconds: [...seconds], labels: { trials: 0, hits: 0 } };
}
