// What a manifest or an image index states (image-spec 1.1; Docker's schema 2 has the same form). It comes from outside:
// every field that is used is checked, counts are bounded.

import { JsonObject, parseJson, type Fail } from "@slipway/core/package";
import type { Descriptor } from "./blob-store.ts";
import { DIGEST } from "./digest.ts";
import { ociError } from "./errors.ts";

export const MEDIA_TYPE = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  index: "application/vnd.oci.image.index.v1+json",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerIndex: "application/vnd.docker.distribution.manifest.list.v2+json",
  empty: "application/vnd.oci.empty.v1+json",
  imageConfig: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
  plainLayer: "application/vnd.oci.image.layer.v1.tar",
} as const;

/** As registries have it. */
export const MAX_MANIFEST_BYTES: number = 4 << 20;
const MAX_LAYERS = 1000;
const MAX_ENTRIES = 10_000;
/** RFC 6838. */
const MEDIA = /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/;

export interface ParsedManifest {
  readonly kind: "manifest" | "index";
  readonly mediaType: string;
  /** The manifest's own, else its configuration's media type, as the specification has it. */
  readonly artifactType: string | undefined;
  readonly subject: Descriptor | undefined;
  readonly annotations: Readonly<Record<string, string>>;
  /** The configuration first, then the layers. Empty for an index. */
  readonly blobs: readonly Descriptor[];
  /** An index's entries. Empty for a manifest. */
  readonly manifests: readonly Descriptor[];
}

const fail: Fail = (message, where) => ociError("oci-malformed", message, { where });

/**
 * @param mediaType what the registry or the descriptor said it is; the document's own wins where that says nothing
 * @throws oci-malformed
 */
export function parseManifest(bytes: Uint8Array, where: string, mediaType?: string): ParsedManifest {
  const document = new JsonObject(parseJson(bytes, where, fail), "", (message, at) => fail(message, `${where}: ${at}`));
  if (document.count("schemaVersion") !== 2) throw fail("schemaVersion is not 2", where);
  const own = document.optionalString("mediaType");
  // A document must not be a manifest to one reader and an index to another (CVE-2021-41190).
  if (document.has("manifests") && (document.has("layers") || document.has("config"))) throw fail("both an index and a manifest", where);
  const stated = own ?? mediaType ?? (document.has("manifests") ? MEDIA_TYPE.index : MEDIA_TYPE.manifest);
  if (own !== undefined && mediaType !== undefined && own !== mediaType) throw fail(`it is called ${JSON.stringify(mediaType.slice(0, 100))} and calls itself ${JSON.stringify(own.slice(0, 100))}`, where);
  const index = stated === MEDIA_TYPE.index || stated === MEDIA_TYPE.dockerIndex;
  if (!index && stated !== MEDIA_TYPE.manifest && stated !== MEDIA_TYPE.dockerManifest) throw fail(`the media type ${JSON.stringify(stated.slice(0, 100))} is neither a manifest's nor an index's`, where);
  if (index !== document.has("manifests")) throw fail(index ? "an index without manifests" : "a manifest with manifests", where);
  const annotations = document.has("annotations") ? document.texts("annotations") : {};
  const subject = document.has("subject") ? parseDescriptor(document.get("subject"), `${where}: subject`) : undefined;
  const type = document.optionalString("artifactType");
  if (index) return { kind: "index", mediaType: stated, artifactType: type, subject, annotations, blobs: [], manifests: document.array("manifests", MAX_ENTRIES, (value, at) => parseDescriptor(value, `${where}: ${at}`)) };
  const config = parseDescriptor(document.get("config"), `${where}: config`);
  const layers = document.array("layers", MAX_LAYERS, (value, at) => parseDescriptor(value, `${where}: ${at}`));
  return { kind: "manifest", mediaType: stated, artifactType: type ?? config.mediaType, subject, annotations, blobs: [config, ...layers], manifests: [] };
}

/** @throws oci-malformed */
export function parseDescriptor(value: unknown, where: string): Descriptor {
  const d = new JsonObject(value, where, fail);
  const digest = d.string("digest");
  if (!DIGEST.test(digest)) throw fail(`the digest ${JSON.stringify(digest.slice(0, 100))} is not sha256: and 64 hex digits`, d.at("digest"));
  const artifactType = d.optionalString("artifactType");
  return {
    mediaType: mediaTypeOf(d.string("mediaType"), d.at("mediaType")),
    digest,
    size: d.count("size"),
    ...(d.has("annotations") ? { annotations: d.texts("annotations") } : {}),
    ...(artifactType === undefined ? {} : { artifactType: mediaTypeOf(artifactType, d.at("artifactType")) }),
  };
}

function mediaTypeOf(text: string, where: string): string {
  if (!MEDIA.test(text)) throw fail(`${JSON.stringify(text.slice(0, 100))} is not a media type`, where);
  return text;
}
