import type { EstimatorConverter } from "../../conversion/contract.ts";
import { additiveChi2Sampler, kernelPrincipalComponents, nystroem, randomFeatures } from "./kernel-maps.ts";
import { latentDirichletAllocation } from "./latent-dirichlet-allocation.ts";
import { nonNegativeFactorization } from "./non-negative-factorization.ts";
import { polynomialCountSketch } from "./polynomial-count-sketch.ts";
import { sparseCoding } from "./sparse-coding.ts";
import { factorAnalysis, linearProjection, principalComponents, sparsePrincipalComponents } from "./projections.ts";

export const decompositionConverters: readonly EstimatorConverter[] = [
  principalComponents, linearProjection, factorAnalysis, sparsePrincipalComponents,
  kernelPrincipalComponents, nystroem, randomFeatures, additiveChi2Sampler, polynomialCountSketch, latentDirichletAllocation, nonNegativeFactorization, sparseCoding,
];
