// Preprocessing that a notebook saved beside the model: fitted transformers, each of a file or an entry of its own, and
// the model they were made for -> one compiled model that takes the raw columns.
// A model that scikit-learn's interface covers is compiled with them as one pipeline. A model with a graph of its own
// (Keras, TensorFlow Lite, ONNX, PyTorch) gets what the last transformer gives, cast to what it takes.

import { sniffFormat } from "../formats/index.ts";
import { findFault, findProblems, onnxError, readModel, serializeModel } from "../onnx/index.ts";
import type { Signature, TensorInput } from "../package/index.ts";
import { assertInert } from "../pickle/index.ts";
import { importModel, readSource, type SourceFile } from "./import-model.ts";
import type { ImportedModel, ReadSibling } from "./imported.ts";
import { joinGraphs } from "./join-graphs.ts";
import { compilePickled, isEstimator, type CompiledModel } from "./compile.ts";
import { joinedObject, type JoinedStep } from "./sklearn/compose/joined.ts";
import type { InputSpec } from "./conversion/given-inputs.ts";
import { convertError } from "./conversion/errors.ts";
import { findModel, type FoundModel } from "./find-model.ts";
import { findInputShape } from "./input-shape.ts";

/** A file, or one entry of it. */
export interface JoinedFile {
  /** For messages: the file's name, with #entry. */
  readonly label: string;
  readonly bytes: Uint8Array;
  readonly entry?: string;
}
export interface JoinedModelFile extends JoinedFile {
  readonly readSibling?: ReadSibling;
  readonly inputs?: readonly InputSpec[];
}

/**
 * @param transformers in the order in which they are applied
 * @throws as importModel, join-mismatch, join-not-a-transformer, join-unsupported
 */
export function compileJoined(transformers: readonly JoinedFile[], model: JoinedModelFile): ImportedModel {
  const options = { ...(model.entry === undefined ? {} : { entry: model.entry }), ...(model.inputs === undefined ? {} : { inputs: model.inputs }), ...(model.readSibling ? { readSibling: model.readSibling } : {}) };
  if (transformers.length === 0) return importModel(model.bytes, options);
  const sources = new Map<Uint8Array, SourceFile>();
  const found = transformers.map((file) => {
    if (isPickled(file.bytes)) return findStep(file, sources);
    throw convertError("join-not-a-transformer", `${file.label} is not a pickle of a fitted transformer`, {
      where: file.label, hint: "Give scalers, encoders and the like as preprocessing, and the network as the model." });
  });
  for (const { step } of found) {
    if (step.object.classGlobal?.name === "LabelEncoder") {
      throw convertError("join-not-a-transformer", `${step.label} is a LabelEncoder: it encodes the labels, not the rows`, {
        where: step.label, hint: "Leave it out of --preprocess. The model answers with the numbers that it gave the labels, in the order of its classes_." });
    }
  }
  return isPickled(model.bytes) ? withEstimator(found, model, sources) : withGraph(found, importModel(model.bytes, options), model.label);
}

interface Found {
  readonly step: JoinedStep;
  readonly found: FoundModel;
  readonly source: SourceFile;
}

const GRAPHS = new Set(["onnx", "keras", "hdf5", "tflite", "torch", "zip", "xml"]);

/** Whether the file is read into objects: pickles, and the boosters' own formats. What no one knows is refused as one. */
function isPickled(bytes: Uint8Array): boolean {
  return !GRAPHS.has(sniffFormat(bytes));
}

function findStep(file: JoinedFile, sources: Map<Uint8Array, SourceFile>): Found {
  let source = sources.get(file.bytes);
  if (!source) {
    source = readSource(file.bytes);
    assertInert(source.pickle);
    sources.set(file.bytes, source);
  }
  const found = findModel(source.pickle.value, isEstimator, file.entry);
  return { source, found, step: { label: file.label, object: found.estimator.object, takes: findInputShape(found.estimator) } };
}

function withEstimator(steps: readonly Found[], file: JoinedFile, sources: Map<Uint8Array, SourceFile>): ImportedModel {
  const model = findStep(file, sources);
  const compiled = compilePickled(joinedObject(steps.map((s) => s.step), model.step));
  const version = model.found.estimator.raw("_sklearn_version");
  return {
    format: model.source.format,
    compiled: { ...compiled, className: model.found.estimator.qualifiedName, warnings: [...unusedEntries([...steps, model]), ...compiled.warnings] },
    producer: typeof version === "string" ? { "scikit-learn": version } : {},
  };
}

/** Entries of the files that are neither the model nor one of the transformers. */
function unusedEntries(all: readonly Found[]): string[] {
  const used = (source: SourceFile, place: string): boolean => all.some((f) => f.source === source && f.found.place === place);
  const told = new Map(all.flatMap(({ found, source, step }) => found.others
    .filter((o) => !used(source, o.place))
    .map((o) => [`${step.label.replace(/#.*$/, "")}: ${o.place}`, o.what] as const)));
  return [...told].map(([place, what]) => `${place} (${what}) is saved beside the model and is not used`);
}

function withGraph(steps: readonly Found[], model: ImportedModel, label: string): ImportedModel {
  const { signature } = model.compiled;
  const front = compilePickled(joinedObject(steps.map((s) => s.step), undefined));
  const last = steps.at(-1)!;
  const before = `${last.found.estimator.className} (${last.step.label})`;
  const target = onlyInput(signature, label);
  const made = front.signature.outputs[0]!;
  const width = made.rowShape[0]!;
  const wanted = `${target.type} [${target.shape.map((d, i) => (i === 0 ? "N" : d === -1 ? "any" : d)).join(", ")}]`;
  const [, columns] = target.shape;
  if (target.shape.length !== 2 || (typeof columns === "number" && columns !== -1 && columns !== width) || (made.type === "string") !== (target.type === "string")) {
    throw convertError("join-mismatch", `${before} gives ${made.type === "string" ? "texts" : "numbers"} [N, ${width}], and the model (${label}) takes ${JSON.stringify(target.name)}: ${wanted}`, {
      where: target.name, hint: target.shape.length === 2 ? "Are the files of one training run, in the order in which the notebook applied them?" : "What the notebook did in between (a reshape, windows of time) is in neither file: make it the model's first layer." });
  }
  const rows = signature.tensorRows;
  if (rows !== "independent" && rows !== "one") {
    throw convertError("join-unsupported", `the rows that the model (${label}) takes may depend on each other, or are a fixed number`, { where: target.name, hint: "Export it with an open first dimension, the batch." });
  }
  if (signature.hashedTensors) throw convertError("join-unsupported", `the model (${label}) hashes its inputs, which is done outside the graph`, { where: target.name });
  const back = readModel(model.compiled.model);
  const { model: joined, names } = joinGraphs({ front: readModel(front.model), from: made.graphName, back, to: target.name, rowByRow: rows === "one" });
  const problem = findFault(findProblems(joined));
  if (problem) throw onnxError("onnx-internal", `the joined graph is not valid: ${problem.message}`, { where: problem.where });
  const outputs = signature.outputs.map((o) => ({ ...o, graphName: names.get(o.graphName) ?? o.graphName }));
  return {
    ...model,
    compiled: {
      ...model.compiled,
      model: serializeModel(joined),
      signature: { ...front.signature, outputs },
      opsets: Object.fromEntries(joined.opsets.map((o) => [o.domain, o.version])),
      warnings: [...unusedEntries(steps), ...frontWarnings(front), ...model.compiled.warnings],
    },
  };
}

/** An output that is left out of the transformer is none of the model's. */
function frontWarnings(front: CompiledModel): readonly string[] {
  return front.warnings.filter((w) => !w.startsWith("the output "));
}

function onlyInput(signature: Signature, label: string): TensorInput {
  const [input, ...more] = signature.tensors ?? [];
  if (signature.layout !== "tensors" || !input) throw convertError("join-unsupported", `the model (${label}) takes named columns, not one table of numbers`, { where: label });
  if (more.length > 0) {
    throw convertError("join-unsupported", `the model (${label}) has ${more.length + 1} inputs (${[input, ...more].map((i) => i.name).join(", ")}), and nothing says which one the preprocessing makes`, {
      where: label, hint: "Make the preprocessing a part of the model (a Normalization layer, say), or do it before the model is called." });
  }
  return input;
}
