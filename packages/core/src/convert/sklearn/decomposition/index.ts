import type { EstimatorConverter } from "../contract.ts";
import { additiveChi2Sampler, kernelPrincipalComponents, nystroem, randomFeatures } from "./kernel-maps.ts";
import { polynomialCountSketch } from "./polynomial-count-sketch.ts";
import { factorAnalysis, linearProjection, principalComponents, sparsePrincipalComponents } from "./projections.ts";

export const decompositionConverters: readonly EstimatorConverter[] = [
  principalComponents, linearProjection, factorAnalysis, sparsePrincipalComponents,
  kernelPrincipalComponents, nystroem, randomFeatures, additiveChi2Sampler, polynomialCountSketch,
];
