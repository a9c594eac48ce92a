// Walks a graph of the file and adds each operator's nodes.

import type { Value } from "../../onnx/index.ts";
import { convertError } from "../conversion/errors.ts";
import { OperatorView, type LiteContext } from "./context.ts";
import { tfliteError } from "./errors.ts";
import { tfliteOperators } from "./registry.ts";

export function runOperators(c: LiteContext): void {
  for (const op of c.model.operators) {
    const operator = tfliteOperators.get(op.name);
    if (!operator) throw tfliteError("unsupported-operator", `${op.where} is not compiled`, { where: op.where, hint: "Change the model so that the converter does not need this operator, or export it as ONNX." });
    const made = operator.convert(new OperatorView(op, c), c);
    const list = (Array.isArray(made) ? made : [made]) as readonly Value[];
    op.outputs.forEach((index, i) => {
      const value = list[i];
      if (!value) throw convertError("malformed-model", `${op.where}: it has ${op.outputs.length} outputs`);
      c.values.set(index, value);
    });
  }
}
