// Batches joined to one, and each one's rows cut out of the joint prediction.

import type { Batch, EngineTensor, OutputData, Prediction } from "@slipway/core/predict";


export function joinBatches(batches: readonly Batch[], rows: number): Batch {
  const numbers = new Float64Array(batches.reduce((n, b) => n + b.numbers.length, 0));
  const strings: string[] = [];
  let at = 0;
  for (const batch of batches) {
    numbers.set(batch.numbers, at);
    at += batch.numbers.length;
    for (const text of batch.strings) strings.push(text);
  }
  const [first] = batches;
  return { rows, numbers, strings, ...(first?.tensors ? { tensors: first.tensors.map((_, i) => joinTensors(batches.map((b) => b.tensors![i]!), rows)) } : {}) };
}

/** Throws where rows differ in their sizes: each batch is then computed alone. */
function joinTensors(parts: readonly EngineTensor[], rows: number): EngineTensor {
  const [{ type, dims: [, ...row], data }] = parts as [EngineTensor, ...EngineTensor[]];
  if (parts.some((p) => p.dims.slice(1).join() !== row.join())) throw new RangeError("rows of several sizes");
  const dims = [rows, ...row];
  if (Array.isArray(data)) return { type, dims, data: parts.flatMap((p) => p.data as string[]) };
  const joined = new (data.constructor as new (n: number) => Float64Array)(parts.reduce((n, p) => n + p.data.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part.data as Float64Array, at);
    at += part.data.length;
  }
  return { type, dims, data: joined };
}

export function rowsOf(prediction: Prediction, start: number, count: number): Prediction {
  const refused = new Map([...(prediction.refused ?? [])].filter(([row]) => row >= start && row < start + count).map(([row, reason]) => [row - start, reason]));
  return {
    rows: count,
    ...(refused.size === 0 ? {} : { refused }),
    computeMs: (prediction.computeMs * count) / prediction.rows,
    outputs: prediction.outputs.map((o) => ({ ...o, data: o.data.slice(start * o.width, (start + count) * o.width) as OutputData["data"] })),
  };
}
