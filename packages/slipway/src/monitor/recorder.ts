// Counts what one version is asked and answers, from the engine's own form of the rows: some 30 ns a value. Requests with
// many rows are counted in pieces, so that the event loop is never held up; what does not fit into the queue is counted as
// dropped.

import { MISSING_STRING, type Output, type Signature } from "@slipway/core/package";
import { WindowCounter, wordOf } from "@slipway/core/stats";
import { planColumns, type Batch, type OutputData, type Prediction } from "../runtime/index.ts";
import type { OutputSeries, Subject } from "./subject.ts";

/** Rows that are counted at once: a millisecond or two. */
const ROWS_AT_ONCE = 1024;
const MAX_WAITING_ROWS = 500_000;

export interface OpenWindow {
  /** Milliseconds since the epoch. */
  readonly begins: number;
  readonly counter: WindowCounter;
  /** Counted since it was written. */
  dirty: boolean;
}
interface Piece {
  readonly batch: Batch;
  readonly prediction: Prediction;
  start: number;
}
interface Input {
  readonly at: number;
  readonly place: number;
  readonly kind: "number" | "string" | "words";
}

interface OutputPlan {
  readonly width: number;
  readonly places: readonly (readonly [at: number, place: number])[];
  /** Labels are names, whatever their type. */
  readonly named: boolean;
  readonly sure: boolean;
}

export class Recorder {
  readonly subject: Subject;
  /** Rows that were not counted, as too many waited. */
  dropped = 0;
  readonly #windows = new Map<number, OpenWindow>();
  readonly #lengthMs: number;
  readonly #now: () => number;
  readonly #inputs: readonly Input[];
  readonly #widths: { readonly numbers: number; readonly strings: number };
  readonly #outputs: readonly (readonly [at: number, series: OutputSeries])[];
  readonly #plans = new Map<Output, OutputPlan>();
  readonly #waiting: Piece[] = [];
  #waitingRows = 0;
  #current: OpenWindow | undefined;
  #hashes = new Int32Array(ROWS_AT_ONCE);
  readonly #scratch = new Int32Array(ROWS_AT_ONCE);

  constructor(subject: Subject, signature: Signature, { lengthMs, now = Date.now }: { readonly lengthMs: number; readonly now?: () => number }) {
    this.subject = subject;
    this.#lengthMs = lengthMs;
    this.#now = now;
    const plan = planColumns(signature);
    const slots = new Map(plan.slots.map((s) => [s.name, s]));
    this.#widths = plan;
    this.#inputs = subject.series.flatMap((s, at): Input[] => {
      const words = "words" in s;
      const slot = s.kind === "input" ? slots.get(words ? s.words : s.name) : undefined;
      return slot === undefined ? [] : [{ at, place: slot.place, kind: words ? "words" : slot.kind }];
    });
    this.#outputs = subject.series.flatMap((s, at) => (s.kind === "output" ? [[at, s as OutputSeries] as const] : []));
  }

  /** A request ended. */
  request(ms: number, code: string | undefined): void {
    this.#open().counter.addRequest(ms, code);
  }
  /** Rows were answered. `refused`: rows that were answered with errors of their own. */
  rows(batch: Batch, prediction: Prediction, refused: number): void {
    if (refused > 0) this.#open().counter.refused += refused;
    if (batch.rows <= ROWS_AT_ONCE && this.#waiting.length === 0) return this.#count(batch, prediction, 0, batch.rows);
    if (this.#waitingRows + batch.rows > MAX_WAITING_ROWS) {
      this.dropped += batch.rows;
      return;
    }
    this.#waiting.push({ batch, prediction, start: 0 });
    this.#waitingRows += batch.rows;
    if (this.#waiting.length === 1) setImmediate(() => this.#next());
  }
  /** When the window that is counted in now began. */
  get window(): number {
    return this.#current?.begins ?? this.#beginning();
  }
  /** Counts what waits, at once. */
  drain(): void {
    while (this.#waiting.length > 0) this.#piece();
  }
  /** Windows that were counted in since they were written last. Those that are over are forgotten once they are `written`. */
  get dirty(): readonly OpenWindow[] {
    return [...this.#windows.values()].filter((w) => w.dirty);
  }
  written(): void {
    const current = this.#beginning();
    for (const [begins, window] of this.#windows) if (!window.dirty && begins < current) this.#windows.delete(begins);
    if (this.#windows.size === 0) this.#current = undefined;
  }

  /** Whether it has nothing that is not written. */
  get idle(): boolean {
    return this.#windows.size === 0 && this.#waiting.length === 0;
  }

  #next(): void {
    if (this.#waiting.length === 0) return;
    this.#piece();
    if (this.#waiting.length > 0) setImmediate(() => this.#next());
  }
  #piece(): void {
    const piece = this.#waiting[0]!;
    const count = Math.min(ROWS_AT_ONCE, piece.batch.rows - piece.start);
    this.#count(piece.batch, piece.prediction, piece.start, count);
    piece.start += count;
    this.#waitingRows -= count;
    if (piece.start >= piece.batch.rows) this.#waiting.shift();
  }

  #count(batch: Batch, prediction: Prediction, start: number, count: number): void {
    const window = this.#open();
    const { counter } = window;
    const hashes = this.#hashes;
    hashes.fill(0, 0, count);
    const { numbers, strings } = this.#widths;
    if (batch.tensors === undefined) {
      for (const { at, place, kind } of this.#inputs) {
        if (kind === "number") counter.series[at]!.addNumbers(batch.numbers, start * numbers + place, numbers, count, hashes);
        else if (kind === "string") counter.series[at]!.addTexts(batch.strings, start * strings + place, strings, count, MISSING_STRING, hashes);
        // A row is told apart by its texts already.
        else counter.series[at]!.addTexts(wordsOf(batch.strings, start * strings + place, strings, count), 0, 1, count, MISSING_STRING, this.#scratch);
      }
    }
    counter.addRows(count, this.#inputs.length > 0 ? hashes : undefined);
    const answered = prediction.refused === undefined ? prediction : withoutRefused(prediction, start, count);
    if (answered !== prediction) counter.refused += count - answered.rows;
    this.#countOutputs(counter, answered.outputs, answered === prediction ? start : 0, answered === prediction ? count : answered.rows);
  }

  #countOutputs(counter: WindowCounter, outputs: readonly OutputData[], start: number, count: number): void {
    if (count === 0) return;
    for (const given of outputs) {
      const { width } = given;
      const { places, named, sure } = this.#planOf(given);
      if (places.length === 0 && !sure) continue;
      if (named) {
        const [texts, from] = textsOf(given, start, count);
        for (const [at, place] of places) counter.series[at]!.addTexts(texts, from + place, width, count, MISSING_STRING, this.#scratch);
        continue;
      }
      const [numbers, from] = numbersOf(given, start, count);
      for (const [at, place] of places) counter.series[at]!.addNumbers(numbers, from + place, width, count, this.#scratch);
      if (sure) countSure(counter, numbers, from, width, count);
    }
  }
  /** Which series an output's entries are counted in; found once. */
  #planOf({ output, width }: OutputData): OutputPlan {
    const known = this.#plans.get(output);
    if (known !== undefined && known.width === width) return known;
    const places = this.#outputs.flatMap(([at, s]): [number, number][] => {
      const place = s.entry === null ? 0 : (output.columns?.indexOf(s.entry) ?? Number(s.entry));
      return s.output === output.name && place >= 0 && place < width ? [[at, place]] : [];
    });
    const plan = { width, places, named: output.kind === "label" || output.type === "string" || output.type === "bool", sure: output.kind === "probabilities" && width > 1 };
    this.#plans.set(output, plan);
    return plan;
  }

  #open(): OpenWindow {
    const current = this.#current;
    const now = this.#now();
    if (current !== undefined && now >= current.begins && now - current.begins < this.#lengthMs) {
      current.dirty = true;
      return current;
    }
    const begins = this.#beginning();
    const known = this.#windows.get(begins);
    const window = known ?? { begins, counter: new WindowCounter(this.subject.series.map((s) => s.reference)), dirty: true };
    this.#windows.set(begins, window);
    this.#current = window;
    return window;
  }
  #beginning(): number {
    return Math.floor(this.#now() / this.#lengthMs) * this.#lengthMs;
  }
}

function wordsOf(texts: readonly string[], start: number, step: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const text = texts[start + i * step]!;
    return text === MISSING_STRING ? text : (wordOf(text) ?? MISSING_STRING);
  });
}

/** Of two classes the second one's probability, of more the largest. */
function countSure(counter: WindowCounter, p: Float64Array, from: number, width: number, count: number): void {
  for (let row = 0, at = from; row < count; row++, at += width) {
    if (width === 2) {
      counter.sure.add(p[at + 1]!);
      continue;
    }
    let most = 0;
    for (let c = 0; c < width; c++) most = Math.max(most, p[at + c]!);
    counter.sure.add(most);
  }
}

/** And where the rows begin in it. Doubles and texts are looked at where they are. */
function numbersOf({ data, width }: OutputData, start: number, count: number): [Float64Array, number] {
  if (data instanceof Float64Array) return [data, start * width];
  const numbers = new Float64Array(count * width);
  for (let i = 0; i < numbers.length; i++) numbers[i] = Number(data[start * width + i]);
  return [numbers, 0];
}
function textsOf({ data, width, output }: OutputData, start: number, count: number): [readonly string[], number] {
  if (output.type === "string" && Array.isArray(data)) return [data, start * width];
  const texts = new Array<string>(count * width);
  for (let i = 0; i < texts.length; i++) texts[i] = String(data[start * width + i]);
  return [texts, 0];
}

/** The given rows, but for those that the graph refused: their values mean nothing. */
function withoutRefused(prediction: Prediction, start: number, count: number): Prediction {
  const kept = Array.from({ length: count }, (_, i) => start + i).filter((i) => !prediction.refused!.has(i));
  return { ...prediction, rows: kept.length, outputs: prediction.outputs.map((o) => ({ ...o, data: kept.flatMap((i) => Array.from({ length: o.width }, (_, j) => o.data[i * o.width + j]!)) as unknown as OutputData["data"] })) };
}
