// Types and shapes of a node's outputs: types from the schema's type variables, shapes from the operator's own function.
// An operator without a function gives outputs of unknown rank.

import type { ElementType } from "../../tensor/index.ts";
import type { OpSchema } from "../schema.ts";
import type { Attribute } from "../value.ts";
import { InferenceError, NodeContext, type Body, type Infer, type Inferred, type Known } from "./context.ts";
import { CONTROL } from "./control.ts";
import { ELEMENTWISE } from "./elementwise.ts";
import { ML_OPERATORS } from "./ml.ts";
import { REDUCTIONS } from "./reductions.ts";
import { SHAPES } from "./shapes.ts";
import { VISION } from "./vision.ts";

const functions: ReadonlyMap<string, Infer> = new Map(Object.entries({ ...ELEMENTWISE, ...REDUCTIONS, ...SHAPES, ...ML_OPERATORS, ...CONTROL, ...VISION }));

/** Ranks and contents that are followed: models from outside could double them with every node. */
const MAX_RANK = 64;
const MAX_CONTENT = 64;

export interface Output extends Inferred {
  readonly type: ElementType;
}

/** The types that a node binds to the schema's type variables; throws when an input's type does not fit. */
function bindTypes(schema: OpSchema, inputs: readonly (Known | null)[]): Map<string, ElementType> {
  const bound = new Map<string, ElementType>();
  inputs.forEach((input, i) => {
    const formal = schema.inputs[Math.min(i, schema.inputs.length - 1)];
    if (!input || !formal) return;
    const allowed = schema.types.get(formal.type);
    if (allowed ? !allowed.includes(input.type) : formal.type !== input.type) {
      throw new InferenceError(`input ${formal.name} cannot be ${input.type}, only ${allowed?.join(", ") ?? formal.type}`);
    }
    if (!allowed || formal.variadic === "each") return;
    const before = bound.get(formal.type);
    if (before !== undefined && before !== input.type) throw new InferenceError(`input ${formal.name} is ${input.type}, but another of the same kind is ${before}`);
    bound.set(formal.type, input.type);
  });
  return bound;
}

export function inferOutputs(schema: OpSchema, inputs: readonly (Known | null)[], attributes: ReadonlyMap<string, Attribute>, outputCount: number, bodies: ReadonlyMap<string, Body> = new Map()): Output[] {
  const bound = bindTypes(schema, inputs);
  const inferred = functions.get(schema.name)?.(new NodeContext(schema, inputs, attributes, outputCount, bodies)) ?? [];
  return Array.from({ length: outputCount }, (_, i) => {
    const formal = schema.outputs[Math.min(i, schema.outputs.length - 1)]!;
    const allowed = schema.types.get(formal.type);
    const found = inferred[i];
    const type = found?.type ?? (allowed ? (bound.get(formal.type) ?? (allowed.length === 1 ? allowed[0] : undefined)) : (formal.type as ElementType));
    if (type === undefined) throw new InferenceError(`the type of output ${formal.name} cannot be told`);
    const shape = found?.shape ?? null;
    if (shape && shape.length > MAX_RANK) throw new InferenceError(`the result has ${shape.length} dimensions`);
    const wrong = shape?.find((d) => typeof d === "number" && !(d >= 0 && Number.isInteger(d)));
    if (wrong !== undefined) throw new InferenceError(`a dimension of the result is ${wrong}`);
    const content = found?.content && found.content.length <= MAX_CONTENT ? found.content : undefined;
    return { type, shape, content };
  });
}
