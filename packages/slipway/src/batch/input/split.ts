// A stream of bytes -> blocks of whole records: lines, or, of CSV, records whose quoted fields may hold line ends.
// A block without a quote is cut by looking for its last line end alone. Quotes count where a field begins, after RFC 4180. A
// quoted field that goes on for too long was never closed: its record then ends with its first line, and is refused as such
// by the reader of rows, which goes by the same rule.

/** A quoted field of more bytes was never closed. */
export const LONGEST_QUOTED: number = 2 ** 20;

const LF = 0x0a;
const QUOTE = 0x22;

export interface SplitOptions {
  /** Bytes of a block, about. */
  readonly blockBytes: number;
  /** Of CSV: the byte between fields. Undefined: records are lines. */
  readonly delimiter: number | undefined;
}

/** Blocks in their order; which they are depends on the bytes and the options alone, not on how the stream came in pieces. */
export async function* splitRecords(stream: AsyncIterable<Uint8Array>, options: SplitOptions): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = [];
  let held = 0;
  let wanted = options.blockBytes;
  for await (const piece of stream) {
    let bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    while (held + bytes.length >= wanted) {
      const take = wanted - held;
      const whole = pieces.length === 0 ? bytes.subarray(0, take) : Buffer.concat([...pieces, bytes.subarray(0, take)], wanted);
      bytes = bytes.subarray(take);
      const end = endOfRecords(whole, options.delimiter);
      if (end > 0) yield whole.subarray(0, end);
      pieces = end < whole.length ? [whole.subarray(end)] : [];
      held = whole.length - end;
      // A record that is longer than a block.
      wanted = end > 0 ? Math.max(options.blockBytes, held + 1) : wanted + options.blockBytes;
    }
    if (bytes.length > 0) {
      pieces.push(bytes);
      held += bytes.length;
    }
  }
  if (held > 0) yield pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, held);
}

/** Behind the last record that is whole; 0: there is none. */
export function endOfRecords(bytes: Buffer, delimiter: number | undefined): number {
  if (delimiter === undefined || bytes.indexOf(QUOTE) < 0) return bytes.lastIndexOf(LF) + 1;
  let end = 0;
  let at = 0;
  while (at < bytes.length) {
    const next = recordEnd(bytes, at, delimiter);
    if (next < 0) break;
    at = end = next;
  }
  return end;
}

/** Behind the record that begins at `from`; -1: it is not whole. */
export function recordEnd(bytes: Buffer, from: number, delimiter: number): number {
  let start = true;
  for (let at = from; at < bytes.length; at++) {
    const c = bytes[at]!;
    if (c === LF) return at + 1;
    if (start && c === QUOTE) {
      const close = closingQuote(bytes, at + 1);
      if (close < 0) {
        // Not whole, or never closed.
        return bytes.length - at > LONGEST_QUOTED ? bytes.indexOf(LF, from) + 1 : -1;
      }
      at = close;
      start = false;
    } else start = c === delimiter;
  }
  return -1;
}

/** The quote that closes a field, not one of a pair; -1: none within the longest field. */
export function closingQuote(bytes: Buffer, from: number): number {
  const limit = from + LONGEST_QUOTED;
  for (let at = bytes.indexOf(QUOTE, from); at >= 0 && at <= limit; at = bytes.indexOf(QUOTE, at + 2)) {
    if (bytes[at + 1] !== QUOTE) return at;
  }
  return -1;
}
