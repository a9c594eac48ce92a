import type { EstimatorConverter } from "../contract.ts";
import { oneHotEncoder } from "./one-hot-encoder.ts";
import { ordinalEncoder } from "./ordinal-encoder.ts";
import { maxAbsScaler, minMaxScaler, robustScaler, standardScaler } from "./scalers.ts";

export const preprocessConverters: readonly EstimatorConverter[] = [
  standardScaler, minMaxScaler, maxAbsScaler, robustScaler,
  oneHotEncoder, ordinalEncoder,
];
