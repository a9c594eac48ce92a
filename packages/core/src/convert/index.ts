export { importModel, readSource, type ImportedModel, type SourceFile } from "./import-model.ts";
export { importError } from "./errors.ts";
