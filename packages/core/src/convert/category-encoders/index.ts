// Encoders of the package category_encoders, 2.2 to 2.11.

import type { EstimatorConverter } from "../conversion/contract.ts";
import { categoryEncoder } from "./encoder.ts";
import { hashingEncoder } from "./hashing.ts";
import { multiHotEncoder } from "./multi-hot.ts";
import { summaryEncoder } from "./summary.ts";
import { nestedEncoder, polynomialWrapper } from "./wrappers.ts";

export const categoryEncodersConverters: readonly EstimatorConverter[] = [categoryEncoder, hashingEncoder, multiHotEncoder, summaryEncoder, nestedEncoder, polynomialWrapper];
