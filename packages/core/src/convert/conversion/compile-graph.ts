// Compiles to a graph whose inputs the caller fixes, for tools that expect such a graph: no signature, no packed face.

import { GraphBuilder, mapInput, sequenceOutput, serializeModel, zipOutput, type Model, type ValueInfo } from "../../onnx/index.ts";
import type { ElementType } from "../../tensor/index.ts";
import { PyObject, PyTuple, type PyValue } from "../../pickle/index.ts";
import { isEstimator } from "../compile.ts";
import { conventionalOutputs, type ConventionalOutput, type OutputOptions } from "./conventional-outputs.ts";
import { Conversion } from "./conversion.ts";
import type { Estimator } from "./estimator.ts";
import { findModel } from "../find-model.ts";
import { GivenInputs, type InputSpec } from "./given-inputs.ts";
import { findInputShape } from "../input-shape.ts";
import { nameOutputs } from "./outputs.ts";
import { converters } from "../registry.ts";

export interface GraphOptions {
  readonly inputs: readonly InputSpec[];
  /** Which entry, where the file holds several models. */
  readonly entry?: string;
  /** The NumPy that saved the model, where the file tells: numpyOf. */
  readonly numpy?: 1 | 2 | undefined;
  /** Outputs as skl2onnx gives them; all that the model offers, in double and under Slipway's names, when left out. */
  readonly conventional?: ConventionalOptions;
  /** The graph's name; the estimator's class when left out. */
  readonly name?: string;
}
export interface ConventionalOptions {
  /** Options for these estimators: the model itself, then the one inside it that answers, and so on inwards. */
  readonly optionsFor?: (chain: readonly Estimator[]) => OutputOptions;
  /** Names of the outputs, in order; null leaves the usual one. */
  readonly names?: readonly (string | null)[];
  /** Element types of the outputs, in order; null leaves the usual one. */
  readonly types?: readonly (ElementType | null)[];
  /** The methods to reproduce, in order ("predict", "predict_proba" ...). */
  readonly methods?: readonly string[];
}
export interface CompiledGraph {
  readonly model: Uint8Array;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly className: string;
  readonly warnings: readonly string[];
}

/** @throws as compilePickled, and given-inputs */
export function compileGraph(value: PyValue, options: GraphOptions): CompiledGraph {
  const { estimator: est } = findModel(value, isEstimator, options.entry);
  const shape = findInputShape(est);
  const graph = new GraphBuilder();
  const given = new GivenInputs(graph, options.inputs, shape);
  const c = new Conversion(converters, graph, given);
  c.numpy = options.numpy;
  if (!c.knows(est.key)) throw c.unknownClass(est);
  const X = given.frame(c, shape);
  const fitted = c.convert(est, X);
  const warnings: string[] = [];
  const taken = new Set(options.inputs.map((i) => i.name));
  const { conventional } = options;
  const numberType = options.inputs.some((i) => i.elem === "double") ? "double" : "float";
  const offered: readonly ConventionalOutput[] = conventional
    ? conventionalOutputs(c, fitted, numberType, conventional.optionsFor?.(answering(est)) ?? {}, conventional.methods ?? (SELECTORS.has(est.className) ? ["transform"] : undefined))
    : nameOutputs(c, fitted, warnings).map(({ output, value: v }) => ({ kind: "tensor", name: output.name, value: v }));
  const outputs = offered.map((output, i): ConventionalOutput => {
    const name = free(conventional?.names?.[i] ?? output.name, taken);
    taken.add(name);
    const type = conventional?.types?.[i];
    return output.kind === "tensor" && type && type !== output.value.type ? { ...output, name, value: c.o.cast(output.value, type) } : { ...output, name };
  });
  for (const output of outputs) {
    if (output.kind === "tensor") graph.output(output.name, output.value);
    else if (output.kind === "maps") graph.output(part(output.name), output.value);
    else output.values.forEach((v, i) => graph.output(part(output.name, i), v));
  }
  let model: Model = withoutDimNames(graph.finish({ name: options.name ?? est.className }));
  for (const output of outputs) {
    if (output.kind === "maps") model = zipOutput(model, part(output.name), output.name, output.keys);
    else if (output.kind === "sequence") model = sequenceOutput(model, output.values.map((_, i) => part(output.name, i)), output.name);
  }
  for (const map of given.maps) model = mapInput(model, map.part, map.name, map.keys);
  return { model: serializeModel(model), inputs: model.graph.inputs, outputs: model.graph.outputs, className: est.qualifiedName, warnings: [...warnings, ...c.warnings] };
}

/** Feature selections that can also predict with what they selected by. */
const SELECTORS: ReadonlySet<string> = new Set(["RFE", "RFECV"]);

/** Rows are "N" while a graph is built; outside of Slipway a dimension that is not known has no name. */
function withoutDimNames(model: Model): Model {
  const strip = (info: ValueInfo): ValueInfo => ({ ...info, shape: info.shape?.map((d) => (typeof d === "string" ? null : d)) ?? null });
  return { ...model, graph: { ...model.graph, inputs: model.graph.inputs.map(strip), outputs: model.graph.outputs.map(strip) } };
}

/** The tensor that a map or a member of a sequence is made of. */
function part(name: string, i = 0): string {
  return `${name}.part${i}`;
}

function free(name: string, taken: ReadonlySet<string>): string {
  let candidate = name;
  for (let i = 1; taken.has(candidate); i++) candidate = `${name}${i}`;
  return candidate;
}

/** The estimators whose outputs the model's are: a pipeline, its last step, the best one of a search that it is ... */
function answering(root: Estimator): Estimator[] {
  const chain = [root];
  for (let est: Estimator | undefined = root; est && chain.length < 16; ) {
    est = lastStep(est) ?? inner(est, "best_estimator_");
    if (est) chain.push(est);
  }
  return chain;
}
function lastStep(est: Estimator): Estimator | undefined {
  if (!est.has("steps")) return undefined;
  for (const [i, step] of [...est.list("steps").entries()].reverse()) {
    const child = step instanceof PyTuple ? step.items[1] : undefined;
    if (child instanceof PyObject && child.attributes) return est.child(child, `steps[${i}]`);
  }
  return undefined;
}
function inner(est: Estimator, attribute: string): Estimator | undefined {
  const child = est.raw(attribute);
  return child instanceof PyObject && child.attributes ? est.child(child, attribute) : undefined;
}
