// Base64, hexadecimal and concatenation over Uint8Array. Base64 is strict: the standard or the URL-safe alphabet (DSSE allows
// both), padding where the length asks for it, nothing between the characters.

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
/** Bytes turned into characters in one call of String.fromCharCode. */
const CHUNK = 8192;

/** Views that Web Crypto takes: not over shared memory. */
export type Bytes = Uint8Array<ArrayBuffer>;

export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += CHUNK) text += String.fromCharCode(...bytes.subarray(i, i + CHUNK));
  return btoa(text);
}

/** The bytes, or undefined where `text` is not base64. */
export function fromBase64(text: string): Bytes | undefined {
  const standard = text.replaceAll("-", "+").replaceAll("_", "/");
  const padded = standard.length % 4 === 0 ? standard : standard.padEnd(standard.length + (4 - (standard.length % 4)), "=");
  if (!BASE64.test(padded) || (padded !== standard && standard.includes("="))) return undefined;
  try {
    const binary = atob(padded);
    const bytes = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
    return bytes;
  } catch {
    return undefined;
  }
}

export function toHex(bytes: Uint8Array): string {
  let hex = "";
  for (const b of bytes) hex += b.toString(16).padStart(2, "0");
  return hex;
}

/** The bytes of hexadecimal digits that were checked before. */
export function fromHex(hex: string): Bytes {
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

export function concat(...parts: readonly Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** The same bytes as a view that Web Crypto takes; copied only where they lie in shared memory. */
export function plain(bytes: Uint8Array): Bytes {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Bytes) : Uint8Array.from(bytes);
}
