// Whether the model gives what its signature promises: outputs of the stated width, labels that are among the classes,
// probabilities that are some.

import { MISSING_STRING, type Signature } from "@slipway/core/package";
import type { OutputData } from "../../runtime/index.ts";
import { defineGateTest, type Cell, type GateTest } from "../define-gate-test.ts";
import { labelKey } from "../labelled-data.ts";
import { cellOf } from "../predictions.ts";
import { histogram } from "./quality.ts";

/** Float32 sums of many classes; nothing that a person would call a probability is beyond it. */
const SLACK = 1e-4;

export const signature: GateTest = defineGateTest({
  name: "signature", title: "What the signature promises", area: "data",
  checks: "Every output has the stated width, labels are among the stated classes, probabilities are between 0 and 1 and add up to 1, numbers are numbers.",
  needsRows: true,
  run({ answers, model, rowsFrom }) {
    const faults = answers.outputs.flatMap((o) => faultsOf(o, answers.rows, model.signature).map((fault): Cell[] => [o.output.name, fault]));
    const numeric = answers.outputs.filter((o) => o.output.kind === "value" && o.width === 1 && typeof o.data[0] === "number");
    const figures = Object.fromEntries(answers.outputs.map((o) => [o.output.name, `${o.output.kind}, ${o.output.type}, ${o.width} a row`]));
    return {
      verdict: faults.length > 0 ? "fail" : "pass",
      reason: faults.length > 0 ? faults.slice(0, 3).map((f) => f.join(": ")).join("; ") : `the answers to ${answers.rows} rows (${rowsFrom}) are what it says`,
      bar: "no output that is otherwise",
      figures: { rows: answers.rows, ...figures },
      tables: faults.length === 0 ? [] : [{ title: "What is otherwise", columns: ["output", "how"], rows: faults }],
      pictures: [...answers.outputs.filter((o) => o.output.kind === "label" && o.width === 1).map(labelCounts), ...numeric.slice(0, 3).map((o) => histogram(`Answers: ${o.output.name}`, Float64Array.from(o.data as ArrayLike<number>)))],
    };
  },
});

function faultsOf(o: OutputData, rows: number, { layout, outputs }: Signature): string[] {
  const { output, width } = o;
  const found: string[] = [];
  const stated = output.rowShape.reduce((n, d) => n * d, 1);
  // Tensors have sizes that depend on their inputs.
  if (layout !== "tensors" && output.rowShape.every((d) => d >= 0) && stated !== width) found.push(`${stated} values a row are promised, ${width} are given`);
  if (output.columns !== undefined && output.columns.length !== width) found.push(`${output.columns.length} entries are named, ${width} are given`);
  if (output.kind === "label" && output.classes !== undefined && output.classes.length > 0) {
    const classes = new Set(output.classes.map((c) => labelKey(c, output.type)));
    for (let i = 0; i < rows * width; i++) {
      if (o.data[i] === MISSING_STRING || classes.has(labelKey(cellOf(o, i), output.type))) continue;
      found.push(`row ${Math.floor(i / width) + 1} has the label ${JSON.stringify(String(cellOf(o, i)).slice(0, 60))}, which is none of the ${classes.size} classes`);
      break;
    }
  }
  if (output.kind === "transformed" || output.type === "string") return found;
  let nan = 0;
  let outside = 0;
  for (let i = 0; i < rows * width; i++) {
    const value = Number(o.data[i]);
    if (Number.isNaN(value)) nan++;
    else if (output.kind === "probabilities" && (value < -SLACK || value > 1 + SLACK)) outside++;
  }
  if (nan > 0) found.push(`${nan} of ${rows * width} values are NaN`);
  if (outside > 0) found.push(`${outside} probabilities are not between 0 and 1`);
  // Of several labels a row, each has a probability of its own.
  const oneLabel = outputs.some((l) => l.kind === "label" && l.rowShape.length === 0 && l.classes?.length === width);
  if (output.kind === "probabilities" && output.rowShape.length === 1 && oneLabel && nan === 0) {
    let off = 0;
    for (let row = 0; row < rows; row++) {
      let sum = 0;
      for (let j = 0; j < width; j++) sum += Number(o.data[row * width + j]);
      if (Math.abs(sum - 1) > SLACK) off++;
    }
    if (off > 0) found.push(`the probabilities of ${off} of ${rows} rows do not add up to 1`);
  }
  return found;
}

function labelCounts(o: OutputData): { kind: "counts"; title: string; bars: { name: string; value: number }[] } {
  const counts = new Map<string, number>();
  for (let i = 0; i < o.data.length; i++) {
    const key = String(cellOf(o, i));
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return { kind: "counts", title: `Answers: ${o.output.name}`, bars: [...counts].sort((a, b) => b[1] - a[1]).slice(0, 12).map(([name, value]) => ({ name, value })) };
}
