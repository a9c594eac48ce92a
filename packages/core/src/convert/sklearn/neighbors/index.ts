import type { EstimatorConverter } from "../../conversion/contract.ts";
import { kNeighborsClassifier, kNeighborsRegressor } from "./k-neighbors.ts";
import { kernelDensity } from "./kernel-density.ts";
import { labelPropagation } from "./label-propagation.ts";
import { localOutlierFactor } from "./local-outlier-factor.ts";
import { isomap, locallyLinearEmbedding } from "./manifold.ts";
import { nearestCentroid } from "./nearest-centroid.ts";
import { kNeighborsTransformer, nearestNeighbors, radiusNeighborsTransformer } from "./neighbor-graphs.ts";
import { neighborhoodComponentsAnalysis } from "./neighborhood-components.ts";
import { radiusNeighborsClassifier, radiusNeighborsRegressor } from "./radius-neighbors.ts";

export const neighborsConverters: readonly EstimatorConverter[] = [
  kNeighborsClassifier, kNeighborsRegressor, radiusNeighborsClassifier, radiusNeighborsRegressor,
  nearestCentroid, localOutlierFactor, neighborhoodComponentsAnalysis,
  nearestNeighbors, kNeighborsTransformer, radiusNeighborsTransformer, kernelDensity, labelPropagation, isomap, locallyLinearEmbedding,
];
