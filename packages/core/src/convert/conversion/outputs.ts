// The outputs of a compiled model: all that its estimator offers, each by name.

import { SlipwayError } from "../../base/index.ts";
import type { Value } from "../../onnx/index.ts";
import type { Output, OutputKind, Scalar } from "../../package/index.ts";
import { bools, doubles, int64s, strings, type Tensor } from "../../tensor/index.ts";
import type { Fitted, Labels } from "./contract.ts";
import type { Conversion } from "./conversion.ts";
import { convertError } from "./errors.ts";

export interface NamedOutput {
  readonly output: Omit<Output, "graphName">;
  readonly value: Value;
}

const MOST_NAMES = 262_144;

export function nameOutputs(c: Conversion, fitted: Fitted, warnings: string[]): NamedOutput[] {
  const outputs: NamedOutput[] = [];
  const add = (name: string, kind: OutputKind, value: Value, extra: Pick<Partial<Output>, "columns" | "classes"> = {}): void => {
    const type = value.type as Output["type"];
    const width = value.shape && value.shape.length === 2 ? value.shape[1] : undefined;
    const rowShape = value.shape?.length === 2 ? [typeof width === "number" ? width : (extra.columns?.length ?? -1)] : [];
    outputs.push({ output: { name, kind, type, rowShape, ...extra }, value });
  };
  /** Outputs beside the main one: left out, with the reason, where an option of theirs cannot be compiled. */
  let refused: SlipwayError | undefined;
  const extra = (name: string, make: () => void): void => {
    try {
      make();
    } catch (error) {
      if (!(error instanceof SlipwayError) || (error.code !== "unsupported-option" && error.code !== "unsupported-estimator")) throw error;
      refused ??= error;
      warnings.push(`the output ${name} is left out: ${error.message}`);
    }
  };

  if (fitted.predict) {
    const raw = fitted.predict();
    if (fitted.kind === "classifier") {
      const classes = fitted.classes ?? [];
      const all = classes.length === 1 ? labelScalars(classes[0]!) : undefined;
      add("label", "label", labelValue(c, raw, classes), all ? { classes: all } : {});
    } else if (fitted.kind === "regressor") add(fitted.predictName ?? "value", "value", raw);
    else add("label", "label", raw);
  }
  const { predictProba, scoreSamples, transform } = fitted;
  const decisionFunction = fitted.decisionFunction ?? fitted.margin;
  if (predictProba) {
    extra("probabilities", () => {
      const values = predictProba();
      values.forEach((value, t) => {
        const labels = fitted.classes?.[t];
        // Several targets in one matrix: a column for each target (its positive class), not for each class.
        const columns = values.length === 1 && (fitted.classes?.length ?? 0) > 1 ? fitted.classes!.map((_, k) => k) : labels && labelScalars(labels);
        add(values.length === 1 ? "probabilities" : `probabilities_${t}`, "probabilities", value, columns ? { columns } : {});
      });
    });
  }
  if (decisionFunction) {
    extra("score", () => {
      const value = decisionFunction();
      const labels = fitted.classes?.[0] ? labelScalars(fitted.classes[0]) : [];
      const width = value.shape?.length === 2 ? value.shape[1] : undefined;
      add("score", "score", value, labels.length > 0 && width === labels.length ? { columns: labels } : {});
    });
  }
  if (scoreSamples) extra("score_samples", () => add("score_samples", "score", scoreSamples()));
  if (transform) {
    const make = (): void => {
      const frame = transform();
      const text = frame.width > 0 && frame.blocks.every((b) => b.kind === "string" || (b.kind === "raw" && c.columns[b.column]!.kind === "string"));
      const value = text ? c.stringMatrix(frame) : c.numbers(frame);
      // Names of so many columns (a million hashed ones) would be larger than the model.
      const names = frame.width <= MOST_NAMES ? { columns: frame.features.map((f, i) => f.name ?? `f${i}`) } : {};
      add("transformed", "transformed", value, names);
    };
    if (outputs.length === 0) make();
    else extra("transformed", make);
  }
  if (fitted.reasonCodes) {
    const { value, names } = fitted.reasonCodes();
    add("reason_codes", "transformed", value, { columns: names });
  }
  if (fitted.neighbors) {
    const found = fitted.neighbors();
    add("neighbors", "value", found.indices);
    add("distances", "value", found.distances);
  }
  if (outputs.length === 0) throw refused ?? convertError("unsupported-estimator", "the model has nothing that works on new rows (no predict, no transform)");
  return outputs;
}

function labelScalars(labels: Labels): Scalar[] {
  return labels.type === "int64" ? labels.values.map((v) => (Number.isSafeInteger(Number(v)) ? Number(v) : String(v))) : [...labels.values];
}

export function labelTensor(labels: Labels): Tensor {
  switch (labels.type) {
    case "string": return strings(labels.values);
    case "int64": return int64s(labels.values);
    case "double": return doubles(labels.values);
    case "bool": return bools(labels.values);
  }
}

/** Class indices [N] or [N, T] -> labels. */
export function labelValue(c: Conversion, index: Value, classes: readonly Labels[]): Value {
  if (classes.length === 0) return index;
  if (classes.length === 1) return c.o.gather(c.graph.constant(labelTensor(classes[0]!)), index, 0);
  return c.o.concat(classes.map((labels, t) => c.o.gather(c.graph.constant(labelTensor(labels)), c.o.columns(index, [t]), 0)));
}
