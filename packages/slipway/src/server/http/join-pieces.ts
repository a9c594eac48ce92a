// A body's pieces as one. Tensors in bytes lie behind JSON of any length: the whole is placed so that they begin at a multiple
// of eight bytes and can be looked at where they are.

import type { IncomingHttpHeaders } from "node:http";

/** Shorter ones are copied as soon. */
const LONG = 2 ** 16;
const ALIGNED = 8;

/** `head`: bytes in front of the body. */
export function joinPieces(pieces: readonly Buffer[], size: number, headers: IncomingHttpHeaders, head = 0): Buffer {
  if (size < LONG) return Buffer.concat(pieces, size);
  const json = Number(headers["inference-header-content-length"] ?? 0);
  const skipped = Number.isSafeInteger(json) && json > 0 && json < size ? head + json : head;
  const from = (ALIGNED - (skipped % ALIGNED)) % ALIGNED;
  const whole = Buffer.allocUnsafeSlow(from + size).subarray(from);
  let at = 0;
  for (const piece of pieces) at += piece.copy(whole, at);
  return whole;
}
