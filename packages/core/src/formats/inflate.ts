// zlib (RFC 1950) and gzip (RFC 1952) over fflate's inflate, fed in small pieces so that the limit bites early;
// checksums are verified here, as fflate does not.

import { Inflate } from "fflate";
import { BoundedOutput, compressionError, type ExpansionLimits } from "./bounded-output.ts";

/** One input byte expands to at most 1032, so a piece yields at most 8 MiB before it is counted. */
const pieceBytes = 8192;

/** Raw deflate from `start`; returns the output, which is appended to `out`. */
function inflateInto(out: BoundedOutput, bytes: Uint8Array, start: number, end: number, format: string): void {
  let ended = false;
  let at = start;
  const inflate = new Inflate((chunk, final) => {
    out.room(chunk.length, at - start + 1);
    out.buffer.set(chunk, out.length);
    out.length += chunk.length;
    ended ||= final;
  });
  try {
    while (at < end) {
      const to = Math.min(end, at + pieceBytes);
      const piece = bytes.subarray(at, to);
      at = to;
      inflate.push(piece, at === end);
    }
  } catch (error) {
    if (error instanceof Error && "code" in error && typeof error.code === "number") {
      throw compressionError(error.code === 0 ? "compressed-truncated" : "compressed-damaged", `the ${format} data are damaged: ${error.message}`, { hint: "Copy or save the file again." });
    }
    throw error;
  }
  if (!ended) throw compressionError("compressed-truncated", `the ${format} data end too early`, { hint: "Copy or download the file again." });
}

export function inflateZlib(file: Uint8Array, limits: ExpansionLimits): Uint8Array {
  if (file.length < 6) throw compressionError("compressed-truncated", "the zlib data end in their header");
  if (file[1]! & 0x20) throw compressionError("compressed-unsupported", "the zlib data need a preset dictionary");
  const out = new BoundedOutput("zlib", file.length, limits);
  inflateInto(out, file, 2, file.length - 4, "zlib");
  return out.finish();
}
