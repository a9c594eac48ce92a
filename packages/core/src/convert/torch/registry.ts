// Every operator that is compiled, by its ATen name.

import type { Operator } from "./operator.ts";
import { ACTIVATION } from "./ops/activation.ts";
import { ARITHMETIC } from "./ops/arithmetic.ts";
import { ATTENTION } from "./ops/attention.ts";
import { CONVOLUTION } from "./ops/convolution.ts";
import { CREATION } from "./ops/creation.ts";
import { LINEAR } from "./ops/linear.ts";
import { NORMALIZATION } from "./ops/normalization.ts";
import { POOLING } from "./ops/pooling.ts";
import { REDUCTION } from "./ops/reduction.ts";
import { SHAPE } from "./ops/shape.ts";

const operators: readonly Operator[] = [...LINEAR, ...CONVOLUTION, ...NORMALIZATION, ...ACTIVATION, ...POOLING, ...SHAPE, ...ARITHMETIC, ...REDUCTION, ...ATTENTION, ...CREATION];

export const torchOperators: ReadonlyMap<string, Operator> = new Map(operators.flatMap((o) => o.names.map((name) => [name, o] as const)));
