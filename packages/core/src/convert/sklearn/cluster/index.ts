import type { EstimatorConverter } from "../../conversion/contract.ts";
import { bisectingKMeans, kMeans, nearestCenter } from "./centers.ts";
import { ellipticEnvelope } from "./elliptic-envelope.ts";
import { featureAgglomeration } from "./feature-agglomeration.ts";
import { gaussianMixture } from "./gaussian-mixture.ts";

export const clusterConverters: readonly EstimatorConverter[] = [
  kMeans, bisectingKMeans, nearestCenter, gaussianMixture, ellipticEnvelope, featureAgglomeration,
];
