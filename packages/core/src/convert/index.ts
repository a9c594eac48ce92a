export { inspectSource, type Inspection, type InspectionNode } from "./inspect.ts";
export { importModel, readSource, type ImportedModel, type SourceFile } from "./import-model.ts";
export { importError } from "./errors.ts";
export { compileGraph, readGraphRequest, readInputSpecs, type CompiledGraph, type GraphOptions, type InputSpec } from "./sklearn/index.ts";
