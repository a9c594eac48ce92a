// UTF-8 (RFC 3629) where the platform has no TextEncoder or TextDecoder, as older Hermes has none. The build for React Native
// puts these in the place of the platform's names; the platform's own are taken where they are.

interface Options {
  readonly fatal?: boolean;
  readonly ignoreBOM?: boolean;
}

class Utf8Decoder {
  readonly #fatal: boolean;
  readonly #keepMark: boolean;
  constructor(_label?: string, { fatal = false, ignoreBOM = false }: Options = {}) {
    this.#fatal = fatal;
    this.#keepMark = ignoreBOM;
  }
  decode(bytes: Uint8Array = new Uint8Array()): string {
    const parts: string[] = [];
    let units: number[] = [];
    const put = (point: number): void => {
      if (point > 0xffff) units.push(0xd800 + ((point - 0x10000) >> 10), 0xdc00 + ((point - 0x10000) & 0x3ff));
      else units.push(point);
      if (units.length < 4096) return;
      parts.push(String.fromCharCode(...units));
      units = [];
    };
    for (let at = !this.#keepMark && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0; at < bytes.length; ) {
      const [point, length] = codePoint(bytes, at);
      if (point < 0 && this.#fatal) throw new TypeError("the bytes are not UTF-8");
      put(point < 0 ? 0xfffd : point);
      at += length;
    }
    return parts.join("") + String.fromCharCode(...units);
  }
}

/** The code point at a place and how many bytes it has; -1 and how many to pass over where there is none. */
function codePoint(bytes: Uint8Array, at: number): [number, number] {
  const first = bytes[at]!;
  if (first < 0x80) return [first, 1];
  const more = first >= 0xc2 && first < 0xe0 ? 1 : first >= 0xe0 && first < 0xf0 ? 2 : first >= 0xf0 && first < 0xf5 ? 3 : 0;
  if (more === 0) return [-1, 1];
  let point = first & (0x3f >> more);
  for (let i = 1; i <= more; i++) {
    const next = bytes[at + i] ?? 0;
    // The second byte's bounds leave out what is overlong, halves of surrogate pairs and what is beyond the last code point.
    const [low, high] = i > 1 ? [0x80, 0xbf] : [first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80, first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf];
    if (next < low || next > high) return [-1, i];
    point = (point << 6) | (next & 0x3f);
  }
  return [point, more + 1];
}

class Utf8Encoder {
  encode(text = ""): Uint8Array {
    const bytes: number[] = [];
    for (const c of text) {
      const given = c.codePointAt(0)!;
      const point = given >= 0xd800 && given < 0xe000 ? 0xfffd : given;
      if (point < 0x80) bytes.push(point);
      else if (point < 0x800) bytes.push(0xc0 | (point >> 6), 0x80 | (point & 0x3f));
      else if (point < 0x10000) bytes.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 0x3f), 0x80 | (point & 0x3f));
      else bytes.push(0xf0 | (point >> 18), 0x80 | ((point >> 12) & 0x3f), 0x80 | ((point >> 6) & 0x3f), 0x80 | (point & 0x3f));
    }
    return Uint8Array.from(bytes);
  }
  encodeInto(text: string, into: Uint8Array): { read: number; written: number } {
    const bytes = this.encode(text);
    const written = Math.min(bytes.length, into.length);
    into.set(bytes.subarray(0, written));
    return { read: text.length, written };
  }
}

const own = globalThis as { readonly TextDecoder?: unknown; readonly TextEncoder?: unknown };
export const TextDecoder = (own.TextDecoder ?? Utf8Decoder) as typeof Utf8Decoder;
export const TextEncoder = (own.TextEncoder ?? Utf8Encoder) as typeof Utf8Encoder;
export { Utf8Decoder, Utf8Encoder };
