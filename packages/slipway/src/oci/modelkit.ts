// A package as a ModelKit of KitOps (kit 1.x: pkg/artifact/kitfile.go, pkg/lib/constants/mediaType.go), whose clients take
// their own media types only. The Kitfile is the manifest's config; each of its parts is a layer, a tar of one file:
//
//   model   model.slip   the whole package, byte for byte, its signatures included
//   docs    card.md      the model card
//
// The same package gives the same ModelKit, but for signatures that were added to it.

import { createHash } from "node:crypto";
import { tarHeader } from "@slipway/core/formats";
import { toJsonBytes, writeSlip, type ModelPackage } from "@slipway/core/package";
import type { BlobStore, Descriptor } from "./blob-store.ts";
import { MEDIA_TYPE } from "./parse-manifest.ts";

const KIT = "application/vnd.kitops.modelkit";
const SLIP = "model.slip";
const BLOCK = 512;

export interface ModelKit {
  /** Of the manifest. */
  readonly digest: string;
  readonly manifest: Uint8Array;
  /** The Kitfile as JSON, and the layers. */
  readonly blobs: readonly Uint8Array[];
}

export function modelKitOf(pkg: ModelPackage): ModelKit {
  const { manifest, signature } = pkg;
  const { name, version, description, authors, licenses, source } = manifest;
  const model = tarOf(SLIP, writeSlip(pkg));
  const card = tarOf("card.md", new TextEncoder().encode(pkg.card));
  // Nothing is compressed, so a layer is its own "diff".
  const layer = (path: string, bytes: Uint8Array): object => ({ path, digest: sha256(bytes), diffId: sha256(bytes) });
  const license = licenses?.join(" AND ");
  const kitfile = toJsonBytes({
    manifestVersion: "1.0.0",
    package: { name, version, ...(description === undefined ? {} : { description }), ...(license === undefined ? {} : { license }), ...(authors === undefined ? {} : { authors }) },
    model: {
      name, version, framework: "onnx", format: "slipway", ...(description === undefined ? {} : { description }), ...(license === undefined ? {} : { license }),
      parameters: {
        package: pkg.digest, source: { file: source.file, sha256: source.sha256, class: source.rootClass },
        inputs: signature.columns.map((c) => c.name), outputs: signature.outputs.map((o) => o.name),
      },
      ...layer(SLIP, model),
    },
    docs: [{ description: "The model card", ...layer("card.md", card) }],
  });
  const described = (mediaType: string, bytes: Uint8Array): object => ({ mediaType, digest: sha256(bytes), size: bytes.length });
  const bytes = toJsonBytes({
    schemaVersion: 2, mediaType: MEDIA_TYPE.manifest, config: described(`${KIT}.config.v1+json`, kitfile), layers: [described(`${KIT}.model.v1.tar`, model), described(`${KIT}.docs.v1.tar`, card)],
  });
  return { digest: sha256(bytes), manifest: bytes, blobs: [kitfile, model, card] };
}

/** @throws as the store */
export async function pushModelKit(store: BlobStore, pkg: ModelPackage, tag: string): Promise<Descriptor> {
  const kit = modelKitOf(pkg);
  for (const blob of kit.blobs) await store.writeBlob(blob);
  return store.writeManifest(kit.manifest, { tag });
}

function tarOf(path: string, bytes: Uint8Array): Uint8Array {
  const padded = Math.ceil(bytes.length / BLOCK) * BLOCK;
  const tar = new Uint8Array(BLOCK + padded + 2 * BLOCK);
  tar.set(tarHeader(path, bytes.length));
  tar.set(bytes, BLOCK);
  return tar;
}

function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
