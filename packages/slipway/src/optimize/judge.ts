// What an optimised model's answers cost beside the float model's: labels that flip, and a figure of quality, on labelled rows
// where there are some, else with the float model's own answers as the truth.

import type { Output } from "@slipway/core/package";
import type { OutputData, Prediction } from "@slipway/core/predict";

export interface Cost {
  readonly rows: number;
  /** Part of the rows whose label, or largest entry, is another one. Undefined where there is nothing to choose among. */
  readonly flips: number | undefined;
  readonly metric: { readonly name: "accuracy" | "r2"; readonly of: "the labelled rows" | "the float model"; readonly before: number; readonly after: number };
  /** By output, for the checks' tolerance. */
  readonly maxAbs: ReadonlyMap<string, number>;
  /** Rows by number whose label is another one. */
  readonly flipped: ReadonlySet<number>;
}

export function costOf(before: Prediction, after: Prediction, truth: readonly unknown[] | undefined): Cost {
  const { rows } = before;
  const [a, b] = [choices(before), choices(after)];
  const flipped = new Set<number>();
  if (a !== undefined && b !== undefined) for (let i = 0; i < rows; i++) if (a[i] !== b[i]) flipped.add(i);
  const flips = a === undefined ? undefined : flipped.size / Math.max(1, rows);
  return { rows, flips, flipped, metric: metricOf(before, after, a, b, truth), maxAbs: new Map(before.outputs.map((o, i) => [o.output.name, largestDifference(o, after.outputs[i]!)])) };
}

function metricOf(before: Prediction, after: Prediction, a: readonly string[] | undefined, b: readonly string[] | undefined, truth: readonly unknown[] | undefined): Cost["metric"] {
  if (a !== undefined && b !== undefined) {
    const names = classNames(before);
    const right = (chosen: readonly string[], wanted: readonly unknown[]): number => wanted.filter((t, i) => String(t) === chosen[i] || (names !== undefined && String(t) === names[Number(chosen[i])])).length / Math.max(1, wanted.length);
    return { name: "accuracy", of: truth === undefined ? "the float model" : "the labelled rows", before: truth === undefined ? 1 : right(a, truth), after: right(b, truth ?? a) };
  }
  const numbers = ({ outputs }: Prediction): OutputData => outputs.find((o) => o.data instanceof Float32Array || o.data instanceof Float64Array) ?? outputs[0]!;
  const [x, y] = [numbers(before), numbers(after)];
  if (truth !== undefined && x.width === 1) {
    const wanted = truth.map(Number);
    return { name: "r2", of: "the labelled rows", before: r2(wanted, x.data as ArrayLike<number>), after: r2(wanted, y.data as ArrayLike<number>) };
  }
  return { name: "r2", of: "the float model", before: 1, after: r2(x.data as ArrayLike<number>, y.data as ArrayLike<number>) };
}

/** 1 - the error's squares over the spread's. */
function r2(truth: ArrayLike<number>, found: ArrayLike<number>): number {
  let mean = 0;
  for (let i = 0; i < truth.length; i++) mean += truth[i]! / truth.length;
  let [error, spread] = [0, 0];
  for (let i = 0; i < truth.length; i++) {
    error += (truth[i]! - found[i]!) ** 2;
    spread += (truth[i]! - mean) ** 2;
  }
  return spread === 0 ? (error === 0 ? 1 : 0) : 1 - error / spread;
}

/** What each row is decided to be: its label, or the place of its largest entry. */
function choices({ rows, outputs }: Prediction): string[] | undefined {
  const label = outputs.find((o) => o.output.kind === "label");
  if (label !== undefined && label.width === 1) return Array.from({ length: rows }, (_, i) => String(label.data[i]));
  const scores = outputs.find((o) => decides(o));
  if (scores === undefined) return undefined;
  const { data, width } = scores as { data: ArrayLike<number>; width: number };
  return Array.from({ length: rows }, (_, i) => {
    let top = 0;
    for (let j = 1; j < width; j++) if (data[i * width + j]! > data[i * width + top]!) top = j;
    return String(top);
  });
}
function decides({ output, width, data }: OutputData): boolean {
  return width > 1 && width <= 10_000 && output.kind !== "transformed" && (data instanceof Float32Array || data instanceof Float64Array);
}
function classNames({ outputs }: Prediction): readonly string[] | undefined {
  return outputs.find((o) => o.output.columns !== undefined && o.width > 1)?.output.columns?.map(String);
}

function largestDifference(a: { readonly output: Output; readonly data: ArrayLike<unknown> }, b: { readonly data: ArrayLike<unknown> }): number {
  if (a.output.kind === "label" || typeof a.data[0] !== "number") return 0;
  let most = 0;
  for (let i = 0; i < a.data.length; i++) most = Math.max(most, Math.abs((a.data[i] as number) - (b.data[i] as number)));
  return most;
}
