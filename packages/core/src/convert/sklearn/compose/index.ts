import type { EstimatorConverter } from "../../conversion/contract.ts";
import { columnTransformer } from "./column-transformer.ts";
import { featureUnion } from "./feature-union.ts";
import { functionTransformer } from "./function-transformer.ts";
import { joined } from "./joined.ts";
import { pipeline } from "./pipeline.ts";

export const composeConverters: readonly EstimatorConverter[] = [
  pipeline, columnTransformer, featureUnion, functionTransformer, joined,
];
