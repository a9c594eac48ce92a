// A compiled model ready to predict. Its lifetime: loadModelPackage -> predict ... -> close.
// Large requests run in chunks sized so that the event loop is free again after some milliseconds.

import type { Checks, Output, Recommending, Signature } from "@slipway/core/package";
import { Answer, chunkRows, dressSession, Encoder, exampleRequest, placeRows, planFeeds, readInput, refuseRows, selectOutputs, type Batch, type Encoded, type EngineTensor, type Feed, type ModelInput, type OnInvalid, type PredictedRow, type Prediction, type RowError, type Session } from "@slipway/core/predict";
import { openEngine, type EngineChoice, type EngineWish, type OpenedEngine } from "./engine.ts";
import { runtimeError } from "./errors.ts";
import type { Servable } from "./servable.ts";
import { PlainRows } from "./json/plain-rows.ts";
import { PlainTensor } from "./json/plain-tensor.ts";
import type { ItemSpace } from "./recommend/item-space.ts";
import type { PythonSource } from "./python/source.ts";
import { placeSession, type PlacementOptions } from "./placement.ts";
import { Cost } from "./scheduling/cost.ts";
import type { BatchingOptions } from "./scheduling/options.ts";
import { admit, Scheduler, type Load } from "./scheduling/scheduler.ts";
import { Slots } from "./scheduling/slots.ts";
import type { PooledSession } from "./workers/pool.ts";

/** What the runtime needs of a package. */
export interface ModelSource {
  readonly model: Uint8Array;
  readonly signature: Signature;
  readonly manifest: { readonly name: string; readonly version: string; readonly kernel?: number };
  readonly digest: string;
  /** Rows on which engines are compared, beside those made from the signature. */
  readonly checks?: Checks | null;
  /** As it stands in the package; whoever needs it reads it. */
  readonly profile?: unknown;
  /** Of a model of texts: its tokenizer and the rest around the network, as it stands in the package. */
  readonly text?: unknown;
  /** Of a model that recommends: its items. */
  readonly recommend?: Recommending;
  readonly vectors?: Uint8Array;
  /** Where it is a model that Python runs: how. There is no graph then. */
  readonly python?: PythonSource;
}

export interface RunOptions {
  /** Names of the outputs to compute; all of them by default. */
  readonly outputs?: readonly string[] | undefined;
  /** Stops between two chunks. An AbortSignal, or anything with its method. */
  readonly signal?: Pick<AbortSignal, "throwIfAborted"> | undefined;
  /** 1 is first; where the model has several levels (batching.priorityLevels). */
  readonly priority?: number | undefined;
  /** How long it may wait in the queue. */
  readonly timeoutMicroseconds?: number | undefined;
}
export interface PredictOptions extends RunOptions {
  /** `throw` (the default) or `rows`: what becomes of a request with bad rows. */
  readonly onInvalid?: OnInvalid;
}

const MAX_SCHEDULERS = 64;
/** Larger batches gain nothing from company. */
const SHARED_ROWS = 64;
/** Elsewhere than on this thread nobody is held up; shorter calls let others in between. */
const WORKER_TURN_MS = 50;
const TURN_MS = 8;
const MAX_CHUNK_ROWS = 8192;

export class Model implements Servable {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly signature: Signature;
  readonly profile: unknown;
  readonly encoder: Encoder;
  readonly itemSpace: ItemSpace | undefined;
  /** What computes it, and why that. */
  readonly engine: EngineChoice;
  /** Null: there is none for its kind of rows. */
  #plain: PlainRows | PlainTensor | null | undefined;
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

  constructor(source: ModelSource, { session, engine, columns }: OpenedEngine, options: LoadOptions = {}, itemSpace?: ItemSpace) {
    this.itemSpace = itemSpace;
    this.name = source.manifest.name;
    this.version = source.manifest.version;
    this.digest = source.digest;
    this.signature = source.signature;
    this.profile = source.profile ?? null;
    this.encoder = new Encoder(source.signature);
    this.engine = engine;
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

  /** Rows in JSON that are plain and good, read and checked at once; undefined: they are to be read another way. */
  readJson(bytes: Uint8Array): Batch | undefined {
    if (this.#plain === undefined) this.#plain = this.signature.layout === "tensors" ? PlainTensor.of(this.signature) ?? null : new PlainRows(this.encoder.plan);
    return this.#plain?.read(bytes);
  }

  /** The outputs of the signature with these names, in the order asked for. @throws SlipwayError output-unknown */
  selectOutputs(names?: readonly string[]): readonly Output[] {
    return selectOutputs(this.signature, names);
  }

  /**
   * Small batches share an engine call with others that arrive in the same turn of the event loop.
   * @throws SlipwayError request-invalid when the graph refuses a row, unless `onInvalid` is "rows"
   */
  async run(batch: Batch, options: PredictOptions = {}): Promise<Prediction> {
    return this.runSync(batch, options) ?? this.#answered(await this.#shared(batch, options), options);
  }

  /**
   * The same at once, without a turn of the event loop: where the engine can, and for no more rows than it answers in some
   * milliseconds; else undefined.
   * @throws as `run`
   */
  runSync(batch: Batch, options: PredictOptions = {}): Prediction | undefined {
    const { runSync } = this.#session;
    if (runSync === undefined || batch.rows === 0 || batch.rows > this.#rowsPerTurn || this.#chunkRows(batch, 0) < batch.rows) return undefined;
    const answer = new Answer(batch.rows, this.selectOutputs(options.outputs), this.signature);
    options.signal?.throwIfAborted();
    if (this.#closed) throw runtimeError("model-closed", `the model ${this.name} was closed`);
    const feeds = this.#feed(batch, 0, batch.rows);
    const before = performance.now();
    const result = runSync(feeds, answer.names);
    const ms = performance.now() - before;
    this.#cost.observe(batch.rows, ms);
    answer.add(0, batch.rows, result, ms);
    return this.#answered(answer.prediction(), options);
  }

  #feed(batch: Batch, start: number, count: number): Record<string, EngineTensor> {
    const feeds: Record<string, EngineTensor> = {};
    for (const feed of this.#feeds) feeds[feed.name] = feed.take(batch, start, count);
    return feeds;
  }

  #answered(prediction: Prediction, options: PredictOptions): Prediction {
    if (options.onInvalid !== "rows") refuseRows(prediction, this.encoder.plan);
    return prediction;
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
    const answer = new Answer(batch.rows, outputs, this.signature);
    this.#running++;
    try {
      for (let start = 0; start < batch.rows; ) {
        signal?.throwIfAborted();
        if (this.#closed) throw runtimeError("model-closed", `the model ${this.name} was closed`);
        const count = this.#chunkRows(batch, start);
        const feeds = this.#feed(batch, start, count);
        if (start > 0) await new Promise((resolve) => setImmediate(resolve));
        if (!held) await this.#slots.take();
        let result: Readonly<Record<string, EngineTensor>>;
        let ms: number;
        try {
          const before = performance.now();
          result = await this.#session.run(feeds, answer.names);
          ms = performance.now() - before;
          this.#cost.observe(count, ms);
        } finally {
          if (!held) this.#slots.give();
        }
        answer.add(start, count, result, ms);
        start += count;
      }
    } finally {
      this.#running--;
    }
    return answer.prediction();
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

  /** @throws SlipwayError overloaded, while the queue is full */
  admit(): void {
    admit(this.#load, this.#slots, this.#cost, this.#batching);
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
    return chunkRows(batch, start, this.encoder.plan, this.#rowsPerTurn);
  }
}

export interface LoadOptions extends PlacementOptions {
  readonly printed?: ((line: string) => void) | undefined;
  /** auto by default. */
  readonly engine?: EngineWish | undefined;
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
  const { signature } = source;
  const dress = signature.task !== undefined ? (network: Session) => dressSession(network, signature) : source.text === undefined ? undefined : (await import("./text/index.ts")).dressing(source.text);
  const opened = await openEngine(source, options, async (bytes, columns) => {
    const session = await placeSession(bytes, options, (inline) => measureCall(new Model(source, { session: dress?.(inline) ?? inline, engine: { name: "onnxruntime", reason: "measured" }, columns })));
    return dress?.(session) ?? session;
  });
  return new Model(source, opened, options, source.recommend === undefined ? undefined : (await import("./recommend/item-space.ts")).itemSpace(source.recommend, source.model, source.vectors));
}

/** Milliseconds of a call with one example row: the fastest after the first, which also prepares; of more where they seem slow, so that on a busy machine one of them is not interrupted. */
async function measureCall(model: Model): Promise<number> {
  const { batch } = model.encode(readInput(exampleRequest(model.signature), model.signature));
  const call = async (): Promise<number> => (await model.run(batch, { onInvalid: "rows" })).computeMs;
  await call();
  const began = performance.now();
  let fastest = Infinity;
  for (let i = 0; i < 2 || (i < 20 && fastest >= 1 && performance.now() - began < 100); i++) fastest = Math.min(fastest, await call());
  return fastest;
}
