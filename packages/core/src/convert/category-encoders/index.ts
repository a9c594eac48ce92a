// Encoders of the package category_encoders, 2.2 to 2.11.

import type { EstimatorConverter } from "../conversion/contract.ts";
import { categoryEncoder } from "./encoder.ts";
import { multiHotEncoder } from "./multi-hot.ts";
import { summaryEncoder } from "./summary.ts";

export const categoryEncodersConverters: readonly EstimatorConverter[] = [categoryEncoder, multiHotEncoder, summaryEncoder];
