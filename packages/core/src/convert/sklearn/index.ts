export { compileSklearn, isEstimator, type CompiledModel, type CompileOptions } from "./compile.ts";
export { compileGraph, type CompiledGraph, type GraphOptions } from "./compile-graph.ts";
export { describe } from "./estimator.ts";
export { convertError } from "./errors.ts";
export type { InputSpec } from "./given-inputs.ts";
export { readGraphRequest, readInputSpecs } from "./graph-request.ts";
export type { FoundModel } from "./find-model.ts";
export { sklearnConverters } from "./registry.ts";
