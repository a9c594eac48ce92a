// Outputs in the order, with the names and in the types that tools around skl2onnx expect: label and probabilities (a
// sequence of maps unless told otherwise), one tensor of a regressor or a transformer, label and scores of the others.
// After skl2onnx 1.20 (_parse.py). Numbers are computed in double and are float at the end unless an input is double.

import type { MapKeys, Value } from "../../onnx/index.ts";
import type { Fitted, Labels } from "./contract.ts";
import type { Conversion } from "./conversion.ts";
import { convertError } from "./errors.ts";
import { labelTensor, labelValue } from "./outputs.ts";

export interface OutputOptions {
  /** Probabilities as a sequence of maps (the default), as one tensor, or each class as an output of its own. */
  readonly zipmap?: boolean | "columns";
  /** The decision function in place of the probabilities; one score s as [-s, s]. */
  readonly raw_scores?: boolean;
  /** Labels as numbers of classes. */
  readonly nocl?: boolean;
  readonly output_class_labels?: boolean;
  readonly score_samples?: boolean;
  readonly return_std?: boolean;
  readonly return_cov?: boolean;
  readonly decision_leaf?: boolean;
  readonly decision_path?: boolean;
}

export type ConventionalOutput =
  | { readonly kind: "tensor"; readonly name: string; readonly value: Value }
  | { readonly kind: "maps"; readonly name: string; readonly value: Value; readonly keys: MapKeys }
  | { readonly kind: "sequence"; readonly name: string; readonly values: readonly Value[] };

/** @param methods the methods to reproduce in this order, in place of the usual ones */
export function conventionalOutputs(c: Conversion, fitted: Fitted, numberType: "float" | "double", options: OutputOptions, methods?: readonly string[]): ConventionalOutput[] {
  return new OutputMaker(c, fitted, numberType, options).make(methods);
}

class OutputMaker {
  readonly #c: Conversion;
  readonly #fitted: Fitted;
  readonly #numberType: "float" | "double";
  readonly #options: OutputOptions;

  constructor(c: Conversion, fitted: Fitted, numberType: "float" | "double", options: OutputOptions) {
    this.#c = c;
    this.#fitted = fitted;
    this.#numberType = numberType;
    this.#options = options;
  }

  make(methods: readonly string[] | undefined): ConventionalOutput[] {
    if (methods) return methods.flatMap((m) => this.#method(m));
    const { kind, predict, transform, neighbors, scoreSamples } = this.#fitted;
    if (kind === "classifier" && predict) return this.#classifier();
    if (kind === "regressor" && predict) return this.#regressor();
    if (predict) return this.#labelled();
    if (transform) return [this.#transformed("variable")];
    if (neighbors) return [this.#tensor("index", neighbors().indices), this.#tensor("distance", neighbors().distances)];
    if (scoreSamples) return [this.#column("scores", scoreSamples())];
    throw convertError("unsupported-estimator", "the model has nothing that works on new rows (no predict, no transform)");
  }

  #tensor(name: string, value: Value): ConventionalOutput {
    return { kind: "tensor", name, value: value.type === "double" || value.type === "float" ? this.#c.o.cast(value, this.#numberType) : value };
  }
  /** [N] as [N, 1]. */
  #column(name: string, value: Value): ConventionalOutput {
    return this.#tensor(name, value.shape?.length === 1 ? this.#c.o.unsqueeze(value, 1) : value);
  }
  #transformed(name: string): ConventionalOutput {
    const frame = this.#fitted.transform!();
    const text = Array.from({ length: frame.width }, (_, j) => this.#c.kindOf(frame, j) === "string");
    return this.#tensor(name, text.length > 0 && text.every((t) => t) ? this.#c.stringMatrix(frame) : this.#c.numbers(frame));
  }

  #classifier(): ConventionalOutput[] {
    const { o } = this.#c;
    const { predict, classes = [], predictProba, decisionFunction } = this.#fitted;
    const options = this.#options;
    const several = classes.length > 1;
    const scores = options.raw_scores === true || !predictProba;
    const zipmap = several || (scores && !options.raw_scores) ? false : (options.zipmap ?? true);
    const keys = several || classes.length === 0 ? undefined : options.nocl ? numbered(classes[0]!) : keysOf(classes[0]!);
    const label = options.nocl ? predict!() : this.#label(predict!(), classes);
    const first = this.#tensor(zipmap === false ? "label" : "output_label", label);
    let values: readonly Value[];
    if (!scores) values = predictProba!();
    else if (decisionFunction) {
      const s = decisionFunction();
      const column = s.shape?.length === 1 ? o.unsqueeze(s, 1) : s;
      values = [s.shape?.length === 1 && options.raw_scores ? o.concat([o.neg(column), column]) : column];
    } else return [first];
    const rest = this.#leaves();
    // Several targets in one matrix (multi-label) stay one tensor.
    if (several) return [first, ...(values.length === 1 ? [this.#tensor("probabilities", values[0]!)] : [this.#sequence("probabilities", values)]), ...this.#classLabels(classes), ...rest];
    const value = values[0]!;
    if (zipmap === false) return [first, this.#tensor("probabilities", value), ...this.#classLabels(classes), ...rest];
    if (!keys) throw convertError("unsupported-option", "zipmap: the classifier names no classes");
    if (zipmap === "columns") {
      return [first, ...keys.values.map((key, k) => this.#tensor(`${keys.type === "int64" ? "i" : "s"}${key}`, o.squeeze(o.columns(value, [k]), 1))), ...rest];
    }
    return [first, { kind: "maps", name: "output_probability", value: o.cast(value, "float"), keys }, ...rest];
  }
  #label(index: Value, classes: readonly Labels[]): Value {
    return labelValue(this.#c, index, classes.map((labels) => {
      const keys = keysOf(labels);
      return keys.type === "int64" ? { type: "int64", values: keys.values } : labels;
    }));
  }
  #sequence(name: string, values: readonly Value[]): ConventionalOutput {
    return { kind: "sequence", name, values: values.map((v) => (v.type === "double" ? this.#c.o.cast(v, this.#numberType) : v)) };
  }
  #classLabels(classes: readonly Labels[]): ConventionalOutput[] {
    if (!this.#options.output_class_labels) return [];
    const values = classes.map((labels) => {
      const keys = keysOf(labels);
      return this.#c.graph.constant(labelTensor(keys.type === "int64" ? { type: "int64", values: keys.values } : labels));
    });
    return [values.length === 1 ? { kind: "tensor", name: "class_labels", value: values[0]! } : { kind: "sequence", name: "class_labels", values }];
  }
  #leaves(): ConventionalOutput[] {
    const { leaves, paths } = this.#fitted;
    const found: ConventionalOutput[] = [];
    for (const [wanted, name, make] of [[this.#options.decision_path, "decision_path", paths], [this.#options.decision_leaf, "decision_leaf", leaves]] as const) {
      if (!wanted) continue;
      if (!make) throw convertError("unsupported-option", `${name} is not offered for this model`);
      found.push(this.#tensor(name, make()));
    }
    return found;
  }

  #regressor(): ConventionalOutput[] {
    const { predict, deviation, covariance } = this.#fitted;
    const outputs = [this.#column("variable", predict!()), ...this.#leaves()];
    if (this.#options.return_std || this.#options.return_cov) {
      const make = this.#options.return_std ? deviation : covariance;
      if (!make) throw convertError("unsupported-option", `${this.#options.return_std ? "return_std" : "return_cov"} is not offered for this model`);
      outputs.push(this.#tensor("std", make()));
    }
    return outputs;
  }

  /** Clusterings, mixtures, outlier detectors. */
  #labelled(): ConventionalOutput[] {
    const { kind, predict, predictProba, decisionFunction, transform, scoreSamples } = this.#fitted;
    const outputs: ConventionalOutput[] = [{ kind: "tensor", name: "label", value: kind === "outlier" ? this.#c.o.unsqueeze(predict!(), 1) : predict!() }];
    if (predictProba) outputs.push(this.#tensor("probabilities", predictProba()[0]!));
    else if (decisionFunction) outputs.push(this.#column("scores", decisionFunction()));
    else if (transform) outputs.push(this.#transformed("scores"));
    if (this.#options.score_samples && scoreSamples) outputs.push(this.#column("score_samples", scoreSamples()));
    return outputs;
  }

  #method(method: string): ConventionalOutput[] {
    const { kind, predict, classes = [], predictProba, decisionFunction, scoreSamples, transform, neighbors } = this.#fitted;
    const lacking = convertError("unsupported-estimator", `the model's ${method} cannot be compiled`);
    const need = <T>(make: (() => T) | undefined): T => {
      if (!make) throw lacking;
      return make();
    };
    switch (method) {
      case "predict": {
        const value = need(predict);
        return [this.#tensor(kind === "regressor" ? "variable" : "label", kind === "classifier" ? this.#label(value, classes) : value)];
      }
      case "predict_proba": {
        const values = need(predictProba);
        return [values.length === 1 ? this.#tensor("probabilities", values[0]!) : this.#sequence("probabilities", values)];
      }
      case "decision_function": return [this.#tensor("scores", need(decisionFunction))];
      case "score_samples": return [this.#tensor("score_samples", need(scoreSamples))];
      case "transform": {
        if (!transform) throw lacking;
        return [this.#transformed("variable")];
      }
      case "kneighbors indices": return [this.#tensor("index", need(neighbors).indices)];
      case "kneighbors distances": return [this.#tensor("distance", need(neighbors).distances)];
      default: throw convertError("unsupported-option", `there is no method ${method}`);
    }
  }
}

/** The labels as the keys of a map; numbers and booleans become whole numbers. */
function keysOf(labels: Labels): MapKeys {
  switch (labels.type) {
    case "string": return { type: "string", values: labels.values };
    case "int64": return { type: "int64", values: labels.values };
    case "bool": return { type: "int64", values: labels.values.map((v) => (v ? 1n : 0n)) };
    case "double":
      return labels.values.every((v) => Number.isSafeInteger(v)) ? { type: "int64", values: labels.values.map(BigInt) } : { type: "string", values: labels.values.map(String) };
  }
}
function numbered(labels: Labels): MapKeys {
  return { type: "int64", values: Array.from({ length: labels.values.length }, (_, i) => BigInt(i)) };
}
