// What was said about a package after it was packed: signatures, reports, attestations. Each is an OCI artifact of its own that
// names the package's manifest as its `subject` (OCI image-spec 1.1, referrers): the package's bytes and digest stay what
// they are, and tools that know nothing of it pass it by.

import { packageError } from "./errors.ts";
import { toJsonBytes } from "./json.ts";
import { digestOf } from "./sha256.ts";
import type { Attachment, ModelPackage } from "./types.ts";

/** image-spec 1.1, "guidance for an empty descriptor". */
export const EMPTY_CONFIG: { readonly mediaType: string; readonly bytes: Uint8Array; readonly digest: string } = {
  mediaType: "application/vnd.oci.empty.v1+json",
  bytes: new TextEncoder().encode("{}"),
  digest: "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
};
export const MAX_ATTACHMENTS = 200;
export const MAX_ATTACHMENT_BYTES: number = 16 << 20;
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";

export interface AttachmentParts {
  /** What it is, for registries and tools that look for it. */
  readonly artifactType: string;
  /** Of `bytes`; the artifact type by default. */
  readonly mediaType?: string;
  readonly bytes: Uint8Array;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An attachment to the manifest `subject`; the same parts give the same bytes. @throws package-too-large */
export async function makeAttachment(subject: { readonly digest: string; readonly size: number; readonly mediaType?: string }, parts: AttachmentParts): Promise<Attachment> {
  const { artifactType, mediaType = artifactType, bytes, annotations = {} } = parts;
  if (bytes.length > MAX_ATTACHMENT_BYTES) throw packageError("package-too-large", `an attachment of ${bytes.length} bytes; at most ${MAX_ATTACHMENT_BYTES} are allowed`);
  const manifest = toJsonBytes({
    schemaVersion: 2,
    mediaType: MANIFEST,
    artifactType,
    config: { mediaType: EMPTY_CONFIG.mediaType, digest: EMPTY_CONFIG.digest, size: EMPTY_CONFIG.bytes.length },
    layers: [{ mediaType, digest: await digestOf(bytes), size: bytes.length }],
    subject: { mediaType: subject.mediaType ?? MANIFEST, digest: subject.digest, size: subject.size },
    annotations,
  });
  return { artifactType, mediaType, bytes, annotations, manifest, digest: await digestOf(manifest) };
}

/** The package with one attachment more; its digest stays. @throws package-too-large */
export async function attach(pkg: ModelPackage, parts: AttachmentParts): Promise<ModelPackage> {
  const made = await makeAttachment({ digest: pkg.digest, size: pkg.blobs.get(pkg.digest)!.length }, parts);
  if (pkg.attachments.some((a) => a.digest === made.digest)) return pkg;
  if (pkg.attachments.length >= MAX_ATTACHMENTS) throw packageError("package-too-large", `the package has ${pkg.attachments.length} attachments already`);
  return { ...pkg, attachments: [...pkg.attachments, made] };
}
