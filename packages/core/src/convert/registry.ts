// Every estimator that can be compiled, by family. To add one: its file, its test, a fixture, one line in its family.

import type { EstimatorConverter } from "./conversion/contract.ts";
import { lightgbmConverters } from "./lightgbm/index.ts";
import { catboostConverters } from "./catboost/index.ts";
import { categoryEncodersConverters } from "./category-encoders/index.ts";
import { skforecastConverters } from "./skforecast/index.ts";
import { xgboostConverters } from "./xgboost/index.ts";
import { bayesConverters } from "./sklearn/bayes/index.ts";
import { clusterConverters } from "./sklearn/cluster/index.ts";
import { composeConverters } from "./sklearn/compose/index.ts";
import { decompositionConverters } from "./sklearn/decomposition/index.ts";
import { ensembleConverters } from "./sklearn/ensemble/index.ts";
import { imputeConverters } from "./sklearn/impute/index.ts";
import { linearConverters } from "./sklearn/linear/index.ts";
import { metaConverters } from "./sklearn/meta/index.ts";
import { neighborsConverters } from "./sklearn/neighbors/index.ts";
import { neuralConverters } from "./sklearn/neural/index.ts";
import { preprocessConverters } from "./sklearn/preprocess/index.ts";
import { selectConverters } from "./sklearn/select/index.ts";
import { svmConverters } from "./sklearn/svm/index.ts";
import { textConverters } from "./sklearn/text/index.ts";
import { treeConverters } from "./sklearn/tree/index.ts";

const families: readonly (readonly EstimatorConverter[])[] = [
  composeConverters, preprocessConverters, imputeConverters, selectConverters, textConverters, decompositionConverters,
  linearConverters, svmConverters, neighborsConverters, bayesConverters, neuralConverters, clusterConverters,
  treeConverters, ensembleConverters, metaConverters, xgboostConverters, lightgbmConverters, catboostConverters, categoryEncodersConverters, skforecastConverters,
];

/** By `package.Class`. Two converters for one name is a mistake of ours. */
export const converters: ReadonlyMap<string, EstimatorConverter> = index(families.flat());

function index(converters: readonly EstimatorConverter[]): Map<string, EstimatorConverter> {
  const map = new Map<string, EstimatorConverter>();
  for (const converter of converters) {
    for (const name of converter.names) {
      if (map.has(name)) throw new Error(`two converters for ${name}`);
      map.set(name, converter);
    }
  }
  return map;
}
