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
export function allowedOutput(consumed: number, limits: ExpansionLimits): number {
  return Math.min(limits.bytes, Math.max(limits.freeBytes ?? 64 * MiB, consumed * (limits.ratio ?? 1000)));
}

export function refuseBomb(format: string, produced: number, consumed: number): never {
  throw compressionError("compressed-bomb", `the ${format} data expand to more than ${produced} bytes from ${consumed}`, {
    where: `compressed byte ${consumed}`,
    hint: "A model does not compress this well: the file was made to exhaust memory, or holds nothing. If you trust it, decompress it first.",
  });
}

/**
 * A growing buffer whose last bytes can be looked back at (the window of every LZ format).
 * `room` is called before bytes are written; it enforces the limit and may move the buffer.
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
    this.buffer = new Uint8Array(Math.max(1024, Math.min(limits.bytes, inputLength * 4, 16 * MiB)));
  }

  /** Makes sure that `count` more bytes fit, at most as far as the input consumed so far allows. */
  room(count: number, consumed: number): void {
    const needed = this.length + count;
    const allowed = allowedOutput(consumed, this.#limits);
    if (needed > allowed) refuseBomb(this.#format, this.length, consumed);
    if (needed <= this.buffer.length) return;
    // What is still to come is guessed from the rate so far.
    const guess = consumed > 4096 ? Math.min(this.buffer.length * 4, (needed * 1.1 * this.#inputLength) / consumed) : 0;
    const size = Math.min(this.#limits.bytes, Math.max(needed, this.buffer.length * 1.5, guess));
    const grown = new Uint8Array(Math.ceil(size));
    grown.set(this.buffer.subarray(0, this.length));
    this.buffer = grown;
  }

  /** What was written. A view. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.buffer.subarray(0, this.length);
  }
}
