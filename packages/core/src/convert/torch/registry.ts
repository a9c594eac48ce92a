// Every operator that is compiled, by its ATen name.

import type { Operator } from "./operator.ts";
import { ACTIVATION } from "./ops/activation.ts";
import { ARITHMETIC } from "./ops/arithmetic.ts";
import { ARRANGING } from "./ops/arranging.ts";
import { ATTENTION } from "./ops/attention.ts";
import { CONVOLUTION } from "./ops/convolution.ts";
import { CREATION } from "./ops/creation.ts";
import { ELEMENTARY } from "./ops/elementary.ts";
import { INDEXING } from "./ops/indexing.ts";
import { LINEAR } from "./ops/linear.ts";
import { NORMALIZATION } from "./ops/normalization.ts";
import { POOLING } from "./ops/pooling.ts";
import { RECURRENT } from "./ops/recurrent.ts";
import { REDUCTION } from "./ops/reduction.ts";
import { RESAMPLING } from "./ops/resampling.ts";
import { SHAPE } from "./ops/shape.ts";
import { SORTING } from "./ops/sorting.ts";

const operators: readonly Operator[] = [...LINEAR, ...CONVOLUTION, ...NORMALIZATION, ...ACTIVATION, ...POOLING, ...SHAPE, ...ARRANGING, ...ARITHMETIC, ...ELEMENTARY, ...REDUCTION, ...RECURRENT, ...INDEXING, ...SORTING, ...RESAMPLING, ...ATTENTION, ...CREATION];

export const torchOperators: ReadonlyMap<string, Operator> = new Map(operators.flatMap((o) => o.names.map((name) => [name, o] as const)));
