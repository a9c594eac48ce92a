// Counts what one version is asked and answers, from the engine's own form of the rows. Requests wait until they are some, and
// numbers until they are many, as they are counted for a fraction then: between two requests all that counting needs has left
// the processor's caches. Whoever reads counts drains them first. Requests with many rows are counted in pieces, so that the
// event loop is never held up; what does not fit into the queue is counted as dropped.

import { MISSING_STRING, type Output, type Signature } from "@slipway/core/package";
import { NumberBlock, WindowCounter, wordOf, type NumberColumn } from "@slipway/core/stats";
import { planColumns, type Batch, type OutputData, type Prediction } from "../runtime/index.ts";
import type { RowScores } from "./row-scores.ts";
import type { WholeValues } from "./whole-values.ts";
import type { OutputSeries, Subject } from "./subject.ts";

/** Rows that are counted at once: a millisecond or two. */
const ROWS_AT_ONCE = 1024;
const MAX_WAITING_ROWS = 500_000;
/** Requests that wait to be counted together: so many, and of so many cells. */
const REQUESTS_TOGETHER = 64;
const CELLS_TOGETHER = 2 ** 12;
/** Names of outputs that are whole numbers below this are counted in a tally first. */
const TALLIED = 256;

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
/** A column of texts. */
interface TextInput {
  readonly at: number;
  readonly place: number;
  readonly words: boolean;
}
interface OutputPlan {
  readonly width: number;
  /** Of names: where they are counted. */
  readonly places: readonly (readonly [at: number, place: number])[];
  /** Of names that are small whole numbers: how often each came since they were counted last. */
  readonly tally: Int32Array | undefined;
  /** Of numbers, which wait until they are many. */
  readonly block: NumberBlock | undefined;
  readonly sure: boolean;
}

export interface RecorderOptions {
  readonly lengthMs: number;
  readonly now?: () => number;
  readonly scores?: RowScores | undefined;
  readonly wholes?: WholeValues | undefined;
}

export class Recorder {
  readonly subject: Subject;
  /** Rows that were not counted, as too many waited. */
  dropped = 0;
  readonly #windows = new Map<number, OpenWindow>();
  readonly #lengthMs: number;
  readonly #now: () => number;
  readonly #texts: readonly TextInput[];
  /** Rows that wait to be counted, and the window that they belong to. */
  readonly #inputs: NumberBlock;
  #staged: OpenWindow | undefined;
  readonly #hashed: boolean;
  readonly #scores: RowScores | undefined;
  readonly #wholes: WholeValues | undefined;
  readonly #widths: { readonly numbers: number; readonly strings: number };
  readonly #outputs: readonly (readonly [at: number, series: OutputSeries])[];
  readonly #plans = new Map<Output, OutputPlan>();
  /** Small requests that are counted together. */
  readonly #together: (readonly [batch: Batch, prediction: Prediction])[] = [];
  #cellsTogether = 0;
  readonly #waiting: Piece[] = [];
  #waitingRows = 0;
  #current: OpenWindow | undefined;

  constructor(subject: Subject, signature: Signature, { lengthMs, now = Date.now, scores, wholes }: RecorderOptions) {
    this.subject = subject;
    this.#lengthMs = lengthMs;
    this.#now = now;
    const plan = planColumns(signature);
    const slots = new Map(plan.slots.map((s) => [s.name, s]));
    this.#widths = plan;
    const numbers: NumberColumn[] = [];
    const texts: TextInput[] = [];
    subject.series.forEach((s, series) => {
      if ("score" in s || "whole" in s) return;
      const words = "words" in s;
      const slot = s.kind === "input" ? slots.get(words ? s.words : s.name) : undefined;
      if (slot === undefined) return;
      if (slot.kind === "number") numbers.push({ place: slot.place, series });
      else texts.push({ at: series, place: slot.place, words });
    });
    this.#texts = texts;
    this.#hashed = numbers.length + texts.length > 0;
    this.#inputs = new NumberBlock(plan.numbers, numbers, subject.series.map((s) => s.reference));
    this.#outputs = subject.series.flatMap((s, at) => ("output" in s ? [[at, s] as const] : []));
    this.#scores = scores;
    this.#wholes = wholes;
  }

  /** A request ended. */
  request(ms: number, code: string | undefined): void {
    this.#open().counter.addRequest(ms, code);
  }
  /** Rows were answered. `refused`: rows that were answered with errors of their own. */
  rows(batch: Batch, prediction: Prediction, refused: number): void {
    const window = this.#open();
    window.counter.refused += refused;
    if (batch.rows <= ROWS_AT_ONCE && this.#waiting.length === 0) {
      this.#staged = window;
      // Tensors may be large, and parts of what came from the network.
      if (batch.tensors !== undefined) return this.#count(window.counter, batch, prediction, 0, batch.rows);
      this.#together.push([batch, prediction]);
      this.#cellsTogether += batch.numbers.length + batch.strings.length;
      if (this.#together.length >= REQUESTS_TOGETHER || this.#cellsTogether >= CELLS_TOGETHER) this.#countTogether(window.counter);
      return;
    }
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
    this.#settle();
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
    this.#staged = this.#open();
    this.#count(this.#staged.counter, piece.batch, piece.prediction, piece.start, count);
    piece.start += count;
    this.#waitingRows -= count;
    if (piece.start >= piece.batch.rows) this.#waiting.shift();
  }

  #countTogether(counter: WindowCounter): void {
    this.#cellsTogether = 0;
    // One that cannot be counted is gone, and the others stay.
    for (let next = this.#together.pop(); next !== undefined; next = this.#together.pop()) this.#count(counter, next[0], next[1], 0, next[0].rows);
  }
  #count(counter: WindowCounter, batch: Batch, prediction: Prediction, start: number, count: number): void {
    const answered = prediction.refused === undefined ? prediction : withoutRefused(prediction, start, count);
    if (answered !== prediction) counter.refused += count - answered.rows;
    this.#countOutputs(counter, answered.outputs, answered === prediction ? start : 0, answered === prediction ? count : answered.rows);
    this.#wholes?.add(counter, batch, prediction, start, count);
    if (batch.tensors !== undefined) return counter.addRows(count);
    this.#scores?.add(counter, batch, prediction, start, count);
    for (let done = 0; done < count;) {
      const part = Math.min(count - done, this.#inputs.capacity - this.#inputs.rows);
      this.#stage(counter, batch, start + done, part);
      done += part;
      if (this.#inputs.rows === this.#inputs.capacity) this.#inputs.countRows(counter, this.#hashed);
    }
  }
  #stage(counter: WindowCounter, batch: Batch, start: number, count: number): void {
    const { hashes, rows } = this.#inputs;
    this.#inputs.stage(batch.numbers, start, count);
    const { strings } = this.#widths;
    for (const { at, place, words } of this.#texts) {
      if (!words) counter.series[at]!.addTexts(batch.strings, start * strings + place, strings, count, MISSING_STRING, hashes, rows);
      // A row is told apart by its texts already.
      else counter.series[at]!.addTexts(wordsOf(batch.strings, start * strings + place, strings, count), 0, 1, count, MISSING_STRING);
    }
  }
  /** Counts the rows that wait, in the window that they came in. */
  #settle(): void {
    const counter = this.#staged?.counter;
    if (counter === undefined) return;
    this.#countTogether(counter);
    this.#inputs.countRows(counter, this.#hashed);
    this.#inputs.settle(counter);
    for (const plan of this.#plans.values()) settleOutput(counter, plan);
    this.#scores?.settle(counter);
    this.#wholes?.settle(counter);
    this.#staged = undefined;
  }

  #countOutputs(counter: WindowCounter, outputs: readonly OutputData[], start: number, count: number): void {
    if (count === 0) return;
    for (const given of outputs) {
      const plan = this.#planOf(given);
      const { places, block, tally, width } = plan;
      if (tally !== undefined) countNames(counter, given, plan, tally, start, count);
      else for (const [at, place] of places) counter.series[at]!.addTexts(given.data as unknown as readonly string[], start * width + place, width, count, MISSING_STRING);
      if (block === undefined) continue;
      for (let done = 0; done < count;) {
        const part = Math.min(count - done, block.capacity - block.rows);
        block.stage(given.data as ArrayLike<number | bigint>, start + done, part);
        done += part;
        if (block.rows === block.capacity) countBlock(counter, plan, block);
      }
    }
  }
  /** Which series an output's entries are counted in; found once. */
  #planOf({ output, width }: OutputData): OutputPlan {
    const known = this.#plans.get(output);
    if (known !== undefined && known.width === width) return known;
    if (known !== undefined && this.#staged !== undefined) settleOutput(this.#staged.counter, known);
    const places = this.#outputs.flatMap(([at, s]): [number, number][] => {
      const place = s.entry === null ? 0 : (output.columns?.indexOf(s.entry) ?? Number(s.entry));
      return s.output === output.name && place >= 0 && place < width ? [[at, place]] : [];
    });
    const named = output.kind === "label" || output.type === "string" || output.type === "bool";
    const sure = output.kind === "probabilities" && width > 1;
    const block = named || (places.length === 0 && !sure) ? undefined : new NumberBlock(width, places.map(([series, place]) => ({ place, series })), this.subject.series.map((s) => s.reference));
    const tally = named && output.type !== "string" && places.length > 0 ? new Int32Array(TALLIED * places.length) : undefined;
    const plan = { width, places: named ? places : [], tally, block, sure };
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
    this.#settle();
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

/** Names that are numbers: small whole ones wait in the tally. */
function countNames(counter: WindowCounter, { data, width }: OutputData, { places }: OutputPlan, tally: Int32Array, start: number, count: number): void {
  for (let i = 0; i < places.length; i++) {
    const [at, place] = places[i]!;
    for (let row = start; row < start + count; row++) {
      const name = data[row * width + place]!;
      const whole = Number(name);
      if (whole >= 0 && whole < TALLIED && (whole | 0) === whole) tally[TALLIED * i + whole]!++;
      else counter.series[at]!.addText(String(name), 1);
    }
  }
}
function settleOutput(counter: WindowCounter, plan: OutputPlan): void {
  const { block, places, tally } = plan;
  if (tally !== undefined) {
    places.forEach(([at], i) => {
      for (let name = 0; name < TALLIED; name++) if (tally[TALLIED * i + name]! > 0) counter.series[at]!.addText(String(name), tally[TALLIED * i + name]!);
    });
    tally.fill(0);
  }
  if (block === undefined) return;
  countBlock(counter, plan, block);
  block.settle(counter);
}
function countBlock(counter: WindowCounter, { sure, width }: OutputPlan, block: NumberBlock): void {
  const rows = block.count(counter);
  if (sure) countSure(counter, block.matrix, 0, width, rows);
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

/** The given rows, but for those that the graph refused: their values mean nothing. */
function withoutRefused(prediction: Prediction, start: number, count: number): Prediction {
  const kept = Array.from({ length: count }, (_, i) => start + i).filter((i) => !prediction.refused!.has(i));
  return { ...prediction, rows: kept.length, outputs: prediction.outputs.map((o) => ({ ...o, data: kept.flatMap((i) => Array.from({ length: o.width }, (_, j) => o.data[i * o.width + j]!)) as unknown as OutputData["data"] })) };
}
