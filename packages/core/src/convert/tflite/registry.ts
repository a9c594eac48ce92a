// Every operator that is compiled, by its name in the schema.

import type { Operator } from "./context.ts";
import { CONVOLUTION } from "./operators/convolution.ts";
import { ELEMENTWISE } from "./operators/elementwise.ts";
import { POOLING } from "./operators/pooling.ts";
import { SHAPES } from "./operators/shapes.ts";

export const tfliteOperators: ReadonlyMap<string, Operator> = new Map([...CONVOLUTION, ...POOLING, ...ELEMENTWISE, ...SHAPES].flatMap((o) => o.names.map((name) => [name, o] as const)));
