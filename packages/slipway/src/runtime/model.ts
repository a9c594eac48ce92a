// A compiled model ready to predict. Its lifetime: loadModelPackage -> predict ... -> close.
// Large requests run in chunks sized so that the event loop is free again after some milliseconds.

import { packedFace } from "@slipway/core/onnx";
import { REFUSED_OUTPUT, type Output, type Signature } from "@slipway/core/package";
import { toRows, type OutputData, type PredictedRow, type Prediction } from "./decode.ts";
import { Encoder, type Batch, type Encoded, type ModelInput, type OnInvalid } from "./encode.ts";
import { runtimeError } from "./errors.ts";
import { halfToNumber } from "./half.ts";
import { planFeeds, type Feed } from "./feeds.ts";
import { readInput } from "./input.ts";
import { Problems } from "./problems.ts";
import type { Servable } from "./servable.ts";
import { exampleRequest } from "./example.ts";
import { placeSession, type PlacementOptions } from "./placement.ts";
import { Cost } from "./scheduling/cost.ts";
import type { BatchingOptions } from "./scheduling/options.ts";
import { admit, Scheduler, type Load } from "./scheduling/scheduler.ts";
import { Slots } from "./scheduling/slots.ts";
import type { PooledSession } from "./workers/pool.ts";
import { type EngineData, type EngineTensor, type Session } from "./session.ts";

/** What the runtime needs of a package. */
export interface ModelSource {
  readonly model: Uint8Array;
  readonly signature: Signature;
  readonly manifest: { readonly name: string; readonly version: string };
  readonly digest: string;
}

export interface RunOptions {
  /** Names of the outputs to compute; all of them by default. */
  readonly outputs?: readonly string[];
  /** Stops between two chunks. An AbortSignal, or anything with its method. */
  readonly signal?: Pick<AbortSignal, "throwIfAborted">;
  /** 1 is first; where the model has several levels (batching.priorityLevels). */
  readonly priority?: number | undefined;
  /** How long it may wait in the queue. */
  readonly timeoutMicroseconds?: number | undefined;
}
export interface PredictOptions extends RunOptions {
  /** `throw` (the default) or `rows`: what becomes of a request with bad rows. */
  readonly onInvalid?: OnInvalid;
}
/** A row that does not fit the model, with `onInvalid: "rows"`. */
export interface RowError {
  readonly error: { readonly code: "request-invalid"; readonly message: string; readonly column: string | null; readonly expected: string; readonly found: string };
}

const MAX_SCHEDULERS = 64;
/** Larger batches gain nothing from company. */
const SHARED_ROWS = 64;
/** Elsewhere than on this thread nobody is held up; shorter calls let others in between. */
const WORKER_TURN_MS = 50;
const TURN_MS = 8;
const MAX_CHUNK_ROWS = 8192;
const MAX_CHUNK_CELLS = 2 ** 20;
/** Numbers inside the model, and characters times rows, of a chunk of texts. */
const MAX_CHUNK_INNER = 2 ** 22;
const MAX_CHUNK_TEXT = 2 ** 21;
/** Values of one answer: bounds what is allocated for it. */
const MAX_OUTPUT_CELLS = 2 ** 28;

export class Model implements Servable {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly signature: Signature;
  readonly encoder: Encoder;
  readonly #session: Session;
  readonly #feeds: readonly Feed[];
  readonly #shareCalls: boolean;
  readonly #batching: BatchingOptions;
  readonly #slots: Slots;
  readonly #cost: Cost = new Cost();
  readonly #load: Load = { requests: 0, rows: 0 };
  /** One for every choice of outputs. */
  readonly #schedulers = new Map<string, Scheduler>();
  #closed = false;
  #running = 0;

  /** `columns`: which columns each of the session's inputs holds. */
  constructor(source: ModelSource, session: Session, columns: ReadonlyMap<string, readonly string[]>, options: LoadOptions = {}) {
    this.name = source.manifest.name;
    this.version = source.manifest.version;
    this.digest = source.digest;
    this.signature = source.signature;
    this.encoder = new Encoder(source.signature);
    this.#session = session;
    this.#shareCalls = options.shareCalls ?? true;
    this.#batching = options.batching ?? {};
    this.#slots = new Slots(session.concurrency ?? 1);
    this.#feeds = planFeeds(session.inputs, columns, this.encoder.plan);
  }

  /**
   * `input`: one record, records, rows, columns, or texts (see readInput). One object a row, by output name.
   * With `onInvalid: "rows"`, rows that do not fit come back as `{error}` in their place.
   * @throws SlipwayError request-invalid, request-shape, request-limit
   */
  predict(input: unknown, options: PredictOptions & { readonly onInvalid: "rows" }): Promise<(PredictedRow | RowError)[]>;
  predict(input: unknown, options?: PredictOptions): Promise<PredictedRow[]>;
  async predict(input: unknown, options: PredictOptions = {}): Promise<(PredictedRow | RowError)[]> {
    return this.predictInput(readInput(input, this.signature), options);
  }

  async predictInput(input: ModelInput, options: PredictOptions = {}): Promise<(PredictedRow | RowError)[]> {
    const encoded = this.encoder.encode(input, options.onInvalid);
    return placeRows(encoded, await this.run(encoded.batch, options));
  }

  /** Checks rows and brings them into the engine's form. */
  encode(input: ModelInput, onInvalid?: OnInvalid): Encoded {
    return this.encoder.encode(input, onInvalid);
  }

  /** The outputs of the signature with these names, in the order asked for. @throws SlipwayError output-unknown */
  selectOutputs(names?: readonly string[]): readonly Output[] {
    if (names === undefined) return this.signature.outputs;
    return names.map((name) => {
      const output = this.signature.outputs.find((o) => o.name === name);
      if (output === undefined) {
        const known = this.signature.outputs.map((o) => o.name);
        throw runtimeError("output-unknown", `the model has no output ${JSON.stringify(name.slice(0, 100))}`, { hint: `Its outputs: ${known.join(", ")}.`, data: { outputs: known } });
      }
      return output;
    });
  }

  /**
   * Small batches share an engine call with others that arrive in the same turn of the event loop.
   * @throws SlipwayError request-invalid when the graph refuses a row, unless `onInvalid` is "rows"
   */
  async run(batch: Batch, options: PredictOptions = {}): Promise<Prediction> {
    const prediction = await this.#shared(batch, options);
    if (prediction.refused === undefined || options.onInvalid === "rows") return prediction;
    const problems = new Problems();
    for (const [row, reason] of prediction.refused) problems.add(row, null, ...refusedRow(reason));
    throw problems.toError(undefined, this.encoder.plan.usedNames);
  }

  async #shared(batch: Batch, options: RunOptions): Promise<Prediction> {
    const outputs = this.selectOutputs(options.outputs);
    options.signal?.throwIfAborted();
    if (!this.#shareCalls || (this.signature.tensorRows ?? "independent") !== "independent" || batch.rows === 0 || batch.rows > Math.min(SHARED_ROWS, this.#batching.maxBatchSize ?? SHARED_ROWS)) return this.#alone(batch, outputs, options);
    const key = options.outputs === undefined ? "" : JSON.stringify(options.outputs);
    let scheduler = this.#schedulers.get(key);
    if (scheduler === undefined) {
      if (this.#schedulers.size >= MAX_SCHEDULERS) return this.#alone(batch, outputs, options);
      scheduler = new Scheduler((joined) => this.#compute(joined, outputs, undefined, true), { slots: this.#slots, cost: this.#cost, load: this.#load, options: this.#batching });
      this.#schedulers.set(key, scheduler);
    }
    this.#running++;
    try {
      return await scheduler.add(batch, options);
    } finally {
      this.#running--;
    }
  }

  /** A request whose calls nobody shares; its parts take turns with others. */
  async #alone(batch: Batch, outputs: readonly Output[], options: RunOptions): Promise<Prediction> {
    admit(this.#load, this.#slots, this.#cost, this.#batching);
    this.#load.requests++;
    this.#load.rows += batch.rows;
    try {
      return await this.#compute(batch, outputs, options.signal, false);
    } finally {
      this.#load.requests--;
      this.#load.rows -= batch.rows;
    }
  }

  /** `held`: whether the caller has taken a slot already. */
  async #compute(batch: Batch, outputs: readonly Output[], signal: RunOptions["signal"], held: boolean): Promise<Prediction> {
    const reasons = this.signature.rowChecks;
    const names = [...outputs.map((o) => o.graphName), ...(reasons === undefined ? [] : [REFUSED_OUTPUT])];
    const refused = new Map<number, string>();
    const parts: Readonly<Record<string, EngineTensor>>[] = [];
    let computeMs = 0;
    this.#running++;
    try {
      for (let start = 0; start < batch.rows; ) {
        signal?.throwIfAborted();
        if (this.#closed) throw runtimeError("model-closed", `the model ${this.name} was closed`);
        const count = this.#chunkRows(batch, start);
        const feeds: Record<string, EngineTensor> = {};
        for (const feed of this.#feeds) feeds[feed.name] = feed.take(batch, start, count);
        if (start > 0) await new Promise((resolve) => setImmediate(resolve));
        if (!held) await this.#slots.take();
        let result: Readonly<Record<string, EngineTensor>>;
        try {
          const before = performance.now();
          result = await this.#session.run(feeds, names);
          const ms = performance.now() - before;
          computeMs += ms;
          this.#cost.observe(count, ms);
        } finally {
          if (!held) this.#slots.give();
        }
        if (this.signature.layout !== "tensors") checkRows(count, outputs, result);
        if (start === 0) this.#checkSize(batch.rows, count, outputs, result);
        parts.push(result);
        if (reasons !== undefined) {
          (result[REFUSED_OUTPUT]!.data as BigInt64Array).forEach((check, i) => check > 0n && refused.set(start + i, reasons[Number(check) - 1] ?? "the model refuses it"));
        }
        start += count;
      }
    } finally {
      this.#running--;
    }
    return {
      rows: batch.rows, computeMs, outputs: outputs.map((output) => joinParts(output, parts.map((p) => p[output.graphName]!), batch.rows, this.signature)),
      ...(refused.size === 0 ? {} : { refused }),
    };
  }

  get busy(): boolean {
    return this.#running > 0;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    while (this.#running > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await this.#session.close();
  }

  /** Rows of one call: learnt, so that the event loop is free again soon. */
  get #rowsPerTurn(): number {
    if (!this.#cost.known) return 256;
    const rows = this.#cost.rowsWithin(this.#slots.size > 1 ? WORKER_TURN_MS : TURN_MS);
    return Math.max(this.#cost.of(1) > TURN_MS ? 1 : 32, Math.min(MAX_CHUNK_ROWS, rows));
  }

  /** Process ids of its workers, where they are processes. */
  get pids(): readonly number[] {
    return (this.#session as Partial<PooledSession>).pids ?? [];
  }

  /** Requests that wait, and their rows. */
  get load(): Readonly<Load> {
    return this.#load;
  }

  /** Milliseconds that one call with so many rows is expected to take. */
  expectedMs(rows: number): number {
    return this.#cost.of(rows);
  }

  #chunkRows(batch: Batch, start: number): number {
    const { numbers, strings } = this.encoder.plan;
    const { rowCells = 0, layout, tensorRows } = this.signature;
    if (layout === "tensors") return tensorRows === "one" || tensorRows === "none" ? 1 : tensorRows === "together" ? batch.rows : Math.min(batch.rows - start, this.#rowsPerTurn);
    const rows = Math.min(batch.rows - start, this.#rowsPerTurn, Math.floor(MAX_CHUNK_CELLS / Math.max(1, numbers + strings)), rowCells === 0 ? Infinity : Math.floor(MAX_CHUNK_INNER / rowCells));
    if (rowCells === 0) return Math.max(1, rows);
    // The engine cuts texts into tokens in a table that is as wide as the longest of them.
    let longest = 1;
    let count = 0;
    for (; count < rows; count++) {
      for (let i = 0; i < strings; i++) longest = Math.max(longest, batch.strings[(start + count) * strings + i]!.length);
      if (longest * (count + 1) > MAX_CHUNK_TEXT) break;
    }
    return Math.max(1, count);
  }

  #checkSize(rows: number, count: number, outputs: readonly Output[], first: Readonly<Record<string, EngineTensor>>): void {
    for (const output of outputs) {
      const width = first[output.graphName]!.data.length / count;
      if (width * rows > MAX_OUTPUT_CELLS) {
        throw runtimeError("request-limit", `${output.name} of ${rows} rows would hold ${width * rows} values`, { hint: "Send fewer rows, or ask for other outputs only." });
      }
    }
  }
}

export interface LoadOptions extends PlacementOptions {
  /** How requests share calls and how long they may queue. */
  readonly batching?: BatchingOptions | undefined;
  /**
   * Whether small requests of the same moment share an engine call (yes by default). The engine's vector loops round
   * exp and its kin differently by a row's place in a batch, in the last bit; without sharing, the same request always
   * gives the same bits.
   */
  readonly shareCalls?: boolean;
}

export async function loadModelPackage(source: ModelSource, options: LoadOptions = {}): Promise<Model> {
  // The same graph with few inputs instead of one a column: a quarter of the time a call on wide models.
  const face = source.signature.layout === "tensors" ? { bytes: source.model, inputs: [] } : packedFace(source.model);
  const columns = new Map(face.inputs.map((i) => [i.name, i.columns]));
  const session = await placeSession(face.bytes, options, (inline) => measureCall(new Model(source, inline, columns)));
  return new Model(source, session, columns, options);
}

/** Milliseconds of a call with one example row; the second and third of three, as the first also prepares. */
async function measureCall(model: Model): Promise<number> {
  const { batch } = model.encode(readInput(exampleRequest(model.signature), model.signature));
  const times: number[] = [];
  for (let i = 0; i < 3; i++) times.push((await model.run(batch, { onInvalid: "rows" })).computeMs);
  return Math.min(...times.slice(1));
}

/** A package can hold any graph: what it gives need not be what its signature says. */
function checkRows(rows: number, outputs: readonly Output[], result: Readonly<Record<string, EngineTensor>>): void {
  for (const output of outputs) {
    const { dims, data } = result[output.graphName]!;
    if ((dims[0] ?? 1) !== rows || (output.rowShape.length === 0 && data.length !== rows)) {
      throw runtimeError("runtime-failed", `the model gave ${output.name} as [${dims.join(", ")}] for ${rows} rows of ${output.rowShape.length === 0 ? "one value" : `[${output.rowShape.join(", ")}]`}`, {
        hint: "The package's graph and its signature do not agree: pack the model again." });
    }
  }
}

function joinParts(output: Output, given: readonly EngineTensor[], rows: number, signature: Signature): OutputData {
  const parts = output.type === "float16" ? given.map(asFloats) : given;
  const first = parts[0];
  if (first === undefined) return { output, width: rowWidth(output), data: emptyData(output) };
  const dims = signature.layout === "tensors" ? { dims: rowDims(output, parts, rows, signature) } : {};
  if (parts.length === 1) return { output, width: rows === 0 ? rowWidth(output) : first.data.length / rows, data: first.data, ...dims };
  const total = parts.reduce((n, p) => n + p.data.length, 0);
  if (Array.isArray(first.data)) return { output, width: total / rows, data: parts.flatMap((p) => p.data as string[]), ...dims };
  const data = new (first.data.constructor as new (n: number) => Float64Array)(total);
  let at = 0;
  for (const part of parts) {
    data.set(part.data as Float64Array, at);
    at += part.data.length;
  }
  return { output, width: total / rows, data, ...dims };
}

/** 16-bit floats are given as their bits, or as a Float16Array by engines that know it. */
function asFloats(tensor: EngineTensor): EngineTensor {
  const data = tensor.data as Uint16Array;
  return { ...tensor, data: data instanceof Uint16Array ? Float32Array.from(data, halfToNumber) : Float32Array.from(data as ArrayLike<number>) };
}

/** The sizes of one row of what a foreign model gave; its declarations need not be true. */
function rowDims(output: Output, parts: readonly EngineTensor[], rows: number, signature: Signature): readonly number[] {
  const [first] = parts;
  if (signature.tensorRows === "none") return first!.dims;
  const dims = first!.dims.slice(1);
  const found = parts.reduce((n, p) => n + (p.dims[0] ?? 0), 0);
  if (found !== rows || parts.some((p) => p.dims.slice(1).join() !== dims.join())) {
    throw runtimeError("runtime-failed", `the model gave ${output.name} as [${first!.dims.join(", ")}] for ${rows} rows: its first dimension is not the rows, or the sizes of its rows differ`);
  }
  return output.rowShape.length === 0 && dims.every((d) => d === 1) ? [] : dims;
}

function rowWidth(output: Output): number {
  return output.rowShape.reduce((n, d) => n * Math.max(0, d), 1);
}
function emptyData(output: Output): EngineData {
  switch (output.type) {
    case "string": return [];
    case "int64": return new BigInt64Array(0);
    case "float": return new Float32Array(0);
    case "bool": return new Uint8Array(0);
    case "double": return new Float64Array(0);
    case "uint64": return new BigUint64Array(0);
    case "int8": case "int16": case "int32": return new Int32Array(0);
    case "uint8": case "uint16": case "uint32": case "float16": return new Float32Array(0);
  }
}

/** What stands in a problem where a whole row is refused. */
function refusedRow(reason: string): [expected: string, found: string] {
  return ["a row that the model can compute", reason];
}

/** Puts predicted rows and row errors into the request's order. */
export function placeRows(encoded: Encoded, prediction: Prediction): (PredictedRow | RowError)[] {
  const { kept, rowErrors } = encoded;
  const rows: (PredictedRow | RowError)[] = toRows(prediction);
  for (const [row, reason] of prediction.refused ?? []) {
    const [expected, found] = refusedRow(reason);
    rows[row] = { error: { code: "request-invalid", message: `expected ${expected}, found ${found}`, column: null, expected, found } };
  }
  if (kept === undefined) return rows;
  const placed: (PredictedRow | RowError)[] = [];
  kept.forEach((row, i) => (placed[row] = rows[i]!));
  for (const [row, p] of rowErrors) {
    placed[row] = { error: { code: "request-invalid", message: p.message, column: p.column, expected: p.expected, found: p.found } };
  }
  return placed;
}
