export { type BlobStore, type Descriptor, type Garbage, type GarbageOptions, type ReadBlobOptions, type StoredManifest, type WriteManifestOptions } from "./blob-store.ts";
export { LayoutStore, type LayoutOptions } from "./layout/layout-store.ts";
export { digestOf } from "./digest.ts";
export { MEDIA_TYPE, parseManifest, type ParsedManifest } from "./parse-manifest.ts";
export { ociError } from "./errors.ts";
