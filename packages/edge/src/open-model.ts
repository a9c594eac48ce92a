// A package's bytes -> a model that answers on this thread, after it answered its own checked rows.

import { assertSound } from "@slipway/core/onnx";
import { compareOutputs, readSlip, type Checks, type ModelPackage } from "@slipway/core/package";
import {
  Answer, chunkRows, Encoder, placeRows, planFeeds, readInput, refuseRows, selectOutputs,
  type Batch, type EngineTensor, type Feed, type ImageOptions, type ModelInput, type Picture, type PredictedRow, type Prediction, type RowError, type Session,
} from "@slipway/core/predict";
import { edgeError } from "./errors.ts";
import { openEngine, type OpenedEngine } from "./open-engine.ts";
import type { Parts } from "./parts.ts";
import type { CheckResult, EdgeModel, OpenOptions, PredictOptions, SoundSource } from "./types.ts";

const ROWS_PER_CALL = 1024;

export type LocalModel = Omit<EdgeModel, "predictImage" | "thread"> & {
  predictImage(pictures: readonly Picture[], options?: ImageOptions & PredictOptions): Promise<(PredictedRow | RowError)[]>;
};

/** @throws SlipwayError package-*, edge-integrity for another digest, edge-check-differs, what verifying a signature throws, and what opening an engine throws */
export async function openModel(bytes: Uint8Array, options: OpenOptions, parts: Parts): Promise<LocalModel> {
  const source = await readSlip(bytes);
  if (options.digest !== undefined && options.digest !== source.digest) throw edgeError("edge-integrity", `the package is ${source.digest}, not ${options.digest.slice(0, 100)}`);
  // Before anything of it is used.
  const signedBy = options.trust === undefined ? null : await parts.verify(source, options.trust);
  if (source.text !== undefined) throw edgeError("edge-texts", `${source.manifest.name} takes texts through a tokenizer, which is not done here`, { hint: "Serve it (slipway serve), and ask it from here." });
  assertSound(source.model);
  const engine = await openEngine(source, options, parts);
  const session = source.signature.task === undefined ? engine.session : (await parts.media()).dressSession(engine.session, source.signature);
  const model = new Local(source, { ...engine, session }, signedBy, parts);
  if (source.checks !== null && options.checks !== "skip") await model.replay(source.checks);
  if (model.check?.passed === false && options.checks !== "report") {
    await model.close();
    const { rows, rowsBeyond, labelFlips, worst } = model.check;
    const [first] = worst;
    throw edgeError("edge-check-differs", `${source.manifest.name} ${source.manifest.version}: ${rowsBeyond} of its ${rows} checked rows are answered otherwise here, ${labelFlips} labels among them${first === undefined ? "" : `; row ${first.row + 1}: ${first.output} is ${String(first.actual)} instead of ${String(first.expected)}`}`, {
      data: { rows, rowsBeyond, labelFlips, worst: worst.map((w) => ({ ...w, expected: String(w.expected), actual: String(w.actual) })) } });
  }
  return model;
}

class Local implements LocalModel {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly signature: ModelPackage["signature"];
  readonly engine: EdgeModel["engine"];
  readonly signedBy: string | null;
  check: CheckResult | null = null;
  readonly #encoder: Encoder;
  readonly #feeds: readonly Feed[];
  readonly #session: Session;
  readonly #parts: Parts;
  #closed = false;

  constructor({ manifest, digest, signature }: ModelPackage, { session, engine, columns }: OpenedEngine, signedBy: string | null, parts: Parts) {
    this.#parts = parts;
    this.name = manifest.name;
    this.version = manifest.version;
    this.digest = digest;
    this.signature = signature;
    this.engine = engine;
    this.signedBy = signedBy;
    this.#encoder = new Encoder(signature);
    this.#session = session;
    this.#feeds = planFeeds(session.inputs, columns, this.#encoder.plan);
  }

  async predict(input: unknown, options: PredictOptions = {}): Promise<(PredictedRow | RowError)[]> {
    return this.#answer(readInput(input, this.signature), options);
  }

  async predictImage(pictures: readonly Picture[], options: ImageOptions & PredictOptions = {}): Promise<(PredictedRow | RowError)[]> {
    return this.#answer((await this.#parts.media()).pictureInput(pictures, this.signature, options), options);
  }

  async predictSound(sounds: SoundSource | readonly SoundSource[], options: PredictOptions = {}): Promise<(PredictedRow | RowError)[]> {
    return this.#answer((await this.#parts.media()).soundInput(sounds, this.signature), options);
  }

  async #answer(input: ModelInput, options: PredictOptions): Promise<(PredictedRow | RowError)[]> {
    const encoded = this.#encoder.encode(input, options.onInvalid);
    const prediction = await this.#run(encoded.batch, options.outputs);
    if (options.onInvalid !== "rows") refuseRows(prediction, this.#encoder.plan);
    return placeRows(encoded, prediction);
  }

  async #run(batch: Batch, names: readonly string[] | undefined): Promise<Prediction> {
    const answer = new Answer(batch.rows, selectOutputs(this.signature, names), this.signature);
    for (let start = 0; start < batch.rows; ) {
      if (this.#closed) throw edgeError("edge-closed", `the model ${this.name} was closed`);
      const count = chunkRows(batch, start, this.#encoder.plan, ROWS_PER_CALL);
      const feeds: Record<string, EngineTensor> = {};
      for (const feed of this.#feeds) feeds[feed.name] = feed.take(batch, start, count);
      // A page that asks on its own thread stays alive between two parts.
      if (start > 0) await new Promise((resolve) => setTimeout(resolve));
      const before = performance.now();
      const result = await this.#session.run(feeds, answer.names);
      answer.add(start, count, result, performance.now() - before);
      start += count;
    }
    return answer.prediction();
  }

  async replay(checks: Checks): Promise<void> {
    const before = performance.now();
    const { batch } = this.#encoder.encode({ kind: "records", records: checks.inputs });
    const { passed, rows, rowsBeyond, labelFlips, maxAbs, worst } = compareOutputs(checks.expected, (await this.#run(batch, Object.keys(checks.expected))).outputs, checks.tolerance);
    this.check = { passed, rows, rowsBeyond, labelFlips, maxAbs, worst, ms: performance.now() - before };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#session.close();
  }
}
