// What becomes of several models' values for the same rows: means, votes, the first that is there, the likeliest label.

import { MISSING_STRING } from "@slipway/core/package";
import type { OutputData } from "../../runtime/index.ts";
import type { PlannedStep } from "./pipeline-plan.ts";

type Combine = Extract<PlannedStep, { readonly kind: "combine" }>;

/** `values`: for each of the step's `of` one list of rows times width. Missing numbers are NaN, missing texts MISSING_STRING. */
export function combineValues(step: Combine, values: readonly OutputData[], rows: number): OutputData {
  const output = step.outputs[0]!;
  const [first] = values as [OutputData, ...OutputData[]];
  const { width } = first;
  const cell = (i: number, row: number, entry: number): number | string | bigint => values[i]!.data[row * width + step.order[i]![entry]!]!;
  switch (step.combine) {
    case "mean": case "weighted": {
      const weights = step.combine === "mean" ? values.map(() => 1) : step.weights;
      const sum = weights.reduce((n, w) => n + w, 0);
      const data = new Float64Array(rows * width);
      for (let row = 0; row < rows; row++) {
        for (let entry = 0; entry < width; entry++) {
          let total = 0;
          for (let i = 0; i < values.length; i++) if (weights[i] !== 0) total += Number(cell(i, row, entry)) * weights[i]!;
          data[row * width + entry] = total / sum;
        }
      }
      return { output, width, data };
    }
    case "first": {
      const data = first.data.slice() as OutputData["data"];
      const pick = data as (string | number | bigint)[];
      for (let row = 0; row < rows; row++) {
        for (let entry = 0; entry < width; entry++) {
          for (let i = 0; i < values.length; i++) {
            const value = cell(i, row, entry);
            if (value === MISSING_STRING || (typeof value === "number" && Number.isNaN(value))) continue;
            pick[row * width + entry] = value;
            break;
          }
        }
      }
      return { output, width, data };
    }
    case "vote": return { output, width: 1, data: vote(step, rows, values.length, (i, row) => cell(i, row, 0), first) };
    case "argmax": {
      const labels = output.classes!.map(String);
      return { output, width: 1, data: Array.from({ length: rows }, (_, row) => {
        let best = 0;
        for (let entry = 1; entry < width; entry++) if (Number(cell(0, row, entry)) > Number(cell(0, row, best))) best = entry;
        return labels[best]!;
      }) };
    }
  }
}

/** Of equally common labels the one that comes first. */
function vote(step: Combine, rows: number, voters: number, of: (voter: number, row: number) => number | string | bigint, first: OutputData): OutputData["data"] {
  const data = first.data.slice() as OutputData["data"];
  for (let row = 0; row < rows; row++) {
    const votes = new Map<number | string | bigint, number>();
    for (let i = 0; i < voters; i++) votes.set(of(i, row), (votes.get(of(i, row)) ?? 0) + (step.weights[i] ?? 1));
    let most = of(0, row);
    for (const [label, count] of votes) if (count > votes.get(most)!) most = label;
    (data as (string | number | bigint)[])[row] = most;
  }
  return data;
}
