export { isMlflowFolder, MLMODEL, readMlflowFolder, type MlflowModel } from "./folder.ts";
export { findStored, isMlflowUri, type StoredModel, type StoreEnvironment } from "./store.ts";
export { withMlflowSignature } from "./signature.ts";
export { mlflowError } from "./errors.ts";
