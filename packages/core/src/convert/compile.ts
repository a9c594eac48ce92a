// The entry of the compiler: what was saved -> an ONNX model and its signature.

import { serializeModel, type Value } from "../onnx/index.ts";
import { MISSING_STRING, REFUSED_OUTPUT, type Column, type Signature } from "../package/index.ts";
import { PyList, PyObject, PyTuple, type PyValue } from "../pickle/index.ts";
import { Conversion } from "./conversion/conversion.ts";
import type { RawColumn } from "./conversion/raw-column.ts";
import { convertError } from "./conversion/errors.ts";
import type { Estimator } from "./conversion/estimator.ts";
import { notRefitted } from "./conversion/not-refitted.ts";
import { findModel, type FoundModel } from "./find-model.ts";
import type { Frame } from "./conversion/frame.ts";
import type { InputSpec } from "./conversion/given-inputs.ts";
import { findInputShape, type InputShape } from "./input-shape.ts";
import { nameOutputs } from "./conversion/outputs.ts";
import { converters } from "./registry.ts";

/** The largest [N, F] model input that is offered as one matrix rather than refused. */
const MATRIX_NAME = "X";

export interface CompileOptions {
  /** Which entry, where the file holds several models. */
  readonly entry?: string;
  /** The NumPy that saved the model, where the file tells: numpyOf. */
  readonly numpy?: 1 | 2 | undefined;
  /** Names, element types and shapes of a model's tensors, where its file does not tell them. */
  readonly inputs?: readonly InputSpec[];
}
export interface CompiledModel {
  readonly model: Uint8Array;
  readonly signature: Signature;
  /** Operator sets of the model, by domain. */
  readonly opsets: Readonly<Record<string, number>>;
  /** The estimator's class, for the manifest: "sklearn.pipeline.Pipeline". */
  readonly className: string;
  readonly found: FoundModel;
  /** Things the user should know: entries beside the model, outputs that were left out, and why. */
  readonly warnings: readonly string[];
}

/** Estimators that are recognised as models, whether or not they can be compiled. */
export function isEstimator(object: PyObject): boolean {
  const cls = object.classGlobal;
  if (!cls || !object.attributes) return false;
  const key = `${cls.module.split(".")[0]}.${cls.name}`;
  if (converters.has(key)) return true;
  return object.attributes.has("_sklearn_version") || object.attributes.has("n_features_in_") || cls.module === "__main__" || /^(xgboost|lightgbm|catboost)\./.test(cls.module);
}

/** @throws SlipwayError not-a-model, unsupported-*, custom-class, contains-code, malformed-model ... */
export function compilePickled(value: PyValue, options: CompileOptions = {}): CompiledModel {
  const found = findModel(value, isEstimator, options.entry);
  const est = found.estimator;
  const c = new Conversion(converters);
  c.numpy = options.numpy;
  if (!c.knows(est.key)) throw c.unknownClass(est);
  const shape = findInputShape(est);
  if (!shape) {
    const last = lastStep(est);
    if (!isFitted(last)) {
      throw convertError("not-fitted", `${last.className} is not fitted: it was saved before fit was called`, {
        where: last.path, hint: "Call fit on the model, then save it again." });
    }
    const missing = notRefitted(last);
    if (missing) throw missing;
    throw convertError("malformed-model", `nothing in the file says which input ${est.className} takes`, {
      where: est.path, hint: "Save it with scikit-learn 1.0 or later, fitted." });
  }
  const X = inputFrame(c, shape);
  const fitted = c.convert(est, X);
  const warnings = found.others.flatMap((o) => (o.fittedTransformer
    ? [`${o.place} is ${o.what} beside the model, not part of it: --preprocess ${joinOption(o.place)} joins it to the model; else its work has to be done before the model is called`]
    : [`${o.place} (${o.what}) is saved beside the model and is not used`]));
  const named = nameOutputs(c, fitted, warnings);
  const layout = settleLayout(c, shape);
  const texts = c.textInputs();
  for (const t of texts) c.warnings.push(`column ${JSON.stringify(c.columns[t.column]!.name)} is wanted both as it is and normalized: the ONNX model takes it once more as ${JSON.stringify(t.name)}, which Slipway's runtime fills by itself`);
  const columns = c.columns.map(toColumn);
  const taken = new Set([...columns, ...texts].map((column) => column.name).concat(layout === "matrix" ? [MATRIX_NAME] : []));
  const outputs = named.map(({ output, value }) => {
    const graphName = taken.has(output.name) ? uniqueName(`${output.name}_out`, taken) : output.name;
    taken.add(graphName);
    return { output: { ...output, graphName }, value };
  });
  bindInputs(c, layout);
  for (const { output, value: v } of outputs) c.graph.output(output.graphName, v);
  const rowChecks = c.rowChecks.map((check) => check.reason);
  if (rowChecks.length > 0) c.graph.output(REFUSED_OUTPUT, refusedRows(c));
  const graph = c.graph.finish({ name: est.className, metadata: { "slipway.missing_string": MISSING_STRING } });
  const model = serializeModel(graph);
  const forecast = converters.get(est.key)?.forecast?.(est);
  if (forecast !== undefined) warnings.push(`${est.className}: \`slipway batch --horizon\` takes a history with the columns ${[forecast.time, forecast.target, ...forecast.future].map((name) => JSON.stringify(name)).join(", ")}, every ${forecast.frequency}; --lags declares it otherwise`);
  return {
    model,
    signature: {
      layout,
      ...(forecast === undefined ? {} : { forecast }),
      ...(layout === "matrix" ? { matrixName: MATRIX_NAME } : {}),
      columns,
      ...(rowChecks.length === 0 ? {} : { rowChecks }),
      ...(texts.length === 0 ? {} : { textInputs: texts.map((t) => ({ name: t.name, column: c.columns[t.column]!.name, normalize: t.normalize })) }),
      ...(c.rowCells === 0 ? {} : { rowCells: c.rowCells }),
      ...(c.rowsTogether ? { tensorRows: "together" } as const : {}),
      extraColumns: shape.kind === "columns" && startsWithSelection(est) ? "ignored" : "refused",
      outputs: outputs.map((o) => o.output),
    },
    opsets: Object.fromEntries(graph.opsets.map((o) => [o.domain, o.version])),
    className: est.qualifiedName,
    found,
    warnings: [...warnings, ...c.warnings],
  };
}

/** int64 [N]: 0, or one more than the index of the first check that refuses the row. */
export function refusedRows(c: Conversion): Value {
  return c.rowChecks.reduceRight<Value>((rest, check, i) => c.o.where(check.refused, c.o.scalar(i + 1, "int64"), rest), c.o.scalar(0, "int64"));
}

function inputFrame(c: Conversion, shape: InputShape): Frame {
  if (shape.kind === "text") return c.rawFrame([c.addColumn("text")]);
  const names = shape.kind === "columns" ? shape.names : Array.from({ length: shape.width }, (_, i) => `x${i}`);
  const seen = new Set<string>();
  for (const name of names) {
    if (name === "" || !name.isWellFormed()) {
      throw convertError("unsupported-option", `an input column is named ${JSON.stringify(name.slice(0, 60))}, which ONNX cannot spell`, { hint: "Name every column of the data frame, then fit again." });
    }
    if (seen.has(name)) throw convertError("malformed-model", `two input columns are named ${JSON.stringify(name)}`);
    seen.add(name);
  }
  return c.rawFrame(names.map((name) => c.addColumn(name)));
}

/** A matrix of numbers stays one input; anything with text or names has one input a column. */
function settleLayout(c: Conversion, shape: InputShape): Signature["layout"] {
  if (shape.kind === "text" && c.columns[0]?.kind === "string") return "text";
  if (shape.kind !== "matrix" || c.columns.some((column) => column.kind === "string")) return "columns";
  for (let i = 0; i < c.columns.length; i++) c.settle(i, "number");
  return "matrix";
}

export function bindInputs(c: Conversion, layout: Signature["layout"]): void {
  for (const kind of ["number", "string"] as const) {
    const members = c.columnsOfKind(kind);
    const entry = c.entryOf(kind);
    if (!entry) continue;
    if (layout === "matrix") c.graph.bindEntryAsInput(entry, MATRIX_NAME, members.length);
    else {
      const names = [...members.map((i) => c.columns[i]!.name), ...(kind === "string" ? c.textInputs().map((t) => t.name) : [])];
      c.graph.bindEntry(entry, names.map((name) => ({ name, type: kind === "number" ? "double" : "string" })));
    }
  }
}

export function toColumn(column: RawColumn): Column {
  const [low, high] = column.limits;
  const boolean = column.categories !== undefined && column.categories.length > 0 && column.categories.every((v) => typeof v === "boolean");
  return {
    name: column.name,
    type: column.kind === "string" ? "string" : boolean ? "boolean" : "double",
    used: column.used,
    missing: column.used ? column.missing : "allowed",
    ...(column.used && column.missingReason !== undefined ? { missingReason: column.missingReason } : {}),
    infinite: column.used ? column.infinite : "allowed",
    ...(column.used && (low !== -Infinity || high !== Infinity) ? { limits: [low, high] as const } : {}),
    ...(column.used && column.categories ? { categories: column.categories, unknown: column.unknown ?? "allowed" } : {}),
    ...(column.used && column.wholeNumbers ? { wholeNumbers: true } : {}),
    ...(column.normalize && column.normalize.length > 0 ? { normalize: column.normalize } : {}),
  };
}

/** The estimator that predicts: a pipeline's last step. */
function lastStep(est: Estimator, depth = 0): Estimator {
  const step = est.raw("steps") instanceof PyList && depth < 8 ? est.list("steps").at(-1) : undefined;
  const object = step instanceof PyTuple ? step.items[1] : undefined;
  return object instanceof PyObject && object.attributes ? lastStep(est.child(object, "steps[-1]"), depth + 1) : est;
}
/** How the command line names an entry of the model's own file: '#scaler'. */
function joinOption(place: string): string {
  return `'#${place.replace(/^\['?|'?\]$/g, "")}'`;
}
/** scikit-learn's own rule: what fitting learns is kept under names that end with an underscore. */
function isFitted(est: Estimator): boolean {
  return [...est.attributes.entries()].some(([name]) => typeof name === "string" && name.endsWith("_") && !name.startsWith("_"));
}

/** Models whose first step picks its columns by name take any others along without a word, as scikit-learn does. */
function startsWithSelection(est: Estimator, depth = 0): boolean {
  if (est.className === "ColumnTransformer") return true;
  if (depth > 8) return false;
  if (est.has("steps")) {
    const step = est.list("steps")[0];
    const child = step === undefined ? undefined : (step as { items?: readonly PyValue[] }).items?.[1];
    return child instanceof PyObject && child.attributes !== undefined && startsWithSelection(est.child(child, "steps[0]"), depth + 1);
  }
  for (const attribute of ["best_estimator_", "regressor_"]) {
    const child = est.raw(attribute);
    if (child instanceof PyObject && child.attributes) return startsWithSelection(est.child(child, attribute), depth + 1);
  }
  return false;
}

export function uniqueName(name: string, taken: ReadonlySet<string>): string {
  let candidate = name;
  for (let i = 2; taken.has(candidate); i++) candidate = `${name}_${i}`;
  return candidate;
}

