import type { EstimatorConverter } from "../../conversion/contract.ts";
import { dictVectorizer } from "./dict-vectorizer.ts";
import { featureHasher } from "./feature-hasher.ts";
import { kBinsDiscretizer } from "./k-bins-discretizer.ts";
import { labelBinarizer, labelEncoder } from "./label-encoders.ts";
import { multiLabelBinarizer } from "./multi-label-binarizer.ts";
import { binarizer, kernelCenterer, normalizer } from "./normalizer.ts";
import { oneHotEncoder } from "./one-hot-encoder.ts";
import { ordinalEncoder } from "./ordinal-encoder.ts";
import { polynomialFeatures } from "./polynomial-features.ts";
import { powerTransformer } from "./power-transformer.ts";
import { quantileTransformer } from "./quantile-transformer.ts";
import { maxAbsScaler, minMaxScaler, robustScaler, standardScaler } from "./scalers.ts";
import { splineTransformer } from "./spline-transformer.ts";
import { targetEncoder } from "./target-encoder.ts";

export const preprocessConverters: readonly EstimatorConverter[] = [
  standardScaler, minMaxScaler, maxAbsScaler, robustScaler, normalizer, binarizer, kernelCenterer,
  polynomialFeatures, kBinsDiscretizer, powerTransformer, quantileTransformer, splineTransformer,
  oneHotEncoder, ordinalEncoder, targetEncoder, labelEncoder, labelBinarizer, multiLabelBinarizer, dictVectorizer, featureHasher,
];
