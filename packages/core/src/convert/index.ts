export { inspectSource, type Inspection, type InspectionNode } from "./inspect.ts";
export { importModel, readSource, type ImportedModel, type SourceFile } from "./import-model.ts";
export { importError } from "./errors.ts";
