// The one output that is watched while rows are changed: the label where there is one, else a number.

import type { Output, Signature } from "@slipway/core/package";
import type { Prediction } from "../runtime/index.ts";

export interface Watched {
  readonly output: Output;
  readonly label: boolean;
}
export interface Answers {
  readonly width: number;
  readonly data: ArrayLike<number | bigint | string>;
}

export function watchedOutput(signature: Signature): Watched | undefined {
  const label = signature.outputs.find((o) => o.kind === "label" && o.rowShape.length === 0);
  if (label !== undefined) return { output: label, label: true };
  const number = ["value", "probabilities", "score"].flatMap((kind) => signature.outputs.filter((o) => o.kind === kind && o.type !== "string"))[0];
  return number === undefined ? undefined : { output: number, label: false };
}

export function readAnswers(prediction: Prediction, { output }: Pick<Watched, "output">): Answers {
  const found = prediction.outputs.find((o) => o.output.name === output.name)!;
  return { width: found.width, data: found.data };
}

/** Of labels the share that differ; of numbers the mean size of the change, in standard deviations of what was before. */
export function changeBetween(before: Answers, after: Answers, places: readonly (readonly [number, number])[], { label }: Watched): number {
  if (label) return places.filter(([a, b]) => before.data[a] !== after.data[b]).length / places.length;
  const { width } = before;
  let sum = 0;
  let mean = 0;
  let square = 0;
  for (const [a, b] of places) {
    for (let i = 0; i < width; i++) {
      const old = Number(before.data[a * width + i]);
      sum += Math.abs(Number(after.data[b * width + i]) - old);
      mean += old;
      square += old * old;
    }
  }
  const n = places.length * width;
  const deviation = Math.sqrt(Math.max(0, square / n - (mean / n) ** 2));
  return sum === 0 ? 0 : sum / n / (deviation || 1);
}
