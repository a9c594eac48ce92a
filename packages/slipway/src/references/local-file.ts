// One resolver for whatever stands where a package goes: a path, or a version of the registry (NAME:3, NAME@production,
// NAME@sha256:...), whose package is kept as a .slip file in `.slipway/packages`: fetched once, hashed again by whoever
// opens it. An artifact (oci://HOST/REPOSITORY:TAG) stays what it is: whoever opens it pulls it through the user's cache; so does one in a layout
// (oci-layout:FOLDER:TAG).

import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readSlip, writeSlip, type ModelPackage } from "@slipway/core/package";
import { isLayoutReference, isOciReference, readAttachments, type BlobStore } from "../oci/index.ts";
import { looksLikeReference, openRegistry, registryError } from "../registry/index.ts";

export interface LocalFile {
  /** What can be opened. */
  readonly path: string;
  /** Of a version of the registry. */
  readonly model?: string;
  readonly version?: number;
  /** "sha256:..."; of a reference only. */
  readonly digest?: string;
}
export interface LocalOptions {
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** The working folder. */
  readonly folder?: string | undefined;
}

/**
 * A path as it is; of a reference, the file that its package was fetched to. A file that is there is never taken for a
 * reference; write ./churn:3 for a file that is not there yet.
 * @throws registry-*, package-*
 */
export async function localFile(argument: string, options: LocalOptions = {}): Promise<LocalFile> {
  if (isOciReference(argument) || isLayoutReference(argument)) return { path: argument };
  const folder = options.folder ?? process.cwd();
  if (!looksLikeReference(argument) || existsSync(join(folder, argument)) || existsSync(argument)) return { path: argument };
  const registry = await openRegistry({ env: options.env, folder, create: false });
  try {
    const { model, version, digest, state } = await registry.version(argument);
    if (state !== "available") throw registryError("registry-version-removed", `${model}:${version} was removed; its package is gone`);
    const path = await kept(options, digest, registry.blobs, () => registry.package(`${model}:${version}`));
    return { path, model, version, digest };
  } finally {
    await registry.close();
  }
}

async function kept({ folder = process.cwd() }: LocalOptions, digest: string, store: BlobStore, load: () => Promise<ModelPackage>): Promise<string> {
  const path = join(folder, ".slipway", "packages", `${digest.slice("sha256:".length)}.slip`);
  const pkg = existsSync(path) ? await withNews(path, digest, store) : await load();
  if (pkg === undefined) return path;
  const bytes = writeSlip(pkg);
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(bytes);
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  return path;
}

/** A digest's package never changes, but it may have been signed since it was fetched. Undefined where nothing is new. */
async function withNews(path: string, digest: string, store: BlobStore): Promise<ModelPackage | undefined> {
  // Without the store, what was fetched is what there is.
  const attachments = await readAttachments(store, digest).catch(() => undefined);
  if (attachments === undefined) return undefined;
  const pkg = await readSlip(new Uint8Array(await readFile(path)));
  const same = pkg.attachments.length === attachments.length && attachments.every((a, i) => a.digest === pkg.attachments[i]!.digest);
  return same ? undefined : { ...pkg, attachments };
}
