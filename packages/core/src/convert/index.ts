export { inspectSource, type Inspection, type InspectionNode } from "./inspect.ts";
export { compileJoined, type JoinedFile, type JoinedModelFile } from "./compile-joined.ts";
export { importModel, isTensorModel, numpyOf, readSource, type SourceFile } from "./import-model.ts";
export type { ImportedModel, ImportOptions, ReadSibling } from "./imported.ts";
export { importError } from "./import-errors.ts";
export { compileGraph, type CompiledGraph, type GraphOptions } from "./conversion/compile-graph.ts";
export type { InputSpec } from "./conversion/given-inputs.ts";
export { readGraphRequest, readInputSpecs } from "./conversion/graph-request.ts";
export { converters } from "./registry.ts";
