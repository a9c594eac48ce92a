import type { Operator } from "./context.ts";
import { FLOW } from "./operators/flow.ts";
import { HASHES } from "./operators/hashes.ts";
import { LOOPS } from "./operators/loops.ts";
import { MATH } from "./operators/math.ts";
import { NEURAL } from "./operators/neural.ts";
import { REDUCTIONS } from "./operators/reductions.ts";
import { SHAPES } from "./operators/shapes.ts";
import { TABLES } from "./operators/tables.ts";
import { TEXTS } from "./operators/texts.ts";

export const operators: ReadonlyMap<string, Operator> = new Map([...FLOW, ...HASHES, ...LOOPS, ...MATH, ...NEURAL, ...REDUCTIONS, ...SHAPES, ...TABLES, ...TEXTS].flatMap((o) => o.names.map((name) => [name, o])));

/** Names of the outputs of operators that have several: functions name them. */
export const OUTPUTS: Readonly<Record<string, readonly string[]>> = {
  FusedBatchNormV3: ["y"], FusedBatchNorm: ["y"], FusedBatchNormV2: ["y"], TopKV2: ["values", "indices"], StringSplitV2: ["indices", "values", "shape"], StringNGrams: ["ngrams", "ngrams_splits"],
};
