// SHA-256 by Web Crypto: native speed, and there in Node, workers and browsers alike.

import { packageError } from "./errors.ts";

/** 64 lower-case hex digits. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const subtle = globalThis.crypto?.subtle;
  if (subtle === undefined) throw packageError("package-no-hashing", "this platform offers no crypto.subtle to compute SHA-256 with");
  // Web Crypto takes no shared memory; everything else is passed as the view it is.
  const view = bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : Uint8Array.from(bytes);
  const hash = new Uint8Array(await subtle.digest("SHA-256", view));
  let hex = "";
  for (const b of hash) hex += b.toString(16).padStart(2, "0");
  return hex;
}

/** "sha256:" and 64 lower-case hex digits: how OCI names a blob. */
export async function digestOf(bytes: Uint8Array): Promise<string> {
  return `sha256:${await sha256(bytes)}`;
}
