// Words of a text as numbers: lower case, cut by a pattern, looked up in a vocabulary. Texts of ASCII go through one loop
// that does all three; others through the pattern as a regular expression.
// After ONNX Runtime's StringNormalizer (LOWER), Tokenizer (tokenexp) and LabelEncoder.

import { NotForMe } from "../value.ts";

export interface TokenizerOptions {
  /** A bracket expression with a quantifier and perhaps optional ones behind it, in RE2's spelling without names of classes. */
  readonly pattern: string;
  readonly lower: boolean;
  readonly words: readonly string[];
  readonly ids: readonly number[];
  readonly unknown: number;
}

/**
 * A class with its quantifier, then perhaps classes that may be absent: once the first has matched nothing can fail, so that
 * a text is read once, as RE2 reads it.
 */
const CLASS = String.raw`\[(?:\\x[0-9a-fA-F]{2}|\\[\\\]\[^-]|[^\]\\])+\]`;
const SEQUENCE = new RegExp(`^${CLASS}(?:\\{\\d{1,2},\\}|\\+)?(?:${CLASS}\\?){0,4}$`, "su");
const SINGLE = /^(\[.+\])(?:\{(\d{1,2}),\}|(\+))$/su;

export class WordCutter {
  readonly #pattern: RegExp;
  readonly #lower: boolean;
  readonly #unknown: number;
  readonly #table = new Map<string, number>();
  /** For ASCII: the character in lower case where the class has it, else 0. */
  readonly #ascii: Uint8Array | undefined;
  readonly #least: number;
  readonly #hashed: HashedWords;

  constructor({ pattern, lower, words, ids, unknown }: TokenizerOptions) {
    if (pattern.length > 100_000 || !SEQUENCE.test(pattern)) throw new NotForMe("a token pattern of this kind");
    this.#pattern = compile(pattern, "gu");
    this.#lower = lower;
    this.#unknown = unknown;
    words.forEach((word, i) => {
      if (!this.#table.has(word)) this.#table.set(word, ids[i]!);
    });
    const single = SINGLE.exec(pattern);
    this.#least = single?.[2] === undefined ? 1 : Number(single[2]);
    if (single && SEQUENCE.test(single[1]!)) {
      const one = compile(`^${single[1]!}$`, "u");
      this.#ascii = Uint8Array.from({ length: 128 }, (_, c) => {
        const char = lower && c >= 65 && c <= 90 ? c + 32 : c;
        return c > 0 && one.test(String.fromCharCode(char)) ? char : 0;
      });
      // A NUL would look like no member.
      if (one.test("\0")) this.#ascii = undefined;
    }
    this.#hashed = new HashedWords(this.#table);
  }

  /** Writes the numbers of the text's words into `out`, which grows; gives how many there are. */
  cut(text: string, out: { ids: Int32Array }): number {
    const found = this.#ascii === undefined ? -1 : this.#cutAscii(text, this.#ascii, out);
    return found >= 0 ? found : this.#cutAny(text, out);
  }

  /** -1 where the text has other characters. */
  #cutAscii(text: string, classOf: Uint8Array, out: { ids: Int32Array }): number {
    let count = 0;
    const { length } = text;
    const hashed = this.#hashed;
    for (let i = 0; i < length; ) {
      let code = text.charCodeAt(i);
      if (code > 127) return -1;
      let c = classOf[code]!;
      if (c === 0) {
        i++;
        continue;
      }
      const start = i;
      let hash = 0;
      do {
        hash = (Math.imul(hash, 31) + c) | 0;
        if (++i >= length) break;
        code = text.charCodeAt(i);
        if (code > 127) return -1;
        c = classOf[code]!;
      } while (c !== 0);
      if (i - start < this.#least) continue;
      if (count === out.ids.length) out.ids = grown(out.ids);
      const at = hashed.find(hash, text, start, i, classOf);
      out.ids[count++] = at < 0 ? this.#unknown : hashed.ids[at]!;
    }
    return count;
  }

  #cutAny(text: string, out: { ids: Int32Array }): number {
    const cased = this.#lower ? lowerCase(text) : text;
    let count = 0;
    for (const [word] of cased.matchAll(this.#pattern)) {
      if (word === "") continue;
      if (count === out.ids.length) out.ids = grown(out.ids);
      out.ids[count++] = this.#table.get(word) ?? this.#unknown;
    }
    return count;
  }
}

function compile(pattern: string, flags: string): RegExp {
  try {
    return new RegExp(pattern, flags);
  } catch {
    throw new NotForMe("a token pattern that is none");
  }
}

/** Words of ASCII, found by a hash of their characters. */
class HashedWords {
  readonly ids: Int32Array;
  readonly #slots: Int32Array;
  readonly #mask: number;
  readonly #starts: Int32Array;
  readonly #characters: Uint8Array;

  constructor(table: ReadonlyMap<string, number>) {
    const words = [...table.keys()].filter((w) => /^[\x01-\x7f]+$/.test(w));
    this.ids = Int32Array.from(words, (w) => table.get(w)!);
    this.#mask = 2 ** Math.ceil(Math.log2(words.length * 2 + 2)) - 1;
    this.#slots = new Int32Array(this.#mask + 1).fill(-1);
    this.#starts = new Int32Array(words.length + 1);
    this.#characters = new Uint8Array(words.reduce((n, w) => n + w.length, 0));
    let at = 0;
    words.forEach((word, i) => {
      let hash = 0;
      for (let k = 0; k < word.length; k++) {
        this.#characters[at++] = word.charCodeAt(k);
        hash = (Math.imul(hash, 31) + word.charCodeAt(k)) | 0;
      }
      this.#starts[i + 1] = at;
      let slot = spread(hash) & this.#mask;
      while (this.#slots[slot]! >= 0) slot = (slot + 1) & this.#mask;
      this.#slots[slot] = i;
    });
  }

  /** The word that stands in [start, end) of a text, its characters seen through `classOf`; -1 where it is none. */
  find(hash: number, text: string, start: number, end: number, classOf: Uint8Array): number {
    const length = end - start;
    for (let slot = spread(hash) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const word = this.#slots[slot]!;
      if (word < 0) return -1;
      const from = this.#starts[word]!;
      if (this.#starts[word + 1]! - from !== length) continue;
      let k = 0;
      while (k < length && this.#characters[from + k] === classOf[text.charCodeAt(start + k)]) k++;
      if (k === length) return word;
    }
  }
}

function spread(hash: number): number {
  return (hash ^ (hash >>> 15)) >>> 0;
}

function grown(ids: Int32Array): Int32Array {
  const larger = new Int32Array(ids.length * 2);
  larger.set(ids);
  return larger;
}

/** Character by character, as towlower does: no sigma of its own at the end of a word, one character for each. */
function lowerCase(text: string): string {
  let out = "";
  for (const char of text) {
    const lower = char.toLowerCase();
    out += lower.length > char.length && char !== "\u0130" ? char : char === "\u0130" ? "i" : lower;
  }
  return out;
}
