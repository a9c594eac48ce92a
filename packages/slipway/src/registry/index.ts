export { type MoveOptions } from "./aliases.ts";
export { type NewAttachment } from "./attachments.ts";
export { registryError } from "./errors.ts";
export { type ModelQuery } from "./models.ts";
export { openRegistry, openStores, registryPlace, type OpenRegistryOptions, type RegistryPlace } from "./open.ts";
export { type NewWaiting } from "./outbox.ts";
export { loadPackage } from "./package-store.ts";
export { checkAlias, looksLikeReference, parseReference, type Reference } from "./reference.ts";
export { Registry, type RegistryOptions } from "./registry.ts";
export { type GarbageReport, type Retained, type RetentionPolicy } from "./removal.ts";
export {
  ATTACHMENT_KINDS, type Alias, type AliasChange, type AliasMove, type Attachment, type AttachmentKind, type Companion, type Guard, type Keeper, type Lineage, type ModelSummary, type Problem, type Version,
  type VersionDetails, type Waiting,
} from "./types.ts";
export { type ExportReport } from "./transfer/export.ts";
export { type ImportOptions, type ImportReport } from "./transfer/import.ts";
export { type VerifyRegistryOptions, type VerifyReport } from "./verify.ts";
export { type VersionQuery } from "./version-rows.ts";
