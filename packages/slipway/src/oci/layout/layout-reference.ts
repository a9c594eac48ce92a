// oci-layout:FOLDER[:TAG][@sha256:DIGEST], as skopeo and crane write an image layout on disk (`oci:FOLDER:TAG` there): a
// package in a folder that may hold many.

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { MEDIA, type ModelPackage } from "@slipway/core/package";
import { checkDigest, checkTag, TAG } from "../digest.ts";
import { ociError } from "../errors.ts";
import { pullPackage, pushPackage } from "../package-artifact.ts";
import { parseManifest } from "../parse-manifest.ts";
import { LayoutStore } from "./layout-store.ts";

const SCHEME = "oci-layout:";
const SHOWN = 20;

export interface LayoutReference {
  readonly folder: string;
  readonly tag: string | undefined;
  /** Where both are given, the digest counts. */
  readonly digest: string | undefined;
}

export function isLayoutReference(text: string): boolean {
  return text.startsWith(SCHEME);
}

/** What begins with oci-layout:, or a folder that is a layout, with or without a tag; undefined for anything else. @throws oci-reference */
export async function findLayoutReference(text: string): Promise<LayoutReference | undefined> {
  const explicit = isLayoutReference(text);
  const named = explicit ? text.slice(SCHEME.length) : text;
  const nothing = (): Error => ociError("oci-reference", `${JSON.stringify(text.slice(0, 300))} names no folder`, { hint: "Write oci-layout:FOLDER:TAG." });
  if (named === "") throw nothing();
  const whole: LayoutReference = { folder: named, tag: undefined, digest: undefined };
  if (await isLayout(named)) return whole;
  const [, beforeDigest = named, digest] = /^(.+)@(sha256:.*)$/s.exec(named) ?? [];
  // A tag has no slash: a colon before one is the path's own.
  const [, beforeTag = beforeDigest, tag] = /^(.*):([^/\\]*)$/s.exec(beforeDigest) ?? [];
  if (!explicit) return (tag === undefined && digest === undefined) || !(await isLayout(beforeTag)) ? undefined : { folder: beforeTag, tag, digest };
  if (beforeTag === "") throw nothing();
  if (tag !== undefined) checkTag(tag);
  if (digest !== undefined) checkDigest(digest);
  return { folder: beforeTag, tag, digest };
}

export function formatLayoutReference({ folder, tag, digest }: LayoutReference): string {
  return `${SCHEME}${folder}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}

/** @throws oci-reference, oci-layout, oci-not-found and what reading a package throws */
export async function readFromLayout(reference: LayoutReference): Promise<ModelPackage> {
  const store = await LayoutStore.open(reference.folder);
  try {
    return await pullPackage(store, reference.digest ?? reference.tag ?? (await onlyPackage(store, reference)));
  } finally {
    await store.close();
  }
}

/** Into a folder that is made where there is none. @returns with the tag that it got: the package's version by default @throws oci-reference, oci-layout, oci-storage, oci-busy */
export async function writeToLayout(reference: LayoutReference, pkg: ModelPackage): Promise<LayoutReference> {
  // `+` of a version cannot stand in a tag.
  const tag = reference.tag ?? pkg.manifest.version.replaceAll("+", "_");
  if (!TAG.test(tag)) throw ociError("oci-reference", `the package's version ${JSON.stringify(tag)} cannot be a tag`, { hint: `Name one: ${SCHEME}${reference.folder}:TAG.` });
  const store = await LayoutStore.open(reference.folder, { create: true });
  try {
    await pushPackage(store, pkg, { tag });
  } finally {
    await store.close();
  }
  return { folder: reference.folder, tag, digest: pkg.digest };
}

/** With the digest of what it names now. @throws as readFromLayout */
export async function pinLayoutReference(reference: LayoutReference): Promise<LayoutReference> {
  const store = await LayoutStore.open(reference.folder);
  try {
    const named = reference.digest ?? reference.tag ?? (await onlyPackage(store, reference));
    const digest = await store.resolve(named);
    if (digest === undefined) throw ociError("oci-not-found", `there is no ${formatLayoutReference(reference)}`);
    return { ...reference, digest };
  } finally {
    await store.close();
  }
}

async function onlyPackage(store: LayoutStore, { folder }: LayoutReference): Promise<string> {
  const tags: string[] = [];
  const digests = new Set<string>();
  for await (const tag of store.tags()) {
    const { bytes, digest, mediaType } = await store.readManifest(tag);
    const parsed = parseManifest(bytes, digest, mediaType);
    // Signatures and images may lie beside it.
    if (parsed.kind === "manifest" && parsed.artifactType !== MEDIA.artifact) continue;
    tags.push(tag);
    digests.add(digest);
  }
  const [only] = digests;
  if (only !== undefined && digests.size === 1) return only;
  const hint = tags.length === 0 ? "Name one by its digest: oci-layout:FOLDER@sha256:DIGEST." : `Say which one: ${tags.slice(0, SHOWN).map((t) => `${SCHEME}${folder}:${t}`).join(", ")}${tags.length > SHOWN ? " ..." : ""}.`;
  throw ociError("oci-reference", `${JSON.stringify(folder)} holds ${tags.length === 0 ? "no package that has a tag" : `${digests.size} packages`}`, { hint });
}

async function isLayout(folder: string): Promise<boolean> {
  return (await stat(join(folder, "oci-layout")).catch(() => undefined))?.isFile() === true;
}
