// An image as one file: the layout's folder as a tar (`skopeo copy oci-archive:`, `podman load`, Docker 25 and later), or the
// form that `docker load` of any version takes. Written piece by piece.

import { randomBytes } from "node:crypto";
import { open, readdir, readFile, rename, rm, type FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { tarHeader } from "@slipway/core/formats";
import { REF_NAME, toJsonBytes } from "@slipway/core/package";
import { MEDIA_TYPE, parseManifest, type LayoutStore } from "../oci/index.ts";

const BLOCK = 512;

export interface ArchiveOptions {
  /** NAME:TAG, as `docker images` shows it. */
  readonly dockerName?: string | undefined;
  /** The digest of the image's manifest or index. */
  readonly manifest: string;
  /** In Docker's own form; then `manifest` is no index. */
  readonly docker: boolean;
}

/** @throws what writing throws */
export async function writeArchive(layout: LayoutStore, path: string, options: ArchiveOptions): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    const file = await open(temporary, "wx");
    try {
      const folder = layout.location;
      for (const name of (await readdir(join(folder, "blobs", "sha256"))).sort()) await append(file, `blobs/sha256/${name}`, await readFile(join(folder, "blobs", "sha256", name)));
      // One of the two: programs that find both take OCI's form, which has no health check.
      if (options.docker) await append(file, "manifest.json", await dockerManifest(layout, options));
      else {
        await append(file, "index.json", await indexOf(layout, options));
        await append(file, "oci-layout", await readFile(join(folder, "oci-layout")));
      }
      await file.write(new Uint8Array(2 * BLOCK));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Of the one image: programs that load archives want no choice. */
async function indexOf(layout: LayoutStore, { manifest, dockerName }: ArchiveOptions): Promise<Uint8Array> {
  const { mediaType, bytes, digest } = await layout.readManifest(manifest);
  const annotations = dockerName === undefined ? {} : { [REF_NAME]: dockerName.slice(dockerName.lastIndexOf(":") + 1), "io.containerd.image.name": dockerName };
  return toJsonBytes({ schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests: [{ mediaType, digest, size: bytes.length, annotations }] });
}

/** https://github.com/moby/docker-image-spec, "combined image JSON + filesystem changeset format"; layers may be compressed. */
async function dockerManifest(layout: LayoutStore, { manifest, dockerName }: ArchiveOptions): Promise<Uint8Array> {
  const { bytes } = await layout.readManifest(manifest);
  const [config, ...layers] = parseManifest(bytes, manifest).blobs.map(({ digest }) => `blobs/${digest.replace(":", "/")}`);
  return toJsonBytes([{ Config: config, RepoTags: dockerName === undefined ? [] : [dockerName], Layers: layers }]);
}

async function append(file: FileHandle, path: string, bytes: Uint8Array): Promise<void> {
  await file.write(tarHeader(path, bytes.length));
  for (let at = 0; at < bytes.length; at += 16 << 20) await file.write(bytes.subarray(at, at + (16 << 20)));
  await file.write(new Uint8Array((BLOCK - (bytes.length % BLOCK)) % BLOCK));
}
