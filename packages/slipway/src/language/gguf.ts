// Whether a path is a GGUF file, and a look through its head before the engine reads it.

import { open } from "node:fs/promises";
import { isGgufHead, readGgufHead, type GgufHead } from "@slipway/core/formats";

/** Vocabularies are some megabytes long. */
const HEAD = 64 * 2 ** 20;

export async function isGguf(path: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return false;
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(4), 0, 4, 0);
    return bytesRead === 4 && isGgufHead(buffer);
  } catch {
    return false;
  } finally {
    await file.close();
  }
}

/** @throws SlipwayError gguf-malformed, bytes-truncated */
export async function lookThrough(path: string): Promise<GgufHead> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const head = new Uint8Array(Math.min(size, HEAD));
    let at = 0;
    while (at < head.length) {
      const { bytesRead } = await file.read(head, at, head.length - at, at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    return readGgufHead(head.subarray(0, at), size);
  } finally {
    await file.close();
  }
}
