// The image that another is built on: its layers as they are, by digest, and what its configuration says of the
// environment. From a registry or a layout's folder; images of Docker's schema 2 are taken too. It comes from outside: every
// field that is used is checked, and so is that the C libraries are there which Node needs.

import { promisify } from "node:util";
import { gunzip, zstdDecompress } from "node:zlib";
import { JsonObject, parseJson, type Fail } from "@slipway/core/package";
import { digestOf, MEDIA_TYPE, parseManifest, type BlobStore, type Descriptor, type StoredManifest } from "../oci/index.ts";
import { imageError } from "./errors.ts";
import type { Layer } from "./layer.ts";
import { platformText, type Platform } from "./platform.ts";
import { tarNames } from "./tar-items.ts";

export interface BaseImage {
  /** As it was asked for, for messages: a folder's name is this machine's own, and would make the image another one elsewhere. */
  readonly name: string;
  /** HOST/REPOSITORY:TAG, of a base in a registry. */
  readonly reference?: string;
  /** Of the manifest or index that the name stands for; a base from this machine has none. */
  readonly digest?: string;
  readonly layers: readonly Layer[];
  /** NAME=VALUE */
  readonly env: readonly string[];
}

export type ImageSource = Pick<BlobStore, "location" | "readManifest" | "readBlob">;

const MAX_CONFIG = 4 << 20;
/** A layer is held in memory. */
const MAX_LAYER = 1 << 30;
const MAX_UNPACKED = 2 ** 31 - 1;
/** Docker's names for what OCI calls otherwise; the bytes are the same. */
const LAYER_TYPES: Readonly<Record<string, string>> = {
  "application/vnd.docker.image.rootfs.diff.tar.gzip": MEDIA_TYPE.layer,
  "application/vnd.docker.image.rootfs.diff.tar": MEDIA_TYPE.plainLayer,
  [MEDIA_TYPE.layer]: MEDIA_TYPE.layer,
  [MEDIA_TYPE.plainLayer]: MEDIA_TYPE.plainLayer,
  "application/vnd.oci.image.layer.v1.tar+zstd": "application/vnd.oci.image.layer.v1.tar+zstd",
};
/** Of the libraries that Node and ONNX Runtime are linked to, those that are packages of their own. */
const NEEDED = ["libc.so.6", "libstdc++.so.6", "libgcc_s.so.1"];

const fail: Fail = (message, where) => imageError("image-base", message, { where });

/** @param reference a tag or digest @throws image-base, and as the store */
export async function readBaseImage(store: ImageSource, name: string, reference: string, platform: Platform): Promise<BaseImage> {
  const top = await store.readManifest(reference);
  const { bytes, digest } = await forPlatform(store, name, top, platform);
  const { blobs: [config, ...layers] } = parseManifest(bytes, digest);
  const document = new JsonObject(parseJson(await store.readBlob(config!.digest, { maxBytes: MAX_CONFIG, size: config!.size }), "config", fail), "config", fail);
  const is = `${document.optionalString("os") ?? "?"}/${document.optionalString("architecture") ?? "?"}`;
  if (is !== platformText(platform)) throw imageError("image-base", `${name} is for ${is.slice(0, 60)}, not for ${platformText(platform)}`);
  const diffIds = document.object("rootfs").array("diff_ids", 1000, (value) => String(value));
  if (diffIds.length !== layers.length || diffIds.some((d) => !/^sha256:[0-9a-f]{64}$/.test(d))) throw fail(`it has ${layers.length} layers and names ${diffIds.length} of them`, "config.rootfs.diff_ids");
  const settings = document.has("config") && document.get("config") !== null ? document.object("config") : undefined;
  const env = settings !== undefined && settings.has("Env") && settings.get("Env") !== null ? settings.array("Env", 1000, (value) => String(value)) : [];
  const where = name.startsWith("oci://") ? { reference: name.slice("oci://".length) } : {};
  const read = layers.map((layer, i) => layerOf(store, name, `base: ${where.reference ?? "an OCI layout"}`, layer, diffIds[i]!));
  await checkLibraries(name, read);
  return { name, ...where, digest: top.digest, layers: read, env: env.filter((e) => /^[^=\0]+=[^\0]*$/.test(e)) };
}

async function forPlatform(store: ImageSource, name: string, top: StoredManifest, platform: Platform): Promise<StoredManifest> {
  if (parseManifest(top.bytes, top.digest, top.mediaType).kind === "manifest") return top;
  const entries = new JsonObject(parseJson(top.bytes, top.digest, fail), top.digest, fail).array("manifests", 1000, (value, where) => {
    const entry = new JsonObject(value, where, fail);
    const stated = entry.has("platform") ? entry.object("platform") : undefined;
    return { digest: entry.string("digest"), platform: stated === undefined ? undefined : `${stated.optionalString("os")}/${stated.optionalString("architecture")}` };
  });
  const found = entries.find((entry) => entry.platform === platformText(platform)) ?? (entries.length === 1 && entries[0]!.platform === undefined ? entries[0] : undefined);
  if (found === undefined) throw imageError("image-base", `${name} is not for ${platformText(platform)}, only for ${[...new Set(entries.flatMap((e) => e.platform ?? []))].slice(0, 20).join(", ").slice(0, 300) || "none"}`);
  return store.readManifest(found.digest);
}

function layerOf(store: ImageSource, name: string, comment: string, { digest, size, mediaType }: Descriptor, diffId: string): Layer {
  const type = Object.hasOwn(LAYER_TYPES, mediaType) ? LAYER_TYPES[mediaType] : undefined;
  if (type === undefined) throw imageError("image-base", `${name} has a layer of the type ${JSON.stringify(mediaType.slice(0, 100))}`);
  if (size > MAX_LAYER) throw imageError("image-base", `${name} has a layer of ${size} bytes; at most ${MAX_LAYER} are allowed`);
  return { comment, diffId, mediaType: type, digest, size, read: () => store.readBlob(digest, { maxBytes: MAX_LAYER, size }) };
}

async function checkLibraries(name: string, layers: readonly Layer[]): Promise<void> {
  const missing = new Set(NEEDED);
  for (const layer of layers) {
    const tar = await unpacked(layer, name);
    if ((await digestOf(tar)) !== layer.diffId) throw imageError("image-base", `${name}: the layer ${layer.digest} does not hold what its configuration says (${layer.diffId})`);
    for (const path of tarNames(tar)) missing.delete(path.slice(path.lastIndexOf("/") + 1));
  }
  if (missing.size > 0) throw imageError("image-base", `${name} has no ${[...missing].join(", ")}`, { hint: "Take an image with glibc and libstdc++, such as gcr.io/distroless/cc-debian12 or debian:12-slim with libstdc++6." });
}

/** A layer as a tar. @throws image-base */
export async function unpacked(layer: Layer, name: string): Promise<Uint8Array> {
  const bytes = await layer.read();
  try {
    if (layer.mediaType.endsWith("+gzip")) return await promisify(gunzip)(bytes, { maxOutputLength: MAX_UNPACKED });
    if (layer.mediaType.endsWith("+zstd")) return await promisify(zstdDecompress)(bytes, { maxOutputLength: MAX_UNPACKED });
    return bytes;
  } catch (cause) {
    throw imageError("image-base", `${name}: the layer ${layer.digest} cannot be decompressed: ${(cause as Error).message}`, { cause });
  }
}
