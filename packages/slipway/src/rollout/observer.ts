// Counts, in one process, what comes of the requests of one stage of a rollout.

import { durationBucket, freeze, Tally, type Counted as CountedValue, type PairedCounts, type SideCounts } from "@slipway/core/stats";
import type { Signature } from "@slipway/core/package";
import { cellReader, type Prediction } from "../runtime/index.ts";
import type { CallWatch, ShadowWatch } from "../server/index.ts";
import { NO_PAIRS, type Counted, type PairCounts, type StageCounts, type WatchedBins } from "./counts.ts";

/** What the client did is no failure of the model. */
const NOT_COUNTED: ReadonlySet<string> = new Set(["client-gone"]);
/** Rows of one request that are looked at. */
const MAX_ROWS = 100;
/** Answers of both that wait to be written. */
const MAX_WAITING = 1000;
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

/** What both versions answered to one row, for when its label comes. */
export interface AnswerPair {
  /** `<prediction id>-<row>`. */
  readonly ref: string;
  readonly canary: string;
  readonly baseline: string;
}
/** When one of two that were asked side by side is the slower one. */
export interface SlowBounds {
  readonly latencyRatio: number;
  readonly latencySlackMs: number;
}
/** Reads what a label is compared with. */
export type AnswerReader = (prediction: Prediction) => ((row: number) => string) | undefined;
export interface ObserverOptions {
  readonly signature: Signature;
  readonly bins: readonly WatchedBins[] | undefined;
  /** Its version, as it is served. */
  readonly canary: string;
  readonly slow: SlowBounds;
  /** Whether what was shown is counted as a request of both: while nothing else is. */
  readonly shadow: boolean;
  /** Undefined where nobody knows of labels. */
  readonly answers?: { readonly canary: AnswerReader; readonly baseline: AnswerReader } | undefined;
}

export class StageObserver {
  readonly #watched: ReturnType<typeof watchedOutputs>;
  readonly #sides: Record<Which, MutableSide> = { canary: newSide(), baseline: newSide() };
  readonly #pairs: { -readonly [K in keyof PairCounts]: number } = { ...NO_PAIRS };
  /** Of the old version, until there are bins. */
  readonly #samples: CountedValue[][];
  #tallies: Record<Which, Tally[]> | undefined;
  readonly #times: { -readonly [K in keyof PairedCounts]: number } = { worse: 0, better: 0, equal: 0 };
  readonly #options: ObserverOptions;
  #answers: AnswerPair[] = [];

  constructor(options: ObserverOptions) {
    const { signature, bins } = options;
    this.#options = options;
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
      // What reading the rows and the model take, without what else the machine does in between.
      finished: (status, { whole, work }, errorCode) => {
        if (errorCode === undefined || !NOT_COUNTED.has(errorCode)) this.#finished(this.#sides[which], status, work ?? whole);
      },
    };
  }

  /** One request that both answered; undefined where the one that was shown it failed. */
  readonly shown: ShadowWatch = (given, other, { id, answered, times }) => {
    const { canary, shadow } = this.#options;
    const swapped = answered === canary;
    const seconds = times === undefined ? undefined : swapped ? { canary: times.againMs / 1000, baseline: times.shadowMs / 1000 } : { canary: times.shadowMs / 1000, baseline: times.againMs / 1000 };
    if (seconds !== undefined) this.#time(seconds.canary, seconds.baseline);
    if (shadow) {
      this.#finished(this.#sides.baseline, 200, seconds?.baseline);
      this.#predicted("baseline", given);
      this.#finished(this.#sides.canary, other === undefined ? 500 : 200, seconds?.canary);
      if (other !== undefined) this.#predicted("canary", other);
    }
    if (other === undefined) return;
    const [mine, old] = swapped ? [given, other] : [other, given];
    this.#compare(old, mine);
    this.#keep(id, mine, old);
  };
  /** Answers of both since the last time. */
  takeAnswers(): readonly AnswerPair[] {
    const taken = this.#answers;
    this.#answers = [];
    return taken;
  }
  /** What could not be written comes again. */
  giveBack(pairs: readonly AnswerPair[]): void {
    this.#answers = [...pairs, ...this.#answers].slice(0, MAX_WAITING);
  }

  read(): StageCounts {
    const tallies = (which: Which): Counted[] => (this.#tallies?.[which] ?? []).map((t) => {
      const { shape: _, ...counts } = t.read();
      return counts;
    });
    return { canary: sideOf(this.#sides.canary), baseline: sideOf(this.#sides.baseline), pairs: { ...this.#pairs }, times: { ...this.#times }, predictions: { canary: tallies("canary"), baseline: tallies("baseline") } };
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

  #time(canary: number, baseline: number): void {
    const { latencyRatio, latencySlackMs } = this.#options.slow;
    const slower = (a: number, b: number): boolean => a > b * latencyRatio && a - b > latencySlackMs / 1000;
    this.#times[slower(canary, baseline) ? "worse" : slower(baseline, canary) ? "better" : "equal"]++;
  }
  #keep(id: string | undefined, mine: Prediction, old: Prediction): void {
    const { answers } = this.#options;
    if (id === undefined || answers === undefined || mine.rows !== old.rows || (mine.refused?.size ?? 0) + (old.refused?.size ?? 0) > 0) return;
    const [canary, baseline] = [answers.canary(mine), answers.baseline(old)];
    if (canary === undefined || baseline === undefined) return;
    for (let row = 0; row < Math.min(mine.rows, MAX_ROWS) && this.#answers.length < MAX_WAITING; row++) this.#answers.push({ ref: `${id}-${row}`, canary: canary(row), baseline: baseline(row) });
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

  #compare(old: Prediction, mine: Prediction): void {
    const rows = Math.min(old.rows, mine.rows, MAX_ROWS);
    const pairs = this.#pairs;
    for (const { output, place, label } of this.#watched) {
      const [a, b] = [old, mine].map((p) => p.outputs.find((o) => o.output.name === output));
      // Outputs that were not asked for are not compared.
      if (a === undefined || rows === 0) continue;
      const [x, y] = [cellReader(a), b === undefined ? undefined : cellReader(b)];
      const at = (row: number, width: number): number => row * width + Math.min(place, width - 1);
      let unequal = 0;
      for (let row = 0; row < rows; row++) {
        const before = x(at(row, a.width));
        const fresh = y?.(at(row, b!.width));
        if (label) unequal += String(before) === String(fresh) ? 0 : 1;
        else if (Number.isFinite(Number(before)) && Number.isFinite(Number(fresh ?? NaN))) {
          pairs.numbers++;
          pairs.squares += (Number(fresh) - Number(before)) ** 2;
          pairs.givenSum += Number(before);
          pairs.givenSquares += Number(before) ** 2;
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
