// DER (ITU-T X.690) as far as keys, ECDSA signatures and X.509 certificates need it. Reading is strict: definite lengths in
// their shortest form, nothing after the end. Every function answers undefined for bytes that are not so; who calls says
// what that means.

import { concat, type Bytes } from "./bytes.ts";

export const TAG = { boolean: 0x01, integer: 0x02, bitString: 0x03, octetString: 0x04, null: 0x05, oid: 0x06, sequence: 0x30, set: 0x31, utcTime: 0x17, generalizedTime: 0x18 } as const;

export interface DerValue {
  readonly tag: number;
  /** The contents. */
  readonly bytes: Uint8Array;
  /** Tag, length and contents. */
  readonly whole: Uint8Array;
}

const MAX_VALUES = 10_000;

/** The values that follow each other in `bytes`, all the way to the end. */
export function readDerList(bytes: Uint8Array): DerValue[] | undefined {
  const values: DerValue[] = [];
  let at = 0;
  while (at < bytes.length) {
    const start = at;
    const tag = bytes[at]!;
    let length = bytes[at + 1];
    // Tags of several bytes do not occur in what is read here.
    if (length === undefined || (tag & 0x1f) === 0x1f) return undefined;
    at += 2;
    if (length >= 0x80) {
      const count = length & 0x7f;
      if (count === 0 || count > 4 || at + count > bytes.length) return undefined;
      length = 0;
      for (let i = 0; i < count; i++) length = length * 256 + bytes[at + i]!;
      if (length < 0x80 || length < 256 ** (count - 1)) return undefined;
      at += count;
    }
    if (at + length > bytes.length || values.length >= MAX_VALUES) return undefined;
    values.push({ tag, bytes: bytes.subarray(at, at + length), whole: bytes.subarray(start, at + length) });
    at += length;
  }
  return values;
}

/** The one value in `bytes`, when it has this tag. */
export function readDer(bytes: Uint8Array, tag: number): DerValue | undefined {
  const values = readDerList(bytes);
  return values?.length === 1 && values[0]!.tag === tag ? values[0] : undefined;
}

/** The members of the one sequence in `bytes`. */
export function readSequence(bytes: Uint8Array): DerValue[] | undefined {
  const sequence = readDer(bytes, TAG.sequence);
  return sequence && readDerList(sequence.bytes);
}

/** "1.2.840.10045.2.1" */
export function readOid(value: DerValue | undefined): string | undefined {
  if (value?.tag !== TAG.oid || value.bytes.length === 0 || value.bytes.length > 64 || (value.bytes.at(-1)! & 0x80) !== 0) return undefined;
  const numbers: number[] = [];
  let n = 0;
  for (const b of value.bytes) {
    n = n * 128 + (b & 0x7f);
    if (n > Number.MAX_SAFE_INTEGER / 128) return undefined;
    if ((b & 0x80) === 0) {
      numbers.push(n);
      n = 0;
    }
  }
  const first = Math.min(2, Math.floor(numbers[0]! / 40));
  return [first, numbers[0]! - 40 * first, ...numbers.slice(1)].join(".");
}

/** A whole number that is not negative and fits a double. */
export function readSmallInteger(value: DerValue | undefined): number | undefined {
  if (value?.tag !== TAG.integer || value.bytes.length === 0 || value.bytes.length > 6 || value.bytes[0]! >= 0x80) return undefined;
  return value.bytes.reduce((n, b) => n * 256 + b, 0);
}

/** The bytes of a bit string without unused bits. */
export function readBits(value: DerValue | undefined): Uint8Array | undefined {
  return value?.tag === TAG.bitString && value.bytes[0] === 0 ? value.bytes.subarray(1) : undefined;
}

export function der(tag: number, ...contents: readonly Uint8Array[]): Bytes {
  const bytes = concat(...contents);
  const length: number[] = [];
  if (bytes.length < 0x80) length.push(bytes.length);
  else {
    for (let n = bytes.length; n > 0; n = Math.floor(n / 256)) length.unshift(n & 0xff);
    length.unshift(0x80 | length.length);
  }
  return concat(Uint8Array.of(tag, ...length), bytes);
}

export function derOid(dotted: string): Bytes {
  const [first, second, ...rest] = dotted.split(".").map(Number);
  const bytes: number[] = [];
  for (const n of [first! * 40 + second!, ...rest]) {
    const groups = [n & 0x7f];
    for (let more = Math.floor(n / 128); more > 0; more = Math.floor(more / 128)) groups.unshift(0x80 | (more & 0x7f));
    bytes.push(...groups);
  }
  return der(TAG.oid, Uint8Array.from(bytes));
}

/** An integer that is not negative, from its big-endian bytes of any length. */
export function derInteger(bigEndian: Uint8Array): Bytes {
  let from = 0;
  while (from < bigEndian.length - 1 && bigEndian[from] === 0) from++;
  const trimmed = bigEndian.subarray(from);
  return der(TAG.integer, ...((trimmed[0] ?? 0) >= 0x80 ? [Uint8Array.of(0)] : []), trimmed);
}
