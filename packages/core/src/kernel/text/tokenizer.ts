// Words of a text as numbers: lower case, cut by a pattern, looked up in a vocabulary, perhaps another number for words
// that a second pattern matches or does not. Texts of ASCII go through one loop that does the first three; others through
// the pattern as a regular expression.
// After ONNX Runtime's StringNormalizer (LOWER), Tokenizer (tokenexp), LabelEncoder and RegexFullMatch.

import { NotForMe } from "../value.ts";
import { SingleCharacters } from "./single-characters.ts";

export interface TokenizerOptions {
  /** A bracket expression with a quantifier and perhaps optional ones behind it, in RE2's spelling without names of classes. */
  readonly pattern: string;
  readonly lower: boolean;
  readonly words: readonly string[];
  readonly ids: readonly number[];
  readonly unknown: number;
  readonly check?: WordCheck;
}
/** Numbers that words have whatever the vocabulary says; undefined where it is asked. */
export interface WordCheck {
  /** A row of bracket expressions with quantifiers, matched against the whole word. */
  readonly pattern: string;
  readonly matched: number | undefined;
  readonly other: number | undefined;
}

/**
 * A class with its quantifier, then perhaps classes that may be absent: once the first has matched nothing can fail, so that
 * a text is read once, and who takes a character early leaves all later classes to the rest: the first match is the longest.
 */
const CLASS = String.raw`\[(?:\\x[0-9a-fA-F]{2}|\\[\\\]\[^-]|[^\]\\])+\]`;
const SEQUENCE = new RegExp(`^${CLASS}(?:\\{\\d{1,2},\\}|\\+)?(?:${CLASS}\\?){0,4}$`, "su");
/** Behind it perhaps one more class, or any character: where both match, the longer match wins, which is the first's. */
const EITHER = new RegExp(`^(.*?(?:\\{\\d{1,2},\\}|\\+))\\|(${CLASS}|\\(\\?s:\\.\\))$`, "su");
/** Not more than two unbounded quantifiers: a word is matched in the square of its length at most. */
const CHECK = new RegExp(`^(?:${CLASS}(?:\\{\\d{1,2},\\}|[+*?])?){1,6}$`, "su");
const UNBOUNDED = new RegExp(`${CLASS}(?:\\{\\d{1,2},\\}|[+*])`, "gsu");
const SINGLE = /^(\[.+\])(?:\{(\d{1,2}),\}|(\+))$/su;

export class WordCutter {
  readonly #pattern: RegExp;
  readonly #lower: boolean;
  readonly #unknown: number;
  readonly #table = new Map<string, number>();
  /** For ASCII: the character in lower case where the class has it, else 0. */
  readonly #ascii: Uint8Array | undefined;
  readonly #least: number;
  /** Of a text of ASCII, those of words in lower case where they are looked up so. */
  #bytes = new Uint8Array(1024);
  readonly #hashed: HashedWords;
  readonly #characters: SingleCharacters | undefined;
  /** For words that the table does not know. */
  readonly #checked: ((word: string) => number | undefined) | undefined;

  constructor({ pattern, lower, words, ids, unknown, check }: TokenizerOptions) {
    const either = EITHER.exec(pattern);
    if (pattern.length > 100_000 || !SEQUENCE.test(either?.[1] ?? pattern)) throw new NotForMe("a token pattern of this kind");
    this.#pattern = compile(either ? `${either[1]!}|${either[2]!.startsWith("(") ? "[^]" : either[2]!}` : pattern, "gu");
    this.#lower = lower;
    this.#unknown = unknown;
    const checked = check && checker(check);
    words.forEach((word, i) => {
      if (!this.#table.has(word)) this.#table.set(word, checked ? checked(word) ?? ids[i]! : ids[i]!);
    });
    if (checked && check && [check.matched, check.other].some((id) => id !== undefined && id !== unknown)) this.#checked = checked;
    const run = either?.[2] === "(?s:.)" ? SINGLE.exec(either[1]!) : null;
    if (run) this.#characters = new SingleCharacters(compile(`^${run[1]!}$`, "u"), run[2] === undefined ? 1 : Number(run[2]), lower, (word) => this.#number(word));
    const single = either ? null : SINGLE.exec(pattern);
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
    const found = this.#characters?.cut(text, out) ?? (this.#ascii === undefined ? -1 : this.#cutAscii(text, this.#ascii, out));
    return found >= 0 ? found : this.#cutAny(text, out);
  }

  /** -1 where the text has other characters. */
  #cutAscii(text: string, classOf: Uint8Array, out: { ids: Int32Array }): number {
    const { length } = text;
    if (this.#bytes.length < length) this.#bytes = new Uint8Array(length * 2);
    const bytes = this.#bytes;
    // Other characters take more bytes than one.
    if (UTF8.encodeInto(text, bytes).written !== length) return -1;
    let count = 0;
    const hashed = this.#hashed;
    for (let i = 0; i < length; ) {
      const start = i;
      let hash = 0;
      let c = classOf[bytes[i++]!]!;
      while (c !== 0) {
        hash = (Math.imul(hash, 31) + c) | 0;
        bytes[i - 1] = c;
        c = i < length ? classOf[bytes[i]!]! : 0;
        i++;
      }
      const end = i - 1;
      if (end - start < this.#least || end === start) continue;
      if (count === out.ids.length) out.ids = grown(out.ids);
      const at = hashed.find(hash, bytes, start, end);
      out.ids[count++] = at >= 0 ? hashed.ids[at]! : this.#checked === undefined ? this.#unknown : this.#other(this.#lower ? lowerCase(text.slice(start, end)) : text.slice(start, end));
    }
    return count;
  }

  #cutAny(text: string, out: { ids: Int32Array }): number {
    const cased = this.#lower ? lowerCase(text) : text;
    let count = 0;
    for (const [word] of cased.matchAll(this.#pattern)) {
      if (word === "") continue;
      if (count === out.ids.length) out.ids = grown(out.ids);
      out.ids[count++] = this.#number(word);
    }
    return count;
  }

  #number(word: string): number {
    return this.#table.get(word) ?? (this.#checked === undefined ? this.#unknown : this.#other(word));
  }
  #other(word: string): number {
    return this.#checked?.(word) ?? this.#unknown;
  }
}

const UTF8 = new TextEncoder();

function compile(pattern: string, flags: string): RegExp {
  try {
    return new RegExp(pattern, flags);
  } catch {
    throw new NotForMe("a token pattern that is none");
  }
}

/** The number that a check gives a word, undefined where it leaves that to the vocabulary. */
function checker({ pattern, matched, other }: WordCheck): (word: string) => number | undefined {
  if (pattern.length > 100_000 || !CHECK.test(pattern) || (pattern.match(UNBOUNDED)?.length ?? 0) > 2) throw new NotForMe("a pattern of whole words of this kind");
  const whole = compile(`^(?:${pattern})$`, "u");
  return (word) => (whole.test(word) ? matched : other);
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

  /** The word that these bytes are; -1 where it is none. */
  find(hash: number, bytes: Uint8Array, start: number, end: number): number {
    const length = end - start;
    for (let slot = spread(hash) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const word = this.#slots[slot]!;
      if (word < 0) return -1;
      const from = this.#starts[word]!;
      if (this.#starts[word + 1]! - from !== length) continue;
      let k = 0;
      while (k < length && this.#characters[from + k] === bytes[start + k]) k++;
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
