// Every estimator that can be compiled, by family. To add one: its file, its test, a fixture, one line in its family.

import type { EstimatorConverter } from "./contract.ts";
import { lightgbmConverters } from "../lightgbm/index.ts";
import { catboostConverters } from "../catboost/index.ts";
import { xgboostConverters } from "../xgboost/index.ts";
import { bayesConverters } from "./bayes/index.ts";
import { clusterConverters } from "./cluster/index.ts";
import { composeConverters } from "./compose/index.ts";
import { decompositionConverters } from "./decomposition/index.ts";
import { ensembleConverters } from "./ensemble/index.ts";
import { imputeConverters } from "./impute/index.ts";
import { linearConverters } from "./linear/index.ts";
import { metaConverters } from "./meta/index.ts";
import { neighborsConverters } from "./neighbors/index.ts";
import { neuralConverters } from "./neural/index.ts";
import { preprocessConverters } from "./preprocess/index.ts";
import { selectConverters } from "./select/index.ts";
import { svmConverters } from "./svm/index.ts";
import { textConverters } from "./text/index.ts";
import { treeConverters } from "./tree/index.ts";

const families: readonly (readonly EstimatorConverter[])[] = [
  composeConverters, preprocessConverters, imputeConverters, selectConverters, textConverters, decompositionConverters,
  linearConverters, svmConverters, neighborsConverters, bayesConverters, neuralConverters, clusterConverters,
  treeConverters, ensembleConverters, metaConverters, xgboostConverters, lightgbmConverters, catboostConverters,
];

/** By `package.Class`. Two converters for one name is a mistake of ours. */
export const sklearnConverters: ReadonlyMap<string, EstimatorConverter> = index(families.flat());

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
