// What a command signs or verifies: a package in its file or folder, or any other folder or file.

import { existsSync } from "node:fs";
import { open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { sniffFormat } from "@slipway/core/formats";
import { EMPTY_CONFIG, writeSlip, type Attachment, type ModelPackage } from "@slipway/core/package";
import { signingError } from "@slipway/core/signing";
import { isOciReference, LayoutStore, ociError, parseReference, RegistryStore, writeAttachments, type BlobStore } from "../oci/index.ts";
import { loadPackage, looksLikeReference, openRegistry, type Registry } from "../registry/index.ts";
import { openModel } from "../runtime/index.ts";
import { signingFileError } from "../signing/index.ts";
import { localActor } from "./registry/acting.ts";
import { writeFileWhole } from "./write-file.ts";

const MAX_SIGNATURE = 32 << 20;

export type Signable =
  | { readonly kind: "artifact"; readonly package: ModelPackage; readonly store: BlobStore; readonly repository: string }
  | { readonly kind: "version"; readonly package: ModelPackage; readonly registry: Registry; readonly version: number }
  | { readonly kind: "slip" | "layout"; readonly package: ModelPackage }
  | { readonly kind: "files"; readonly folder: boolean };

/** What has to be closed afterwards is closed by `closeSignable`. @throws signing-key-file, and what openModel or a registry throws of a package */
export async function readSignable(path: string): Promise<Signable> {
  if (isOciReference(path)) return readArtifact(path);
  if (looksLikeReference(path) && !existsSync(path)) return readVersion(path);
  const info = await stat(path).catch(() => undefined);
  if (info === undefined) throw signingFileError("signing-key-file", `there is nothing at ${JSON.stringify(path)}`, { hint: "Check the path: a folder, a file, a .slip package, NAME:VERSION or oci://HOST/REPOSITORY:TAG." });
  if (info.isDirectory()) {
    if (await stat(join(path, "oci-layout")).catch(() => undefined)) return { kind: "layout", package: (await openModel(path)).package };
    return { kind: "files", folder: true };
  }
  return path.endsWith(".slip") || sniffFormat(await head(path)) === "slip" ? { kind: "slip", package: (await openModel(path)).package } : { kind: "files", folder: false };
}

export async function closeSignable(signable: Signable): Promise<void> {
  if (signable.kind === "artifact") await signable.store.close();
  if (signable.kind === "version") await signable.registry.close();
}

async function readArtifact(reference: string): Promise<Signable> {
  const { host, repository, tag = "latest", digest } = parseReference(reference);
  const store = await RegistryStore.open(host, repository);
  try {
    const wanted = digest ?? (await store.resolve(tag));
    if (wanted === undefined) throw ociError("oci-not-found", `there is no ${reference}`);
    return { kind: "artifact", store, repository: `${host}/${repository}`, package: await loadPackage(store, wanted, tag) };
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function readVersion(reference: string): Promise<Signable> {
  const registry = await openRegistry({ create: false });
  try {
    const { model, version } = await registry.version(reference);
    return { kind: "version", registry, version, package: await registry.package(`${model}:${version}`) };
  } catch (error) {
    await registry.close();
    throw error;
  }
}

/** As much as tells what a file is. */
async function head(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const bytes = new Uint8Array(64 << 10);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** @throws signature-missing, signing-key-file */
export async function readSignature(path: string): Promise<Uint8Array> {
  const info = await stat(path).catch(() => undefined);
  if (info === undefined) throw signingError("signature-missing", `there is no signature at ${JSON.stringify(path)}`, { hint: "slipway sign makes one; --signature FILE says where it is." });
  if (!info.isFile() || info.size > MAX_SIGNATURE) throw signingFileError("signing-key-file", `${JSON.stringify(path)} is no signature`, { hint: "Give the file that slipway sign wrote: model.sig, or the package's name and .sig." });
  return new Uint8Array(await readFile(path));
}

/** Adds an attachment to a package's folder; what else the folder holds stays. */
export async function attachInLayout(folder: string, { manifest, bytes }: Attachment): Promise<void> {
  const store = await LayoutStore.open(folder);
  try {
    await store.writeBlob(EMPTY_CONFIG.bytes);
    await store.writeBlob(bytes);
    await store.writeManifest(manifest);
  } finally {
    await store.close();
  }
}

/** Adds attachments to a package where it is: in its file, its folder, its registry. */
export async function attachWhere(signable: Exclude<Signable, { kind: "files" }>, target: string, made: readonly Attachment[]): Promise<void> {
  switch (signable.kind) {
    case "artifact": return writeAttachments(signable.store, made);
    case "version": return signable.registry.adopt(signable.package.manifest.name, signable.version, made, localActor());
    case "layout": for (const attachment of made) await attachInLayout(target, attachment);
      return;
    case "slip": return writeFileWhole(target, writeSlip({ ...signable.package, attachments: [...signable.package.attachments, ...made] }));
  }
}
