// Batches joined to one, and each one's rows cut out of the joint prediction.

import { sameDims, type Batch, type EngineTensor, type OutputData, type Prediction } from "@slipway/core/predict";

export function joinBatches(batches: readonly Batch[], rows: number): Batch {
  let cells = 0;
  for (const batch of batches) cells += batch.numbers.length;
  const numbers = new Float64Array(cells);
  const strings: string[] = [];
  let at = 0;
  for (const batch of batches) {
    if (batch.numbers.length > 0) numbers.set(batch.numbers, at);
    at += batch.numbers.length;
    for (const text of batch.strings) strings.push(text);
  }
  const tensors = batches[0]?.tensors?.map((_, i) => joinTensors(batches.map((b) => b.tensors![i]!), rows));
  return tensors === undefined ? { rows, numbers, strings } : { rows, numbers, strings, tensors };
}

/** Throws where rows differ in their sizes: each batch is then computed alone. */
function joinTensors(parts: readonly EngineTensor[], rows: number): EngineTensor {
  const [{ type, dims: first, data }] = parts as [EngineTensor, ...EngineTensor[]];
  let length = 0;
  for (const part of parts) {
    if (!sameDims(part.dims, first, 1)) throw new RangeError("rows of several sizes");
    length += part.data.length;
  }
  const dims = [rows, ...first.slice(1)];
  if (Array.isArray(data)) return { type, dims, data: parts.flatMap((p) => p.data as string[]) };
  const joined = new (data.constructor as new (n: number) => Float64Array)(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part.data as Float64Array, at);
    at += part.data.length;
  }
  return { type, dims, data: joined };
}

export function rowsOf(prediction: Prediction, start: number, count: number): Prediction {
  const outputs = prediction.outputs.map((o) => ({ ...o, data: o.data.slice(start * o.width, (start + count) * o.width) as OutputData["data"] }));
  const rows = { rows: count, computeMs: (prediction.computeMs * count) / prediction.rows, outputs };
  if (prediction.refused === undefined) return rows;
  const refused = new Map([...prediction.refused].filter(([row]) => row >= start && row < start + count).map(([row, reason]) => [row - start, reason]));
  return refused.size === 0 ? rows : { ...rows, refused };
}
