export { compileSklearn, isEstimator, type CompiledModel, type CompileOptions } from "./compile.ts";
export { describe } from "./estimator.ts";
export { convertError } from "./errors.ts";
export type { FoundModel } from "./find-model.ts";
export { sklearnConverters } from "./registry.ts";
