// Integers and floats of a pickle, exactly: integers are BigInts throughout.

import { decodeLatin1 } from "./text.ts";

const smallest = -256;
const small: readonly bigint[] = Array.from({ length: 2048 }, (_, i) => BigInt(i + smallest));

/** A BigInt for a safe integer; common ones are shared. */
export function smallInteger(value: number): bigint {
  return small[value - smallest] ?? BigInt(value);
}

/** Signed, little-endian, any length; the empty one is 0. */
export function readSignedBigInt(bytes: Uint8Array, start: number, length: number): bigint {
  if (length <= 4) {
    let value = 0;
    for (let i = length - 1; i >= 0; i--) value = value * 256 + bytes[start + i]!;
    if (length > 0 && bytes[start + length - 1]! >= 0x80) value -= 256 ** length;
    return smallInteger(value);
  }
  const digits: string[] = [];
  for (let i = length - 1; i >= 0; i--) digits.push(bytes[start + i]!.toString(16).padStart(2, "0"));
  return BigInt.asIntN(length * 8, BigInt(`0x${digits.join("")}`));
}

/** Python's int(text, 0), without underscores. */
export function parseIntegerLine(line: Uint8Array): bigint | undefined {
  const match = /^[ \t]*([+-]?)(\d+|0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+)[ \t\r]*$/.exec(decodeLatin1(line));
  if (!match) return undefined;
  const value = BigInt(match[2]!);
  return match[1] === "-" ? -value : value;
}

/** Python's float(text): decimal, inf, nan. */
export function parseFloatLine(line: Uint8Array): number | undefined {
  if (line.length > 1100) return undefined;
  const text = decodeLatin1(line).trim().toLowerCase();
  const word = /^([+-]?)(inf|infinity|nan)$/.exec(text);
  if (word) return word[2] === "nan" ? Number.NaN : word[1] === "-" ? -Infinity : Infinity;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/.test(text) ? Number(text) : undefined;
}
