// The state of one compilation: the graph, the raw columns with what has been learnt about them, and the dispatch.

import { forecasterAdvice } from "../forecasters.ts";
import { nearest, SlipwayError } from "../../base/index.ts";
import { GraphBuilder, Ops, type Value } from "../../onnx/index.ts";
import type { Scalar, TextNormalization } from "../../package/index.ts";
import { int64s } from "../../tensor/index.ts";
import type { EstimatorConverter, Fitted } from "./contract.ts";
import { convertError } from "./errors.ts";
import type { Estimator } from "./estimator.ts";
import type { RawColumn, RawSource } from "./raw-column.ts";
import { Frame, mapFeatures, mixFlows, type Feature, type NumberBlock } from "./frame.ts";

/** Each level of nesting adds some ten characters or more. */
const LONGEST_PATH = 2000;
const MOST_CONVERSIONS = 100_000;
/** How often one and the same fitted state may be a part of the model: a reference to it takes two bytes in the file. */
const MOST_SHARED = 100;
const FLOAT32_MAX = 3.4028234663852886e38;

/** What is needed to add nodes, to the graph itself or to the body of an If or a Loop inside it. */
export type Emitter = Pick<Conversion, "graph" | "o" | "refuse" | "malformed" | "numpy">;

export class Conversion {
  readonly graph: GraphBuilder;
  readonly o: Ops;
  readonly columns: RawColumn[] = [];
  /** Rows that an estimator's own check would refuse though no raw column alone tells: [N] bool, and the reason. */
  readonly rowChecks: { readonly refused: Value; readonly reason: string }[] = [];
  /** What the user should know though it does not stop the compilation. */
  readonly warnings: string[] = [];
  /** The NumPy that saved the model, where the file tells. */
  numpy: 1 | 2 | undefined;
  /** The widest row of a text vectorizer; 0 without one. */
  rowCells = 0;
  /** Whether rows may depend on each other, so that a request may be neither cut nor joined with others. */
  rowsTogether = false;
  /** Frames that are sparse matrices in scikit-learn: to XGBoost their zeros are missing. */
  readonly sparse: WeakSet<Frame> = new WeakSet();
  readonly #converters: ReadonlyMap<string, EstimatorConverter>;
  readonly #matrixCache = new WeakMap<Frame, Value>();
  /** `slipway.numbers` [N, K] and `slipway.strings` [N, S]: all used raw columns of one type, in column order. */
  #numbers: Value | undefined;
  #strings: Value | undefined;
  /** The ways in which each raw text column is wanted. */
  readonly #texts = new Map<number, (readonly TextNormalization[])[]>();

  readonly #source: RawSource | undefined;

  #conversions = 0;
  readonly #shared = new Map<unknown, number>();

  constructor(converters: ReadonlyMap<string, EstimatorConverter>, graph: GraphBuilder = new GraphBuilder(), source?: RawSource) {
    this.graph = graph;
    this.o = new Ops(graph);
    this.#converters = converters;
    this.#source = source;
  }

  /** Whether the graph's inputs are the caller's, who fills them without Slipway's runtime. */
  get callerInputs(): boolean {
    return this.#source !== undefined;
  }

  // ---- raw columns ----

  addColumn(name: string, kind?: "number" | "string"): number {
    this.columns.push({
      name, kind, missing: "allowed", infinite: "allowed", limits: [-Infinity, Infinity],
      categories: undefined, unknown: undefined, used: false,
    });
    return this.columns.length - 1;
  }
  rawFrame(columns: readonly number[]): Frame {
    return new Frame(columns.map((column) => ({
      kind: "raw",
      column,
      features: [{ name: this.columns[column]!.name, flows: [{ column, missing: true, infinite: true, affine: [1, 0] }] }],
    })));
  }
  /** Settles the type of a raw column; two different answers cannot be compiled. */
  settle(column: number, kind: "number" | "string"): void {
    const c = this.columns[column]!;
    c.used = true;
    // An input of a given type is cast to what each step wants.
    if (this.#source) return;
    if (c.kind !== undefined && c.kind !== kind) {
      throw convertError("column-conflict", `column ${JSON.stringify(c.name)} is used as text by one step and as a number by another`, {
        where: c.name, hint: "Give the two steps columns of their own in the data frame." });
    }
    c.kind = kind;
  }
  columnsOfKind(kind: "number" | "string"): number[] {
    return this.columns.flatMap((c, i) => (c.used && c.kind === kind ? [i] : []));
  }
  /** The entry of a kind, if anything uses it. */
  entryOf(kind: "number" | "string"): Value | undefined {
    if (kind === "number" && this.#numbers === undefined && this.columnsOfKind("number").length > 0) return this.#entry(kind);
    return kind === "number" ? this.#numbers : this.#strings;
  }
  #entry(kind: "number" | "string"): Value {
    if (kind === "number") return (this.#numbers ??= this.graph.entry("slipway.numbers", "double"));
    return (this.#strings ??= this.graph.entry("slipway.strings", "string"));
  }
  /** Raw columns as one value [N, n]; which place they have in the entry is settled when the graph is finished. */
  #pick(columns: readonly number[], kind: "number" | "string"): Value {
    for (const i of columns) this.settle(i, kind);
    if (this.#source) return this.#source.pick(columns, kind);
    const entry = this.#entry(kind);
    const indices = this.graph.lazyConstant("int64", [columns.length], () => {
      const place = new Map(this.columnsOfKind(kind).map((column, i) => [column, i]));
      return int64s(columns.map((i) => place.get(i)!));
    });
    return this.o.gather(entry, indices, 1);
  }

  // ---- frames ----

  /** "raw" columns can become either. */
  kindOf(X: Frame, j: number): "raw" | "number" | "string" {
    const [block] = X.locate(j);
    if (block.kind !== "raw") return block.kind;
    return this.columns[block.column]!.kind ?? "raw";
  }
  /** The whole frame as one double matrix [N, width]. Raw columns become numbers. */
  numbers(X: Frame): Value {
    const cached = this.#matrixCache.get(X);
    if (cached) return cached;
    const parts: Value[] = [];
    let raw: number[] = [];
    const flush = (): void => {
      if (raw.length > 0) parts.push(this.#pick(raw, "number"));
      raw = [];
    };
    for (const block of X.blocks) {
      if (block.kind === "raw") {
        raw.push(block.column);
        continue;
      }
      if (block.kind === "string") {
        throw convertError("column-conflict", `${block.features[0]?.name ?? "a text column"} holds text where numbers are needed`, {
          hint: "Encode text columns (OneHotEncoder, OrdinalEncoder) before a numeric step." });
      }
      flush();
      if (block.features.length > 0) parts.push(this.o.cast(block.value, "double"));
    }
    flush();
    if (parts.length === 0) throw convertError("malformed-model", "a step receives no columns at all");
    const value = this.o.concat(parts);
    this.#matrixCache.set(X, value);
    return value;
  }
  /** Column j as [N, 1] double. */
  numberColumn(X: Frame, j: number): Value {
    return this.numbers(this.select(X, [j]));
  }
  /** Column j as [N, 1] string, missing as MISSING_STRING. */
  stringColumn(X: Frame, j: number): Value {
    const [block, at] = X.locate(j);
    if (block.kind === "raw") return this.#pickText([block.column], []);
    if (block.kind === "string") return block.features.length === 1 ? block.value : this.o.columns(block.value, [at]);
    throw convertError("column-conflict", `${block.features[at]?.name ?? `column ${j}`} holds numbers where text is needed`);
  }
  /**
   * Column j as [N, 1] string for a text vectorizer, whose lower-casing and accent stripping the runtime does beforehand.
   * The caller lower-cases in the graph all the same, for those who run the graph without Slipway.
   */
  textColumn(X: Frame, j: number, normalize: readonly TextNormalization[], est: Estimator): Value {
    const [block] = X.locate(j);
    if (block.kind === "raw") return this.#pickText([block.column], normalize);
    if (normalize.some((step) => step !== "lowercase")) {
      throw this.refuse(est, "strip_accents", "ONNX cannot strip accents inside the model, and its texts are the work of another step", "Strip accents before the model is called.");
    }
    return this.stringColumn(X, j);
  }
  /** Raw text columns, normalised so; steps may want them in several ways. */
  #pickText(columns: readonly number[], normalize: readonly TextNormalization[]): Value {
    const key = normalize.join();
    for (const column of columns) {
      this.settle(column, "string");
      if (this.#source) continue;
      const ways = this.#texts.get(column) ?? [];
      if (!ways.some((w) => w.join() === key)) ways.push(normalize);
      this.#texts.set(column, ways);
    }
    if (this.#source) return this.#source.pick(columns, "string");
    return this.o.gather(this.#entry("string"), this.graph.lazyConstant("int64", [columns.length], () => {
      const place = new Map(this.columnsOfKind("string").map((column, i) => [column, i]));
      const further = new Map(this.textInputs().flatMap((t, i) => (t.normalize.join() === key ? [[t.column, place.size + i] as const] : [])));
      return int64s(columns.map((column) => further.get(column) ?? place.get(column)!));
    }), 1);
  }
  /** Settles how the text columns are normalised; gives the further inputs of those that are wanted in several ways. */
  textInputs(): readonly { readonly name: string; readonly column: number; readonly normalize: readonly TextNormalization[] }[] {
    const names = new Set(this.columns.map((c) => c.name));
    return this.columnsOfKind("string").flatMap((column) => {
      const ways = this.#texts.get(column) ?? [];
      const { name } = this.columns[column]!;
      if (ways.length === 1) this.columns[column]!.normalize = ways[0]!;
      else this.columns[column]!.normalize = [];
      return ways.slice(ways.length === 1 ? 1 : 0).filter((w) => w.length > 0).map((normalize) => {
        let label = `${name} (${normalize.join(", ")})`;
        while (names.has(label)) label += "'";
        names.add(label);
        return { name: label, column, normalize };
      });
    });
  }
  /** Several columns as [N, n] string. */
  stringMatrix(X: Frame): Value {
    const parts: Value[] = [];
    for (let j = 0; j < X.width; ) {
      const [block] = X.locate(j);
      if (block.kind !== "raw") {
        parts.push(this.stringColumn(X, j++));
        continue;
      }
      const run: number[] = [];
      for (; j < X.width; j++) {
        const [next] = X.locate(j);
        if (next.kind !== "raw") break;
        run.push(next.column);
      }
      parts.push(this.#pickText(run, []));
    }
    return this.o.concat(parts);
  }
  /** The columns at `indices`, in that order. */
  select(X: Frame, indices: readonly number[]): Frame {
    if (indices.length === X.width && indices.every((v, i) => v === i)) return X;
    const blocks: Frame["blocks"][number][] = [];
    for (let i = 0; i < indices.length; ) {
      const [block, at] = X.locate(indices[i]!);
      if (block.kind === "raw") {
        blocks.push(block);
        i++;
        continue;
      }
      const places = [at];
      let k = i + 1;
      for (; k < indices.length; k++) {
        const [next, nextAt] = X.locate(indices[k]!);
        if (next !== block) break;
        places.push(nextAt);
      }
      const whole = places.length === block.features.length && places.every((v, n) => v === n);
      blocks.push(whole ? block : { kind: block.kind, value: this.o.columns(block.value, places), features: places.map((p) => block.features[p]!) });
      i = k;
    }
    return this.#alike(X, new Frame(blocks));
  }
  #alike(X: Frame, made: Frame): Frame {
    if (this.sparse.has(X)) this.sparse.add(made);
    return made;
  }
  /** A frame of one numeric matrix. */
  frame(value: Value, features: readonly Feature[]): Frame {
    return new Frame([{ kind: value.type === "string" ? "string" : "number", value, features } as NumberBlock]);
  }
  /** A numeric frame in which every feature depends on every feature of X (PCA, distances, probabilities ...). */
  mixed(value: Value, X: Frame, names: readonly (string | null)[]): Frame {
    const flows = mixFlows(X.features);
    return this.frame(value, names.map((name) => ({ name, flows })));
  }
  /** The same for what a fitted model says of X: whatever it lets in, its answer is a finite number. */
  answers(value: Value, X: Frame, names: readonly (string | null)[]): Frame {
    const flows = mixFlows(X.features, { clearMissing: true, clearInfinite: true });
    return this.frame(value, names.map((name) => ({ name, flows })));
  }

  // ---- what the estimators' own input checks mean for the raw columns ----

  /**
   * scikit-learn's check_array: refuses infinity, NaN unless `missing` is "allowed", and for "float32" numbers that
   * overflow it. Recorded on the raw columns that can cause it; returns the frame as it is after the check.
   */
  checkArray(X: Frame, est: Estimator, options: { missing?: "allowed" | "refused"; infinite?: "allowed" | "refused"; dtype?: "float64" | "float32" } = {}): Frame {
    const missing = options.missing ?? "refused";
    const infinite = options.infinite ?? "refused";
    for (const flows of new Set(X.features.map((f) => f.flows))) {
      for (const flow of flows) {
        const c = this.columns[flow.column]!;
        if (flow.missing && missing === "refused" && c.missing === "allowed") {
          c.missing = "refused";
          c.missingReason = `${est.className} does not accept missing values`;
        }
        if (infinite === "refused" && flow.infinite) c.infinite = "refused";
        for (const range of infinite === "allowed" ? [] : [flow.bounded, missing === "refused" ? flow.finite : undefined]) {
          if (range) c.limits = [Math.max(c.limits[0], range[0]), Math.min(c.limits[1], range[1])];
        }
        if (missing === "refused" && flow.unknownMissing && c.categories !== undefined) c.unknown = "refused";
        if (options.dtype === "float32" && flow.affine && flow.affine[0] !== 0) {
          const [a, b] = flow.affine;
          const ends = [(-FLOAT32_MAX - b) / a, (FLOAT32_MAX - b) / a];
          c.limits = [Math.max(c.limits[0], Math.min(...ends)), Math.min(c.limits[1], Math.max(...ends))];
        }
      }
    }
    if (options.dtype === "float32") this.#watchOverflow(X, est);
    return this.#alike(X, new Frame(X.blocks.map((block) => ({
      ...block,
      features: mapFeatures(block.features, { clearMissing: missing === "refused", clearInfinite: infinite === "refused" }),
    } as typeof block))));
  }
  /** Products, powers and mixtures of columns can overflow float32 where no bound on one column says so: the graph looks. */
  #watchOverflow(X: Frame, est: Estimator): void {
    const mixed = X.blocks.filter((block): block is NumberBlock => block.kind === "number" && block.value.type === "double"
      && block.features.some((f) => f.flows.some((flow) => flow.affine === undefined && this.columns[flow.column]!.kind !== "string")));
    if (mixed.length === 0) return;
    const { o } = this;
    const infinite = this.graph.op("IsInf", [o.cast(this.numbers(new Frame(mixed)), "float")]);
    this.rowChecks.push({
      refused: o.greater(o.max(o.cast(infinite, "float"), 1), 0),
      reason: `a number that the model's own steps make of this row is too large for the 32-bit floats in which ${est.className} computes`,
    });
  }
  /** Records the categories an encoder knows of column j, when j is still the raw column itself. */
  declareCategories(X: Frame, j: number, values: readonly Scalar[], unknown: "refused" | "allowed"): void {
    const flows = X.features[j]?.flows ?? [];
    const flow = flows[0];
    if (flows.length !== 1 || !flow?.affine || flow.affine[0] !== 1 || flow.affine[1] !== 0) return;
    const c = this.columns[flow.column]!;
    for (const { from, to } of flow.replaced ?? []) {
      const known = values.some((v) => v === to || (typeof v === "boolean" && Number(v) === to));
      if (from !== null && known && !values.includes(from)) values = [...values, from];
      if (from === null && !known && unknown === "refused" && c.missing === "allowed") {
        c.missing = "refused";
        c.missingReason = `it is filled with ${JSON.stringify(to)}, which the encoder after it does not know`;
      }
    }
    if (c.categories === undefined) {
      c.categories = [...values];
      c.unknown = unknown;
    } else if (unknown === "refused") {
      const both = new Set(values);
      c.categories = c.unknown === "refused" ? c.categories.filter((v) => both.has(v)) : [...values];
      c.unknown = "refused";
    }
  }
  /** Records that column j may not be missing (an encoder that knows no missing category, say). */
  refuseMissing(X: Frame, j: number, reason: string): void {
    for (const flow of X.features[j]?.flows ?? []) {
      const c = this.columns[flow.column]!;
      if (flow.missing && c.missing === "allowed") {
        c.missing = "refused";
        c.missingReason = reason;
      }
    }
  }

  // ---- dispatch ----

  convert(est: Estimator, X: Frame): Fitted {
    // A file can say that an estimator is its own part, or the same one a million times over.
    if (est.path.length > LONGEST_PATH) throw convertError("malformed-model", "estimators are nested without end", { where: `${est.path.slice(0, 80)}...` });
    if (++this.#conversions > MOST_CONVERSIONS) throw convertError("malformed-model", `the model has more than ${MOST_CONVERSIONS} parts`);
    const state = est.object.attributes ?? est.object;
    const times = (this.#shared.get(state) ?? 0) + 1;
    this.#shared.set(state, times);
    if (times > MOST_SHARED) throw this.malformed(est, `the same fitted object is used more than ${MOST_SHARED} times`);
    const converter = this.#converters.get(est.key);
    if (!converter) throw this.unknownClass(est);
    const width = est.raw("n_features_in_");
    if (typeof width === "bigint" && width !== BigInt(X.width)) throw this.malformed(est, `n_features_in_ is ${width}, but the step is given ${X.width} columns`);
    return converter.convert(est, X, this);
  }
  importances(est: Estimator): Float64Array | Float32Array | undefined {
    return this.#converters.get(est.key)?.importances?.(est);
  }
  knows(key: string): boolean {
    return this.#converters.has(key);
  }
  unknownClass(est: Estimator): SlipwayError {
    const module = est.object.classGlobal?.module ?? "?";
    const known = ["sklearn", "imblearn", "xgboost", "lightgbm", "catboost", "category_encoders"].includes(module.split(".")[0]!);
    if (known) {
      const near = nearest(est.className, [...this.#converters.keys()].map((k) => k.split(".")[1]!));
      return convertError("unsupported-estimator", `${est.qualifiedName} cannot be compiled yet`, {
        where: est.path, hint: near === undefined ? "docs/coverage.md lists the estimators that can." : `A near one that can: ${near}.` });
    }
    const advice = forecasterAdvice(module);
    if (advice !== undefined) return convertError("unsupported-estimator", `${est.qualifiedName} is a forecasting model that is not compiled`, { where: est.path, hint: advice });
    return convertError("custom-class", `${est.qualifiedName} is a class of ${module === "__main__" ? "the script that saved the file" : `the module ${module}`}; its code is not in the file, and Slipway would not run it if it were`, {
      where: est.path, hint: "Replace the step by scikit-learn's own (ColumnTransformer, FunctionTransformer with a NumPy function ...), or do that work before the model is called; or have Python run it beside the server: slipway serve FILE --engine python." });
  }
  /** For nodes in a body. */
  within(graph: GraphBuilder): Emitter {
    return { numpy: this.numpy, graph, o: new Ops(graph), refuse: this.refuse.bind(this), malformed: this.malformed.bind(this) };
  }
  /** An option that changes the result and is not compiled: refused by name. */
  refuse(est: Estimator, option: string, why: string, hint?: string): SlipwayError {
    return convertError("unsupported-option", `${est.className} with ${option}: ${why}`, { where: est.path, hint });
  }
  malformed(est: Estimator, what: string): SlipwayError {
    return convertError("malformed-model", `${est.className}: ${what}`, { where: est.path });
  }
}

/** Makes a method that emits its nodes once. */
export function memo<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
