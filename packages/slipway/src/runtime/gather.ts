// Small batches that arrive in one turn of the event loop share one engine call: nobody waits for anybody, and an engine
// call costs far more than a row. Rows are counted, not requests; every caller gets its own rows back.
// If a shared call fails, each batch is computed alone, so that one cannot fail another.

import type { OutputData, Prediction } from "./decode.ts";
import type { Batch } from "./encode.ts";
import type { EngineTensor } from "./session.ts";

/** Larger batches gain nothing from company. */
export const SHARED_ROWS = 64;
const MAX_SHARED_ROWS = 1024;

interface Waiting {
  readonly batch: Batch;
  readonly resolve: (prediction: Prediction) => void;
  readonly reject: (error: unknown) => void;
}

export class Gatherer {
  readonly #compute: (batch: Batch) => Promise<Prediction>;
  #waiting: Waiting[] = [];

  constructor(compute: (batch: Batch) => Promise<Prediction>) {
    this.#compute = compute;
  }

  add(batch: Batch): Promise<Prediction> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => this.#flush());
      this.#waiting.push({ batch, resolve, reject });
    });
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (let start = 0; start < waiting.length; ) {
      let end = start;
      let rows = 0;
      while (end < waiting.length && (end === start || rows + waiting[end]!.batch.rows <= MAX_SHARED_ROWS)) rows += waiting[end++]!.batch.rows;
      void this.#together(waiting.slice(start, end), rows);
      start = end;
    }
  }

  async #together(group: readonly Waiting[], rows: number): Promise<void> {
    if (group.length > 1) {
      try {
        const prediction = await this.#compute(joinBatches(group.map((w) => w.batch), rows));
        let at = 0;
        for (const w of group) {
          w.resolve(rowsOf(prediction, at, w.batch.rows));
          at += w.batch.rows;
        }
        return;
      } catch {
        // Whose rows it was is not known: each is asked alone below.
      }
    }
    for (const w of group) await this.#compute(w.batch).then(w.resolve, w.reject);
  }
}

function joinBatches(batches: readonly Batch[], rows: number): Batch {
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

function rowsOf(prediction: Prediction, start: number, count: number): Prediction {
  const refused = new Map([...(prediction.refused ?? [])].filter(([row]) => row >= start && row < start + count).map(([row, reason]) => [row - start, reason]));
  return {
    rows: count,
    ...(refused.size === 0 ? {} : { refused }),
    computeMs: (prediction.computeMs * count) / prediction.rows,
    outputs: prediction.outputs.map((o) => ({ ...o, data: o.data.slice(start * o.width, (start + count) * o.width) as OutputData["data"] })),
  };
}
