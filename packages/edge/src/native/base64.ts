// Base64 (RFC 4648, 4) to bytes, where there is no atob.

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Of text that this package's own tool wrote: nothing but its letters and padding. */
export function fromBase64(text: string): Uint8Array {
  const codes = new Uint8Array(128);
  for (let i = 0; i < LETTERS.length; i++) codes[LETTERS.charCodeAt(i)] = i;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  for (let i = 0, at = 0; i < text.length; i += 4) {
    const group = (codes[text.charCodeAt(i)]! << 18) | (codes[text.charCodeAt(i + 1)]! << 12) | (codes[text.charCodeAt(i + 2)]! << 6) | codes[text.charCodeAt(i + 3)]!;
    for (let shift = 16; shift >= 0 && at < bytes.length; shift -= 8) bytes[at++] = (group >> shift) & 255;
  }
  return bytes;
}
