export { type BlobStore, type Descriptor, type Garbage, type GarbageOptions, type ReadBlobOptions, type StoredManifest, type WriteManifestOptions } from "./blob-store.ts";
export { LayoutStore, type LayoutOptions } from "./layout/layout-store.ts";
export { RegistryStore } from "./remote/registry-store.ts";
export { type RegistryOptions } from "./remote/registry-options.ts";
export { digestOf } from "./digest.ts";
export { formatReference, isOciReference, parseReference, type OciReference } from "./reference.ts";
export { MEDIA_TYPE, parseManifest, type ParsedManifest } from "./parse-manifest.ts";
export { ociError } from "./errors.ts";
export { cosignTag, readAttachments, writeAttachments } from "./attachments.ts";
