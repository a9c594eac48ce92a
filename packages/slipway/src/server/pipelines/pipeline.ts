// Several models and combinations of what they give, served as one. Steps that need nothing of each other run together.
// A row that a later step refuses (a value it does not take) is refused with the step's name; the others are answered.

import { MISSING_STRING, type Output } from "@slipway/core/package";
import type { PipelineSettings } from "../../config/index.ts";
import { type Batch, type Encoded, Encoder, type ModelInput, type OnInvalid, type OutputData, predictError, type Prediction, type PredictOptions, type Servable } from "../../runtime/index.ts";
import { serverError } from "../errors.ts";
import type { ModelDirectory } from "../models/directory.ts";
import { combineValues } from "./combine.ts";
import { planPipeline, type PipelinePlan, type PlannedStep, type Source } from "./pipeline-plan.ts";

type ModelStep = Extract<PlannedStep, { readonly kind: "model" }>;
type GuardStep = Extract<PlannedStep, { readonly kind: "guard" }>;
interface Work {
  readonly batch: Batch;
  readonly columns: ReadonlyMap<string, ArrayLike<unknown>>;
  readonly given: (readonly OutputData[])[];
  readonly refused: Map<number, string>;
  /** Of these, those that a guard refused: the rule, and what who asked is told. */
  readonly guarded: Map<number, { readonly rule: string; readonly message: string }>;
  readonly signal: PredictOptions["signal"];
  computeMs: number;
}

export class Pipeline implements Servable {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly signature: Servable["signature"];
  readonly #settings: PipelineSettings;
  readonly #directory: ModelDirectory;
  readonly #encoder: Encoder;
  #plan: PipelinePlan;
  /** What the plan was made from. */
  #digests: string;
  #running = 0;

  /** @throws SlipwayError pipeline-invalid, model-unknown, model-unavailable */
  constructor(name: string, settings: PipelineSettings, directory: ModelDirectory) {
    this.name = name;
    this.version = settings.version;
    this.#settings = settings;
    this.#directory = directory;
    this.#plan = this.#planned();
    this.#digests = this.#digestsNow();
    this.digest = this.#plan.digest;
    this.signature = this.#plan.signature;
    this.#encoder = new Encoder(this.signature);
    for (const step of this.#plan.steps) if (step.kind === "guard") directory.guards.declare(name, step.rule);
  }

  get busy(): boolean {
    return this.#running > 0;
  }
  encode(input: ModelInput, onInvalid?: OnInvalid): Encoded {
    return this.#encoder.encode(input, onInvalid);
  }
  selectOutputs(names?: readonly string[]): readonly Output[] {
    if (names === undefined) return this.signature.outputs;
    return names.map((name) => {
      const output = this.signature.outputs.find((o) => o.name === name);
      const known = this.signature.outputs.map((o) => o.name);
      if (output === undefined) throw predictError("output-unknown", `the model has no output ${JSON.stringify(name.slice(0, 100))}`, { hint: `Its outputs: ${known.join(", ")}.`, data: { outputs: known } });
      return output;
    });
  }

  async run(batch: Batch, options: PredictOptions = {}): Promise<Prediction> {
    const wanted = this.selectOutputs(options.outputs);
    this.#replan();
    const plan = this.#plan;
    const work: Work = { batch, columns: columnsOf(batch, this.#encoder), given: [], refused: new Map(), guarded: new Map(), signal: options.signal, computeMs: 0 };
    this.#running++;
    try {
      for (const wave of plan.waves) {
        options.signal?.throwIfAborted();
        await Promise.all(wave.map(async (i) => {
          const step = plan.steps[i]!;
          if (step.kind === "guard") this.#guard(step, work);
          work.given[i] = step.kind === "model" ? await this.#ask(step, work) : step.kind === "guard" ? [] : [combineValues(step, step.of.map((s) => pick(work.given, s)), batch.rows)];
        }));
        if (work.guarded.size > 0 && options.onInvalid !== "rows") throw guardRefusal(work.guarded);
      }
    } finally {
      this.#running--;
    }
    const { refused, guarded, computeMs } = work;
    if (refused.size > 0 && options.onInvalid !== "rows") throw refusal(refused);
    const outputs = wanted.map((output) => ({ ...pick(work.given, plan.outputs.find((o) => o.output.name === output.name)!.source), output }));
    return { rows: batch.rows, outputs, computeMs, ...(refused.size === 0 ? {} : { refused }), ...(guarded.size === 0 ? {} : { guarded }) };
  }

  async close(): Promise<void> {
    while (this.#running > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  #guard(step: GuardStep, work: Work): void {
    const values = step.of.step === undefined ? work.columns.get(step.of.name)! : valuesOf(pick(work.given, step.of));
    for (let row = 0; row < work.batch.rows; row++) {
      if (work.refused.has(row)) continue;
      const wrong = step.wrong(values[row]);
      if (wrong === undefined) continue;
      const message = step.message ?? `what was asked is not answered here: it breaks the rule ${JSON.stringify(step.rule)}`;
      work.refused.set(row, `the rule ${JSON.stringify(step.rule)}: it ${wrong}`);
      work.guarded.set(row, { rule: step.rule, message });
      this.#directory.guards.add(this.name, step.rule);
    }
  }

  async #ask(step: ModelStep, work: Work): Promise<readonly OutputData[]> {
    const { rows } = work.batch;
    // Rows that a guard refused are nothing that this model is asked about.
    const asked = work.guarded.size === 0 ? undefined : Array.from({ length: rows }, (_, row) => row).filter((row) => !work.guarded.has(row));
    if (asked?.length === 0) return step.outputs.map((output) => nothing(output, rows));
    const { model, end } = await this.#directory.take(step.model, step.version);
    try {
      const columns = Object.fromEntries([...step.inputs].map(([name, source]) => [name, chosen(source.step === undefined ? work.columns.get(source.name)! : valuesOf(pick(work.given, source)), asked)]));
      const encoded = model.encode({ kind: "columns", columns }, "rows");
      const prediction = await model.run(encoded.batch, { onInvalid: "rows", outputs: step.wanted, ...(work.signal === undefined ? {} : { signal: work.signal }) });
      work.computeMs += prediction.computeMs;
      const askedRow = (i: number): number => asked?.[i] ?? i;
      const rowOf = (i: number): number => askedRow(encoded.kept?.[i] ?? i);
      for (const [i, p] of encoded.rowErrors) if (!work.refused.has(askedRow(i))) work.refused.set(askedRow(i), `step ${step.name}, column ${p.column ?? "?"}: expected ${p.expected}, found ${p.found}`);
      for (const [i, reason] of prediction.refused ?? []) if (!work.refused.has(rowOf(i))) work.refused.set(rowOf(i), `step ${step.name}: ${reason}`);
      const kept = encoded.kept?.map(askedRow) ?? asked;
      return kept === undefined ? prediction.outputs : prediction.outputs.map((o) => spread(o, kept, rows));
    } finally {
      end();
    }
  }

  #planned(): PipelinePlan {
    return planPipeline(this.name, this.#settings, (model, version) => this.#directory.find(model, version));
  }
  #digestsNow(): string {
    return this.#plan.steps.map((s) => (s.kind === "model" ? this.#directory.find(s.model, s.version).digest : "")).join();
  }
  /** A model may have been swapped: the pipeline goes on where it fits together as before. @throws SlipwayError pipeline-broken */
  #replan(): void {
    const now = this.#digestsNow();
    if (now === this.#digests) return;
    let plan: PipelinePlan;
    try {
      plan = this.#planned();
    } catch (cause) {
      throw serverError("pipeline-broken", `pipeline ${this.name} no longer fits its models: ${(cause as Error).message}`, { cause });
    }
    if (JSON.stringify(plan.signature) !== JSON.stringify(this.signature)) throw serverError("pipeline-broken", `pipeline ${this.name} no longer fits its models: one of them takes or gives something else than before`);
    this.#plan = plan;
    this.#digests = now;
  }
}

/** The request's columns again, as values: what was checked once is checked by each step for itself. */
function columnsOf(batch: Batch, encoder: Encoder): Map<string, unknown[]> {
  const { slots, numbers, strings } = encoder.plan;
  return new Map(slots.map(({ name, kind, place }) => [name, Array.from({ length: batch.rows }, (_, row) => {
    if (kind === "string") {
      const text = batch.strings[row * strings + place]!;
      return text === MISSING_STRING ? null : text;
    }
    return batch.numbers[row * numbers + place]!;
  })]));
}

/** One output, or one entry of it, of a step that was computed. */
function pick(given: readonly (readonly OutputData[])[], { step, name, entry }: Source): OutputData {
  const found = given[step!]!.find((o) => o.output.name === name)!;
  if (entry === undefined) return found;
  const { data, width, output } = found;
  const rows = data.length / width;
  if (Array.isArray(data)) return { output, width: 1, data: Array.from({ length: rows }, (_, row) => data[row * width + entry]!) };
  const one = new (data.constructor as new (n: number) => Float64Array)(rows);
  for (let row = 0; row < rows; row++) one[row] = (data as Float64Array)[row * width + entry]!;
  return { output, width: 1, data: one };
}

/** For the next step's check. */
function valuesOf({ data, output }: OutputData): unknown[] {
  if (Array.isArray(data)) return data.map((v) => (v === MISSING_STRING ? null : v));
  if (output.type === "bool") return Array.from(data as Uint8Array, (v) => v !== 0);
  return Array.from(data as ArrayLike<number | bigint>);
}

/** Rows that were computed put to their places; the others hold nothing. */
function spread(o: OutputData, kept: readonly number[], rows: number): OutputData {
  const { data, width } = o;
  if (Array.isArray(data)) {
    const all = new Array<string>(rows * width).fill(MISSING_STRING);
    kept.forEach((row, i) => all.splice(row * width, width, ...data.slice(i * width, (i + 1) * width)));
    return { ...o, data: all };
  }
  const all = new (data.constructor as new (n: number) => Float64Array)(rows * width);
  if (data instanceof Float64Array || data instanceof Float32Array) all.fill(NaN);
  kept.forEach((row, i) => all.set(data.subarray(i * width, (i + 1) * width) as Float64Array, row * width));
  return { ...o, data: all };
}

function chosen(values: ArrayLike<unknown>, rows: readonly number[] | undefined): ArrayLike<unknown> {
  return rows === undefined ? values : rows.map((row) => values[row]);
}

/** What a model that was asked about no row gave. */
function nothing(output: Output, rows: number): OutputData {
  const width = output.rowShape.reduce((n, d) => n * Math.max(0, d), 1);
  return { output, width, data: output.type === "string" ? new Array<string>(rows * width).fill(MISSING_STRING) : new Float64Array(rows * width).fill(NaN) };
}

function guardRefusal(guarded: Work["guarded"]): Error {
  const [[row, { rule, message }]] = [...guarded] as [[number, { rule: string; message: string }]];
  return serverError("guard-refused", `row ${row + 1}: ${message}${guarded.size > 1 ? ` (${guarded.size} rows in all)` : ""}`, {
    where: `row ${row + 1}`, hint: "?on_invalid=rows answers the other rows.", data: { rule, rows: [...guarded].slice(0, 20).map(([at, of]) => ({ row: at, rule: of.rule })), bad_rows: guarded.size } });
}

function refusal(refused: ReadonlyMap<number, string>): Error {
  const [[row, reason]] = [...refused] as [[number, string]];
  return predictError("request-invalid", `row ${row + 1}: ${reason}${refused.size > 1 ? ` (${refused.size} rows in all)` : ""}`, {
    where: `row ${row + 1}`, hint: "A step of the pipeline does not take what came to it. ?on_invalid=rows answers the other rows.",
    data: { problems: [...refused].slice(0, 20).map(([r, found]) => ({ row: r, column: null, expected: "a row that every step takes", found })), problem_count: refused.size, bad_rows: refused.size } });
}
