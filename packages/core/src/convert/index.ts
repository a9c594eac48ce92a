export { inspectSource, type Inspection, type InspectionNode } from "./inspect.ts";
export { compileJoined, type JoinedFile, type JoinedModelFile } from "./compile-joined.ts";
export { importModel, readSource, type SourceFile } from "./import-model.ts";
export type { ImportedModel, ImportOptions, ReadSibling } from "./imported.ts";
export { importError } from "./errors.ts";
export { compileGraph, readGraphRequest, readInputSpecs, type CompiledGraph, type GraphOptions, type InputSpec } from "./sklearn/index.ts";
