// A model whose answers are kept and given again for equal rows: by the rows in the engine's form and the outputs asked
// for, the least recently used pushed out first, none kept longer than its time. One cache a version, so a new version
// begins with none. Never around a model that draws random numbers (see repository.ts).

import { createHash } from "node:crypto";
import type { Batch, Prediction, PredictOptions, Servable } from "../../runtime/index.ts";
import { WrappedModel } from "./wrapped-model.ts";

export interface CacheOptions {
  readonly maxBytes: number;
  /** Milliseconds; for ever by default. */
  readonly ttl?: number | undefined;
}
export interface CacheStats {
  hits: number;
  misses: number;
  pushedOut: number;
  bytes: number;
  entries: number;
}

interface Kept {
  readonly prediction: Prediction;
  readonly bytes: number;
  readonly until: number;
}

/** What an entry takes beside its values. */
const ENTRY_BYTES = 400;

export class CachedModel extends WrappedModel {
  readonly stats: CacheStats = { hits: 0, misses: 0, pushedOut: 0, bytes: 0, entries: 0 };
  readonly #options: CacheOptions;
  readonly #now: () => number;
  /** The first is the one that was used longest ago. */
  readonly #kept = new Map<string, Kept>();

  constructor(model: Servable, options: CacheOptions, now: () => number = () => performance.now()) {
    super(model);
    this.#options = options;
    this.#now = now;
  }
  override async run(batch: Batch, options: PredictOptions = {}): Promise<Prediction> {
    const key = keyOf(batch, options.outputs);
    const kept = this.#kept.get(key);
    if (kept !== undefined && this.#now() < kept.until && (kept.prediction.refused === undefined || options.onInvalid === "rows")) {
      options.signal?.throwIfAborted();
      this.stats.hits++;
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      return { ...kept.prediction, computeMs: 0, queueMs: 0 };
    }
    this.stats.misses++;
    const prediction = await this.model.run(batch, options);
    this.#keep(key, prediction);
    return prediction;
  }
  override async close(): Promise<void> {
    this.#kept.clear();
    this.stats.bytes = this.stats.entries = 0;
    await super.close();
  }

  #keep(key: string, prediction: Prediction): void {
    const bytes = sizeOf(prediction);
    if (bytes > this.#options.maxBytes) return;
    this.#drop(key);
    this.#kept.set(key, { prediction, bytes, until: this.#options.ttl === undefined ? Infinity : this.#now() + this.#options.ttl });
    this.stats.bytes += bytes;
    for (const oldest of this.#kept.keys()) {
      if (this.stats.bytes <= this.#options.maxBytes) break;
      this.#drop(oldest);
      this.stats.pushedOut++;
    }
    this.stats.entries = this.#kept.size;
  }
  #drop(key: string): void {
    const kept = this.#kept.get(key);
    if (kept === undefined) return;
    this.#kept.delete(key);
    this.stats.bytes -= kept.bytes;
  }
}

/** Every length stands before what it measures, so that no two batches have the same key. */
function keyOf(batch: Batch, outputs: readonly string[] | undefined): string {
  const hash = createHash("sha256");
  const text = (value: string): void => void hash.update(`${value.length}:`).update(value, "utf16le");
  hash.update(`${batch.rows};${batch.numbers.length};${batch.strings.length};${outputs?.length ?? "all"};`);
  for (const name of outputs ?? []) text(name);
  hash.update(new Uint8Array(batch.numbers.buffer, batch.numbers.byteOffset, batch.numbers.byteLength));
  for (const value of batch.strings) text(value);
  for (const { type, dims, data } of batch.tensors ?? []) {
    hash.update(`${type}[${dims.join(",")}]`);
    if (Array.isArray(data)) for (const value of data) text(value);
    else hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("base64");
}

function sizeOf(prediction: Prediction): number {
  return prediction.outputs.reduce((n, { data }) => n + (Array.isArray(data) ? data.reduce((m, s) => m + 2 * s.length + 16, 0) : data.byteLength), ENTRY_BYTES) + (prediction.refused?.size ?? 0) * 100;
}
