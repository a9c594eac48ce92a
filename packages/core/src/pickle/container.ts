// What a file is, by its first bytes only, never by its name; and how to get at the pickle in it.

import { inflateZlib } from "../formats/index.ts";
import { pickleError } from "./errors.ts";
import type { PickleLimits } from "./limits.ts";

export function decompress(file: Uint8Array, limits: PickleLimits): { bytes: Uint8Array; compression: string | null } {
  if (file[0] === 0x78 && ((file[0] << 8) | (file[1] ?? 0)) % 31 === 0) return { bytes: inflateZlib(file, { bytes: limits.bytes }), compression: "zlib" };
  return { bytes: file, compression: null };
}

export function identify(bytes: Uint8Array): void {
  if (bytes.length === 0) throw pickleError("pickle-empty", "the file is empty inside its compression");
}
