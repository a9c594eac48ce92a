// Every operator that is compiled, by its name.

import type { Operator } from "./context.ts";
import { BLOCKS } from "./operators/blocks.ts";
import { CONTROL } from "./operators/control.ts";
import { CONVOLUTION } from "./operators/convolution.ts";
import { ELEMENTWISE } from "./operators/elementwise.ts";
import { LOGIC } from "./operators/logic.ts";
import { POOLING } from "./operators/pooling.ts";
import { RECURRENT } from "./operators/recurrent.ts";
import { SHAPES } from "./operators/shapes.ts";

export const tfliteOperators: ReadonlyMap<string, Operator> = new Map([...CONVOLUTION, ...POOLING, ...ELEMENTWISE, ...LOGIC, ...SHAPES, ...BLOCKS, ...RECURRENT, ...CONTROL].flatMap((o) => o.names.map((name) => [name, o] as const)));
