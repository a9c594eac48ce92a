// Strings of a pickle: UTF-8 as Python writes it (lone surrogates allowed), the two escaped text forms of protocol 0, Latin-1.

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const latin1Chunk = 8192;

/** UTF-8 with "surrogatepass"; undefined when the bytes are not that. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (end - start <= 12) {
    let text = "";
    let i = start;
    for (; i < end; i++) {
      const b = bytes[i]!;
      if (b >= 0x80) break;
      text += String.fromCharCode(b);
    }
    if (i === end) return text;
  }
  try {
    return utf8.decode(bytes.subarray(start, end));
  } catch {
    return decodeWithSurrogates(bytes.subarray(start, end));
  }
}

/** Python's "surrogatepass": a surrogate is three bytes ED A0..BF 80..BF. Everything between must be valid UTF-8. */
function decodeWithSurrogates(bytes: Uint8Array): string | undefined {
  const parts: string[] = [];
  let from = 0;
  try {
    for (let i = 0; i + 2 < bytes.length; i++) {
      if (bytes[i] !== 0xed || bytes[i + 1]! < 0xa0 || bytes[i + 1]! > 0xbf || (bytes[i + 2]! & 0xc0) !== 0x80) continue;
      parts.push(utf8.decode(bytes.subarray(from, i)), String.fromCharCode(0xd000 | ((bytes[i + 1]! & 0x3f) << 6) | (bytes[i + 2]! & 0x3f)));
      from = i + 3;
      i += 2;
    }
    if (from === 0) return undefined;
    parts.push(utf8.decode(bytes.subarray(from)));
    return parts.join("");
  } catch {
    return undefined;
  }
}

export function decodeLatin1(bytes: Uint8Array): string {
  if (bytes.length <= latin1Chunk) return String.fromCharCode.apply(null, bytes as unknown as number[]);
  const parts: string[] = [];
  for (let i = 0; i < bytes.length; i += latin1Chunk) {
    parts.push(String.fromCharCode.apply(null, bytes.subarray(i, i + latin1Chunk) as unknown as number[]));
  }
  return parts.join("");
}

/** undefined when a character is above U+00FF. */
export function encodeLatin1(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length);
  let all = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    all |= c;
    bytes[i] = c;
  }
  return all > 0xff ? undefined : bytes;
}

/** Python's raw-unicode-escape: Latin-1 with \uXXXX and \UXXXXXXXX. undefined when an escape is broken. */
export function decodeRawUnicodeEscape(bytes: Uint8Array): string | undefined {
  const text = decodeLatin1(bytes);
  let broken = false;
  const decoded = text.replace(/\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([^]))?/g, (whole, u?: string, U?: string, other?: string) => {
    if (u !== undefined) return String.fromCharCode(parseInt(u, 16));
    if (U !== undefined) {
      const code = parseInt(U, 16);
      if (code > 0x10ffff) broken = true;
      return broken ? "" : String.fromCodePoint(code);
    }
    if (other === "u" || other === "U") broken = true;
    return whole;
  });
  return broken ? undefined : decoded;
}

const simpleEscapes: Readonly<Record<string, string>> = {
  "\n": "", "\\": "\\", "'": "'", '"': '"', a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v",
};

/** The inside of a Python 2 string literal (`codecs.escape_decode`), kept as Latin-1. undefined when an escape is broken. */
export function decodeStringEscape(bytes: Uint8Array): string | undefined {
  let broken = false;
  const decoded = decodeLatin1(bytes).replace(/\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|([^]))?/g, (whole, x?: string, octal?: string, other?: string) => {
    if (x !== undefined) return String.fromCharCode(parseInt(x, 16));
    if (octal !== undefined) return String.fromCharCode(parseInt(octal, 8) & 0xff);
    if (other === undefined || other === "x") {
      broken = true;
      return "";
    }
    return Object.hasOwn(simpleEscapes, other) ? simpleEscapes[other]! : whole;
  });
  return broken ? undefined : decoded;
}
