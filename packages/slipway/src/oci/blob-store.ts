// The one interface over blobs, manifests, tags and referrers. `layout/` implements it on a folder, `remote/` on a
// registry over HTTP; contract.ts is what both must do. One store is one repository: tags are unique within it.
// Digests are `sha256:` and 64 hex digits. What is written is immutable; only tags move. Whatever a store hands out was
// hashed on the way, and its size was bounded before memory was taken.

/** OCI image-spec 1.1, descriptor.md. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly artifactType?: string;
}

/** A manifest or an image index, byte for byte as it was written. */
export interface StoredManifest {
  readonly mediaType: string;
  readonly digest: string;
  readonly bytes: Uint8Array;
}

export interface ReadBlobOptions {
  /** The most bytes that are taken; a larger blob is refused before it is read. */
  readonly maxBytes: number;
  /** The size that a descriptor states: any other is refused. */
  readonly size?: number | undefined;
}

export interface WriteManifestOptions {
  /** A tag that names it from now on; whatever the tag named before stays stored. */
  readonly tag?: string | undefined;
}

export interface GarbageOptions {
  /** Milliseconds since they were last written: younger ones are left, since their manifest may be about to come. */
  readonly graceMs: number;
}
export interface Garbage {
  readonly blobs: number;
  readonly bytes: number;
}

/** Every method may also throw oci-unavailable, oci-timeout, oci-unauthenticated, oci-denied (registry), oci-storage, oci-busy (layout). */
export interface BlobStore {
  /** For people: a folder's path, or oci://host/repository. */
  readonly location: string;

  /** A blob's size, or undefined where it is not stored. */
  statBlob(digest: string): Promise<number | undefined>;
  /** @throws oci-not-found, oci-too-large, oci-digest-mismatch */
  readBlob(digest: string, options: ReadBlobOptions): Promise<Uint8Array>;
  /**
   * Stores bytes and returns their digest; what is there already is not sent again. On a registry, `mountFrom` names
   * another repository of the same host that holds the blob, which then need not travel.
   */
  writeBlob(bytes: Uint8Array, options?: { readonly mountFrom?: string | undefined }): Promise<string>;
  /** Whether there was one. @throws oci-unsupported */
  removeBlob(digest: string): Promise<boolean>;

  /** By tag or digest. @throws oci-not-found, oci-malformed, oci-too-large, oci-digest-mismatch */
  readManifest(reference: string): Promise<StoredManifest>;
  /** The digest of what a tag (or a digest) names, or undefined. */
  resolve(reference: string): Promise<string | undefined>;
  /**
   * Stores a manifest or index whose blobs are stored already; its media type is the one that it states. Where it has a
   * `subject`, it is one of that manifest's referrers from now on. Writing the same again changes nothing.
   * @throws oci-malformed, oci-incomplete
   */
  writeManifest(bytes: Uint8Array, options?: WriteManifestOptions): Promise<Descriptor>;
  /** Removes a manifest and every tag that names it; its blobs stay until garbage is collected. @throws oci-unsupported */
  removeManifest(digest: string): Promise<boolean>;

  /** Moves or makes a tag. @throws oci-not-found */
  tag(tag: string, digest: string): Promise<void>;
  /** Whether there was one. @throws oci-unsupported */
  untag(tag: string): Promise<boolean>;
  /** In lexical order, without those that stand in for the referrers interface (`sha256-...`). */
  tags(): AsyncIterable<string>;

  /** What names this digest as its subject: signatures, reports, attestations. Empty where there is none. */
  referrers(digest: string, options?: { readonly artifactType?: string | undefined }): Promise<readonly Descriptor[]>;

  /** Removes blobs that no stored manifest reaches. A registry does this on its own: nothing is removed there. */
  collectGarbage(options: GarbageOptions): Promise<Garbage>;
  close(): Promise<void>;
}
