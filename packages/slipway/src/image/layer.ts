// A layer of an image: files as a tar, compressed with gzip (image-spec 1.1, layer.md). The same files give the same tar on
// every machine: sorted, owned by root, without times. The gzip around it is zlib's of the Node that made it.
// What compressing costs seconds for (Node, ONNX Runtime) is kept in the cache by the tar's digest.

import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { writeTar, type WrittenTarEntry } from "@slipway/core/formats";
import { digestOf, MEDIA_TYPE, writeAtomically, type BlobCache } from "../oci/index.ts";

export interface Layer {
  /** What `history` says of it. */
  readonly comment: string;
  /** Of the tar: what a running container's file system is made of. */
  readonly diffId: string;
  readonly mediaType: string;
  /** Of the bytes as they are stored. */
  readonly digest: string;
  readonly size: number;
  readonly read: () => Promise<Uint8Array>;
}

export type LayerFile = WrittenTarEntry;

const LEVEL = 6;
const MAX_KEPT = 1 << 30;

/** Without a cache it stays the tar that it is: what is unpacked again at once need not be compressed. */
export async function makeLayer(comment: string, files: readonly LayerFile[], cache: BlobCache | undefined): Promise<Layer> {
  const tar = writeTar(withFolders(files));
  const diffId = await digestOf(tar);
  if (cache === undefined) return { comment, diffId, mediaType: MEDIA_TYPE.plainLayer, digest: diffId, size: tar.length, read: () => Promise.resolve(tar) };
  const kept = await keptLayer(diffId, cache);
  const bytes = kept ?? (await compress(tar));
  const digest = await digestOf(bytes);
  if (kept === undefined) {
    await cache.write(digest, bytes);
    await mkdir(join(cache.folder, "layers"), { recursive: true, mode: 0o700 }).then(() => writeAtomically(nameFile(diffId, cache), new TextEncoder().encode(digest), join(cache.folder, "tmp"))).catch(() => undefined);
  }
  return { comment, diffId, mediaType: MEDIA_TYPE.layer, digest, size: bytes.length, read: () => Promise.resolve(bytes) };
}

async function compress(tar: Uint8Array): Promise<Uint8Array> {
  const bytes = await promisify(gzip)(tar, { level: LEVEL });
  // The header's last byte names the system that compressed: 3 (Unix) on Linux, 19 on macOS.
  bytes[9] = 3;
  return bytes;
}

async function keptLayer(diffId: string, cache: BlobCache): Promise<Uint8Array | undefined> {
  const digest = await readFile(nameFile(diffId, cache), "utf8").catch(() => "");
  return /^sha256:[0-9a-f]{64}$/.test(digest) ? cache.read(digest, { maxBytes: MAX_KEPT }) : undefined;
}
/** Another zlib compresses to other bytes. */
function nameFile(diffId: string, cache: BlobCache): string {
  return join(cache.folder, "layers", `${diffId.slice("sha256:".length)}-${LEVEL}-${process.arch}-${process.versions.zlib.replace(/[^A-Za-z0-9.-]/g, "_")}`);
}

/** By path, each folder before what is in it. */
function withFolders(files: readonly LayerFile[]): LayerFile[] {
  const all = new Map(files.map((file) => [file.path, file]));
  for (const { path } of files) {
    for (let at = path.indexOf("/"); at > 0; at = path.indexOf("/", at + 1)) {
      const folder = path.slice(0, at);
      if (!all.has(folder)) all.set(folder, { path: folder, bytes: new Uint8Array(), folder: true });
    }
  }
  return [...all.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}
