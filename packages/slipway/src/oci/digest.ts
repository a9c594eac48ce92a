// Digests as OCI has them (image-spec 1.1, descriptor.md). Only SHA-256: nothing else is in use for what is read here.

import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { ociError } from "./errors.ts";

export const DIGEST: RegExp = /^sha256:[0-9a-f]{64}$/;
/** distribution-spec 1.1. */
export const TAG: RegExp = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
/** The tag that stands in for the referrers interface: `sha256-` and the subject's digest. */
export const REFERRERS_TAG: RegExp = /^sha256-[0-9a-f]{64}$/;

/** Bytes hashed in one turn of the event loop: about 5 ms. */
const SLICE = 4 << 20;

/** @throws oci-reference */
export function checkDigest(digest: string): void {
  if (!DIGEST.test(digest)) throw ociError("oci-reference", `${JSON.stringify(digest.slice(0, 100))} is not sha256: and 64 hex digits`);
}
/** @throws oci-reference */
export function checkTag(tag: string): void {
  if (!TAG.test(tag)) throw ociError("oci-reference", `${JSON.stringify(tag.slice(0, 150))} cannot be a tag`, { hint: "A tag has letters, digits, '_', '.' and '-', at most 128." });
}
/** @throws oci-reference */
export function checkReference(reference: string): void {
  if (!DIGEST.test(reference)) checkTag(reference);
}

export function referrersTag(digest: string): string {
  return digest.replace(":", "-");
}

/** Without holding up the event loop, however many bytes there are. */
export async function digestOf(bytes: Uint8Array): Promise<string> {
  const hash = createHash("sha256");
  for (let at = 0; at < bytes.length; at += SLICE) {
    if (at > 0) await nextTurn();
    hash.update(bytes.subarray(at, at + SLICE));
  }
  return `sha256:${hash.digest("hex")}`;
}

/** @throws oci-digest-mismatch */
export async function verifyDigest(bytes: Uint8Array, digest: string, where: string): Promise<void> {
  const actual = await digestOf(bytes);
  if (actual !== digest) throw ociError("oci-digest-mismatch", `the ${bytes.length} bytes of ${digest} have the digest ${actual}`, { where });
}
