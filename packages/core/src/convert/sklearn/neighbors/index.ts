import type { EstimatorConverter } from "../contract.ts";
import { kNeighborsClassifier, kNeighborsRegressor } from "./k-neighbors.ts";
import { localOutlierFactor } from "./local-outlier-factor.ts";
import { nearestCentroid } from "./nearest-centroid.ts";
import { neighborhoodComponentsAnalysis } from "./neighborhood-components.ts";
import { radiusNeighborsClassifier, radiusNeighborsRegressor } from "./radius-neighbors.ts";

export const neighborsConverters: readonly EstimatorConverter[] = [
  kNeighborsClassifier, kNeighborsRegressor, radiusNeighborsClassifier, radiusNeighborsRegressor,
  nearestCentroid, localOutlierFactor, neighborhoodComponentsAnalysis,
];
