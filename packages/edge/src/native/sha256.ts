// In place of core/package/sha256.ts where there is no Web Crypto: the build for React Native puts this file there.

import { sha256 as hash } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

/** 64 lower-case hex digits. */
export function sha256(bytes: Uint8Array): Promise<string> {
  return Promise.resolve(bytesToHex(hash(bytes)));
}
export async function digestOf(bytes: Uint8Array): Promise<string> {
  return `sha256:${await sha256(bytes)}`;
}
