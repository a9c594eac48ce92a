// What the predictions of a run look like: how often each label (of what was found, in pictures), and of numbers the least, the mean and the most. Those of
// several parts add up.

import { flatColumns, flatValue, type Prediction } from "../../runtime/index.ts";
import type { SeenOutput } from "./messages.ts";

/** More different labels are not listed. */
const MOST_LABELS = 200;

interface Numbers {
  count: number;
  sum: number;
  least: number;
  most: number;
}

export class Seen {
  readonly #labels = new Map<string, Map<string, number>>();
  readonly #numbers = new Map<string, Numbers>();

  /** `unanswered`: rows that it does not hold. */
  add(prediction: Prediction, unanswered?: ReadonlySet<number>): void {
    const { refused } = prediction;
    const isNone = (row: number): boolean => refused?.has(row) === true || unanswered?.has(row) === true;
    for (const column of flatColumns(prediction).slice(0, 64)) {
      const { data, width, output } = column.output;
      if (output.kind === "label" || Array.isArray(data) || output.type === "bool") {
        let counts = this.#labels.get(column.name);
        if (counts === undefined) this.#labels.set(column.name, (counts = new Map()));
        for (let row = 0; row < prediction.rows; row++) {
          if (isNone(row)) continue;
          if (output.json === true) for (const [label, n] of found(String(flatValue(column, row)))) count(counts, label, n);
          else count(counts, String(flatValue(column, row)), 1);
        }
      } else {
        let n = this.#numbers.get(column.name);
        if (n === undefined) this.#numbers.set(column.name, (n = { count: 0, sum: 0, least: Infinity, most: -Infinity }));
        for (let row = 0, i = column.place; row < prediction.rows; row++, i += width) {
          if (isNone(row)) continue;
          const value = Number(data[i]);
          if (value - value !== 0) continue;
          n.count++;
          n.sum += value;
          if (value < n.least) n.least = value;
          if (value > n.most) n.most = value;
        }
      }
    }
  }
  merge(others: readonly SeenOutput[]): void {
    for (const { name, labels, numbers } of others) {
      if (labels !== undefined) {
        let counts = this.#labels.get(name);
        if (counts === undefined) this.#labels.set(name, (counts = new Map()));
        for (const [label, n] of Object.entries(labels)) count(counts, label, n);
      }
      if (numbers !== undefined) {
        const n = this.#numbers.get(name);
        if (n === undefined) this.#numbers.set(name, { ...numbers });
        else Object.assign(n, { count: n.count + numbers.count, sum: n.sum + numbers.sum, least: Math.min(n.least, numbers.least), most: Math.max(n.most, numbers.most) });
      }
    }
  }
  read(): SeenOutput[] {
    return [
      ...[...this.#labels].map(([name, counts]) => ({ name, labels: Object.fromEntries(counts) })),
      ...[...this.#numbers].filter(([, n]) => n.count > 0).map(([name, numbers]) => ({ name, numbers: { ...numbers } })),
    ];
  }
}

/** What a picture or a text was found to have: each thing once, or of a mask each pixel. */
function* found(json: string): Generator<[string, number]> {
  const value = JSON.parse(json) as { readonly segments?: readonly { readonly label: string; readonly pixels: number }[] } | readonly { readonly label?: unknown }[] | null;
  if (Array.isArray(value)) for (const { label } of value as readonly { readonly label?: unknown }[]) if (typeof label === "string") yield [label, 1];
  if (value !== null && !Array.isArray(value)) for (const { label, pixels } of (value as { readonly segments?: readonly { readonly label: string; readonly pixels: number }[] }).segments ?? []) yield [label, pixels];
}

function count(counts: Map<string, number>, label: string, n: number): void {
  const known = counts.get(label);
  if (known !== undefined) counts.set(label, known + n);
  else counts.set(counts.size < MOST_LABELS ? label : "(others)", (counts.size < MOST_LABELS ? 0 : (counts.get("(others)") ?? 0)) + n);
}
