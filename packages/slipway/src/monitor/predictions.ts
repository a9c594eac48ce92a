// Predictions that are kept until their labels come: all of them while there are few, an even share where there are many. The
// share goes by the hash of the prediction's id, so replicas keep alike and a request's rows are not kept by their worth.

import { ITEMS_OUTPUT, type Task } from "./subject.ts";
import type { Prediction } from "../runtime/index.ts";
import { MISSING_STRING } from "@slipway/core/package";

export interface KeptPrediction {
  /** Of the row: `<prediction id>-<row>`. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly key: string | null;
  readonly answer: string;
  /** In the order of the classes. */
  readonly scores: readonly number[] | null;
}

/** Beyond so many classes only the answer is kept. */
const MAX_SCORES = 50;
const MAX_KEY = 200;

/** Of a list. */
const MAX_ITEMS = 100;
const MAX_ITEM = 200;

/** A list that was shown for a row of a request. */
export interface ShownList {
  readonly row: number;
  readonly items: readonly string[];
  readonly key?: string | undefined;
}

export class PredictionBuffer {
  readonly #task: Task;
  readonly #mostPerWindow: number;
  #kept: KeptPrediction[] = [];
  #inWindow = 0;
  #seenInWindow = 0;
  #window = NaN;
  #share = 1;

  constructor(task: Task, mostPerWindow: number) {
    this.#task = task;
    this.#mostPerWindow = mostPerWindow;
  }

  /** @param keyOf the business key of a row of the batch @param place the row of the request that a row of the batch is */
  add(id: string, now: () => number, window: number, prediction: Prediction, keyOf: ((row: number) => string | undefined) | undefined, place: (row: number) => number): void {
    if (this.#mostPerWindow === 0 || this.#task.kind === "none") return;
    const read = answerReader(prediction, this.#task);
    if (read === undefined) return;
    if (window !== this.#window) this.#next(window);
    this.#seenInWindow += prediction.rows;
    if (this.#inWindow >= this.#mostPerWindow) return;
    const at = now();
    const base = hash(id);
    // Rows that are ranked together are kept together.
    const together = this.#task.kind === "ranking" && this.#task.of === "rows";
    if (together && prediction.rows > this.#mostPerWindow - this.#inWindow) return;
    for (let row = 0; row < prediction.rows && this.#inWindow < this.#mostPerWindow; row++) {
      if (this.#share < 1 && shareOf(base, together ? 0 : row) >= this.#share) continue;
      if (prediction.refused?.has(row) === true) continue;
      const { answer, scores } = read(row);
      this.#kept.push({ id: `${id}-${place(row)}`, at, key: keyOf?.(row)?.slice(0, MAX_KEY) ?? null, answer, scores });
      this.#inWindow++;
    }
  }
  /** Lists that were made of a prediction, as they were shown. */
  addLists(id: string, now: () => number, window: number, lists: readonly ShownList[]): void {
    if (this.#mostPerWindow === 0 || this.#task.kind !== "ranking" || this.#task.of !== "items") return;
    if (window !== this.#window) this.#next(window);
    this.#seenInWindow += lists.length;
    const base = hash(id);
    for (const { row, items, key } of lists) {
      if (this.#inWindow >= this.#mostPerWindow) return;
      if (this.#share < 1 && shareOf(base, row) >= this.#share) continue;
      this.#kept.push({ id: `${id}-${row}`, at: now(), key: key?.slice(0, MAX_KEY) ?? null, answer: listText(items), scores: null });
      this.#inWindow++;
    }
  }
  /** What was kept since the last time. */
  take(): KeptPrediction[] {
    const kept = this.#kept;
    this.#kept = [];
    return kept;
  }
  /** What could not be written comes again, in bounds. */
  giveBack(kept: readonly KeptPrediction[]): void {
    this.#kept = [...kept, ...this.#kept].slice(-2 * Math.max(1, this.#mostPerWindow));
  }

  /** As many rows as in the last window are expected. */
  #next(window: number): void {
    this.#share = Math.min(1, (this.#mostPerWindow * 0.9) / Math.max(1, this.#seenInWindow));
    this.#window = window;
    this.#inWindow = 0;
    this.#seenInWindow = 0;
  }
}

type Read = (row: number) => Pick<KeptPrediction, "answer" | "scores">;

/** Undefined where the caller did not ask for what a label is compared with. */
export function answerReader({ outputs }: Prediction, task: Task): Read | undefined {
  if (task.kind === "regression") {
    const value = outputs.find((o) => o.output.kind === "value" && o.width === 1);
    return value === undefined ? undefined : (row) => ({ answer: String(Number(value.data[row])), scores: null });
  }
  if (task.kind === "none") return undefined;
  if (task.kind === "ranking") {
    if (task.of === "items") {
      const list = outputs.find((o) => o.output.name === ITEMS_OUTPUT && Array.isArray(o.data));
      return list === undefined ? undefined : (row) => ({ answer: listText((list.data as unknown as readonly string[]).slice(row * list.width, (row + 1) * list.width)), scores: null });
    }
    const score = outputs.find((o) => (o.output.kind === "value" || o.output.kind === "score") && o.width === 1);
    return score === undefined ? undefined : (row) => ({ answer: String(Number(score.data[row])), scores: null });
  }
  const { classes } = task;
  const label = outputs.find((o) => o.output.kind === "label" && o.width === 1);
  const probabilities = outputs.find((o) => o.output.kind === "probabilities" && o.width === classes.length && o.width <= MAX_SCORES);
  if (label === undefined && probabilities === undefined) return undefined;
  return (row) => {
    const scores = probabilities === undefined ? null : Array.from({ length: classes.length }, (_, c) => Number(probabilities.data[row * classes.length + c]));
    return { answer: label !== undefined ? String(label.data[row]) : classes[scores!.indexOf(Math.max(...scores!))]!, scores };
  };
}

/** As it is kept: JSON, without what is missing. */
function listText(items: readonly string[]): string {
  return JSON.stringify(items.filter((item) => item !== MISSING_STRING && item.length <= MAX_ITEM).slice(0, MAX_ITEMS));
}
function hash(id: string): number {
  let h = 2166136261;
  for (let i = 0; i < id.length; i++) h = Math.imul(h ^ id.charCodeAt(i), 16777619);
  return h;
}
function shareOf(base: number, row: number): number {
  let h = base ^ Math.imul(row + 1, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}
