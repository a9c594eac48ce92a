// Where decompressors put their output: pieces that are counted before they are kept, so that a bomb stops early.

import { defineErrors, type ErrorDefinition, type ErrorDetails, type SlipwayError } from "../base/index.ts";

type CompressionCode = "compressed-damaged" | "compressed-truncated" | "compressed-bomb" | "compressed-unsupported";

export const compressionError: ((code: CompressionCode, message: string, details?: ErrorDetails) => SlipwayError) & {
  readonly table: Readonly<Record<CompressionCode, ErrorDefinition>>;
} = defineErrors({
  "compressed-damaged": { kind: "invalid", doc: "A compressed file contradicts itself or fails its checksum. Copy or save it again." },
  "compressed-truncated": { kind: "invalid", doc: "A compressed file ends too early. It was cut off: copy or download it again." },
  "compressed-bomb": { kind: "limit", doc: "A compressed file expands past the allowed size or by an absurd factor. Nothing that a model needs does that; an option can raise the limit." },
  "compressed-unsupported": { kind: "unsupported", doc: "A compressed file uses a variant of its format that is not read. Save it with another compression, or none." },
});

export interface ExpansionLimits {
  /** The most bytes that may come out. */
  readonly bytes: number;
  /** The largest factor between what came out and what went in so far, once `freeBytes` are out. */
  readonly ratio?: number;
  readonly freeBytes?: number;
}

const MiB = 2 ** 20;

/** The most a file may expand to at `consumed` bytes of input. */
function allowedOutput(consumed: number, limits: ExpansionLimits): number {
  return Math.min(limits.bytes, Math.max(limits.freeBytes ?? 64 * MiB, consumed * (limits.ratio ?? 1000)));
}

function refuseBomb(format: string, produced: number, consumed: number): never {
  throw compressionError("compressed-bomb", `the ${format} data expand to more than ${produced} bytes from ${consumed}`, {
    where: `compressed byte ${consumed}`,
    hint: "A model does not compress this well: the file was made to exhaust memory, or holds nothing. If you trust it, decompress it first.",
  });
}

/**
 * A growing buffer whose last bytes can be looked back at (the window of every LZ format).
 * The buffer never grows past what the input read so far allows, so a decoder only calls `room` when its bytes do not fit.
 */
export class BoundedOutput {
  buffer: Uint8Array<ArrayBuffer>;
  length = 0;
  readonly #format: string;
  readonly #limits: ExpansionLimits;
  readonly #inputLength: number;

  constructor(format: string, inputLength: number, limits: ExpansionLimits) {
    this.#format = format;
    this.#limits = limits;
    this.#inputLength = inputLength;
    this.buffer = new Uint8Array(Math.min(allowedOutput(0, limits), Math.max(1024, inputLength * 4), 16 * MiB));
  }

  /** Makes sure that `count` more bytes fit, if `consumed` bytes of input may expand so far. */
  room(count: number, consumed: number): void {
    const needed = this.length + count;
    if (needed <= this.buffer.length) return;
    const allowed = allowedOutput(consumed, this.#limits);
    if (needed > allowed) refuseBomb(this.#format, this.length, consumed);
    // What is still to come is guessed from the rate so far.
    const guess = consumed > 4096 ? Math.min(this.buffer.length * 4, (needed * 1.05 * this.#inputLength) / consumed) : 0;
    const grown = new Uint8Array(Math.ceil(Math.min(allowed, Math.max(needed, this.buffer.length * 1.5, guess))));
    grown.set(this.buffer.subarray(0, this.length));
    this.buffer = grown;
  }

  append(bytes: Uint8Array, consumed: number): void {
    this.room(bytes.length, consumed);
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Copies `count` bytes from `distance` bytes back, which may overlap what is written. The distance has been checked. */
  repeat(distance: number, count: number, consumed: number): void {
    this.room(count, consumed);
    const { buffer } = this;
    let to = this.length;
    let from = to - distance;
    const end = to + count;
    if (count > 32 && distance >= count) buffer.copyWithin(to, from, from + count);
    else if (distance === 1) buffer.fill(buffer[from]!, to, end);
    else while (to < end) buffer[to++] = buffer[from++]!;
    this.length = end;
  }

  /** What was written. A view. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.buffer.subarray(0, this.length);
  }
}

/** What a decompressor returns. */
export interface Decompressed {
  readonly bytes: Uint8Array;
  /** Where the compressed data end in the input; what follows was not read. */
  readonly consumed: number;
}

const saveAgain = "Copy or save the file again.";

export function damaged(format: string, message: string, at: number): SlipwayError {
  return compressionError("compressed-damaged", `the ${format} data are damaged: ${message}`, { where: `compressed byte ${at}`, hint: saveAgain });
}

export function cutOff(format: string, at: number): SlipwayError {
  return compressionError("compressed-truncated", `the ${format} data end too early`, { where: `compressed byte ${at}`, hint: "Copy or download the file again." });
}
