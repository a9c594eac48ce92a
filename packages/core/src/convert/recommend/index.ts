export { addItems, type ItemOptions } from "./add-items.ts";
export { compileFactors, type CompiledRecommender, type FactorOptions } from "./compile-factors.ts";
export { factorsOf, factorsOfArchive, type FactorModel } from "./factors.ts";
