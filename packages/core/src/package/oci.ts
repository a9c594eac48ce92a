// How a package is stored: an OCI image layout (image-spec 1.1) holding one CNCF ModelPack artifact (model-spec 0.0.7).
// The same parts give the same bytes, always: JSON keys have a fixed order and no time of day goes in.
// A `.slip` file is a tar of the layout. Every layer is raw and uncompressed, so a layer's digest is its file's SHA-256.

import { writeTar, type TarEntry } from "../formats/index.ts";
import { EMPTY_CONFIG } from "./attachment.ts";
import { checksToJson, parseChecks } from "./checks.ts";
import { toJsonBytes } from "./json.ts";
import { manifestToJson } from "./manifest.ts";
import { parseRecommending } from "./recommending.ts";
import { parseSignature, signatureToJson } from "./parse-signature.ts";
import { digestOf } from "./sha256.ts";
import type { ModelPackage, PackageParts } from "./types.ts";

export const MEDIA = {
  artifact: "application/vnd.cncf.model.manifest.v1+json",
  config: "application/vnd.cncf.model.config.v1+json",
  weight: "application/vnd.cncf.model.weight.v1.raw",
  weightConfig: "application/vnd.cncf.model.weight.config.v1.raw",
  doc: "application/vnd.cncf.model.doc.v1.raw",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  index: "application/vnd.oci.image.index.v1+json",
} as const;

export const FILEPATH = "org.cncf.model.filepath";
export const REF_NAME = "org.opencontainers.image.ref.name";
const TITLE = "org.opencontainers.image.title";
const VERSION = "org.opencontainers.image.version";
const CREATED = "org.opencontainers.image.created";

/** The files of a package, in the order of its layers. */
export const PARTS = {
  model: "model.onnx",
  manifest: "slipway.json",
  signature: "signature.json",
  checks: "checks.json",
  profile: "profile.json",
  text: "text.json",
  recommend: "recommend.json",
  vectors: "vectors.f32",
  card: "card.md",
  sbom: "sbom.cdx.json",
} as const;

/** Puts the parts together and computes the digest. What a reader would refuse is refused here already. */
export async function buildPackage(parts: PackageParts): Promise<ModelPackage> {
  const signature = signatureToJson(parts.signature);
  parseSignature(JSON.parse(JSON.stringify(signature)));
  const checks = parts.checks === null ? null : checksToJson(parts.checks);
  if (checks !== null) parseChecks(JSON.parse(JSON.stringify(checks)));
  const files: [path: string, mediaType: string, bytes: Uint8Array][] = [
    [PARTS.model, MEDIA.weight, parts.model],
    [PARTS.manifest, MEDIA.weightConfig, toJsonBytes(manifestToJson(parts.manifest), 2)],
    [PARTS.signature, MEDIA.weightConfig, toJsonBytes(signature, 2)],
  ];
  if (checks !== null) files.push([PARTS.checks, MEDIA.weightConfig, toJsonBytes(checks)]);
  if (parts.profile !== null && parts.profile !== undefined) files.push([PARTS.profile, MEDIA.weightConfig, toJsonBytes(parts.profile)]);
  if (parts.text !== undefined) files.push([PARTS.text, MEDIA.weightConfig, toJsonBytes(parts.text)]);
  if (parts.recommend !== undefined) {
    parseRecommending(JSON.parse(JSON.stringify(parts.recommend)));
    files.push([PARTS.recommend, MEDIA.weightConfig, toJsonBytes(parts.recommend)]);
  }
  if (parts.vectors !== undefined) files.push([PARTS.vectors, MEDIA.weight, parts.vectors]);
  files.push([PARTS.card, MEDIA.doc, new TextEncoder().encode(parts.card)]);
  files.push([PARTS.sbom, MEDIA.doc, toJsonBytes(parts.sbom, 2)]);

  const digests = await Promise.all(files.map(([, , bytes]) => digestOf(bytes)));
  const layers = files.map(([path, mediaType, bytes], i) => ({
    mediaType, digest: digests[i]!, size: bytes.length, annotations: { [FILEPATH]: path, [TITLE]: path },
  }));
  const config = toJsonBytes(modelConfig(parts, digests));
  const configDigest = await digestOf(config);
  const { name, version, created } = parts.manifest;
  const manifest = toJsonBytes({
    schemaVersion: 2,
    mediaType: MEDIA.manifest,
    artifactType: MEDIA.artifact,
    config: { mediaType: MEDIA.config, digest: configDigest, size: config.length },
    layers,
    annotations: { ...(created === undefined ? {} : { [CREATED]: created }), [TITLE]: name, [VERSION]: version },
  });
  const digest = await digestOf(manifest);
  const blobs = new Map<string, Uint8Array>([[digest, manifest], [configDigest, config]]);
  files.forEach(([, , bytes], i) => blobs.set(digests[i]!, bytes));
  return { ...parts, profile: parts.profile ?? null, digest, blobs, attachments: [] };
}

/** The files of an OCI image layout that holds this package and its attachments alone, sorted by path. */
export function* writeLayout(pkg: ModelPackage): Iterable<TarEntry> {
  const blobs = new Map(pkg.blobs);
  for (const { manifest, digest, bytes } of pkg.attachments) blobs.set(digest, manifest).set(layerDigest(manifest), bytes).set(EMPTY_CONFIG.digest, EMPTY_CONFIG.bytes);
  for (const digest of [...blobs.keys()].sort()) yield { path: `blobs/${digest.replace(":", "/")}`, bytes: blobs.get(digest)! };
  yield {
    path: "index.json",
    bytes: toJsonBytes({
      schemaVersion: 2,
      mediaType: MEDIA.index,
      manifests: [{
        mediaType: MEDIA.manifest,
        digest: pkg.digest,
        size: pkg.blobs.get(pkg.digest)!.length,
        annotations: { [REF_NAME]: pkg.manifest.version },
        artifactType: MEDIA.artifact,
      }, ...pkg.attachments.map(({ artifactType, digest, manifest }) => ({ mediaType: MEDIA.manifest, digest, size: manifest.length, artifactType }))],
    }),
  };
  yield { path: "oci-layout", bytes: toJsonBytes({ imageLayoutVersion: "1.0.0" }) };
}

/** The layout as one reproducible tar file. */
export function writeSlip(pkg: ModelPackage): Uint8Array {
  return writeTar([...writeLayout(pkg)]);
}

/** Of an attachment's manifest, which has one layer and was checked when it was made or read. */
function layerDigest(manifest: Uint8Array): string {
  return (JSON.parse(new TextDecoder().decode(manifest)) as { layers: [{ digest: string }] }).layers[0].digest;
}

/** ModelPack's own configuration. Its schema is closed, so what is ours lives in slipway.json. */
function modelConfig(parts: PackageParts, diffIds: readonly string[]): object {
  const { manifest, signature } = parts;
  return {
    descriptor: {
      createdAt: manifest.created,
      authors: manifest.authors,
      name: manifest.name,
      version: manifest.version,
      licenses: manifest.licenses,
      description: manifest.description,
    },
    modelfs: { type: "layers", diffIds },
    config: {
      architecture: manifest.source.rootClass,
      format: "onnx",
      capabilities: { inputTypes: [signature.layout === "text" ? "text" : "other"], outputTypes: ["other"] },
    },
  };
}
