// A safe subset of Python's `re` syntax, read into a tree. Nothing here runs the pattern. What is not in the subset is
// returned as a sentence that says what was found.

import { escapeSet, ignoreCase, joinSets, type CharacterSet } from "./character-set.ts";

export type PatternNode =
  | { readonly kind: "set"; readonly set: CharacterSet }
  | { readonly kind: "all"; readonly parts: readonly PatternNode[] }
  | { readonly kind: "any"; readonly parts: readonly PatternNode[] }
  | { readonly kind: "repeat"; readonly body: PatternNode; readonly min: number; readonly max: number; readonly greedy: boolean }
  | { readonly kind: "capture"; readonly body: PatternNode }
  | { readonly kind: "boundary" }
  | { readonly kind: "ahead"; readonly body: PatternNode };

export interface ParsedPattern {
  readonly root: PatternNode;
  /** (?a): \w, \d, \s and \b know ASCII only. */
  readonly ascii: boolean;
}

const MAX_LENGTH = 2000;
const MAX_DEPTH = 40;
const MAX_REPEAT = 200;

class Unsupported extends Error {}

export function parsePattern(pattern: string): ParsedPattern | string {
  if (pattern.length > MAX_LENGTH) return `it is longer than ${MAX_LENGTH} characters`;
  try {
    return new Parser([...pattern]).parse();
  } catch (error) {
    if (error instanceof Unsupported) return error.message;
    throw error;
  }
}

const CONTROL: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, f: 12, v: 11, a: 7 };

class Parser {
  readonly #chars: readonly string[];
  #at = 0;
  #ascii = false;
  #ignoreCase = false;
  #dotAll = false;

  constructor(chars: readonly string[]) {
    this.#chars = chars;
  }

  parse(): ParsedPattern {
    // Python wants global flags at the start.
    const flags = /^\(\?([aisu]+)\)/.exec(this.#chars.slice(0, 12).join(""));
    if (flags) {
      this.#ascii = flags[1]!.includes("a");
      this.#ignoreCase = flags[1]!.includes("i");
      this.#dotAll = flags[1]!.includes("s");
      this.#at = flags[0].length;
    }
    const root = this.#alternatives(0);
    if (this.#at < this.#chars.length) throw new Unsupported(`its ${this.#chars[this.#at]} at character ${this.#at} has no beginning`);
    return { root, ascii: this.#ascii };
  }

  #peek(text: string): boolean {
    return this.#chars.slice(this.#at, this.#at + text.length).join("") === text;
  }
  #take(text: string): boolean {
    if (!this.#peek(text)) return false;
    this.#at += text.length;
    return true;
  }

  #alternatives(depth: number): PatternNode {
    if (depth > MAX_DEPTH) throw new Unsupported(`its groups are nested deeper than ${MAX_DEPTH}`);
    const parts = [this.#sequence(depth)];
    while (this.#take("|")) parts.push(this.#sequence(depth));
    return parts.length === 1 ? parts[0]! : { kind: "any", parts };
  }

  #sequence(depth: number): PatternNode {
    const parts: PatternNode[] = [];
    while (this.#at < this.#chars.length && !this.#peek("|") && !this.#peek(")")) {
      const atom = this.#atom(depth);
      parts.push(this.#quantified(atom));
    }
    return parts.length === 1 ? parts[0]! : { kind: "all", parts };
  }

  #quantified(body: PatternNode): PatternNode {
    let min: number;
    let max: number;
    const braces = /^\{(\d*)(,?)(\d*)\}/.exec(this.#chars.slice(this.#at, this.#at + 20).join(""));
    if (this.#take("*")) [min, max] = [0, Infinity];
    else if (this.#take("+")) [min, max] = [1, Infinity];
    else if (this.#take("?")) [min, max] = [0, 1];
    else if (braces && (braces[1] !== "" || (braces[2] === "," && braces[3] !== ""))) {
      this.#at += braces[0].length;
      min = Number(braces[1] || 0);
      max = braces[2] === "" ? min : braces[3] === "" ? Infinity : Number(braces[3]);
    } else return body;
    if (min > MAX_REPEAT || (max !== Infinity && max > MAX_REPEAT) || max < min) throw new Unsupported(`it repeats something more than ${MAX_REPEAT} times`);
    if (body.kind === "boundary" || body.kind === "ahead") throw new Unsupported("it repeats an assertion");
    if (this.#take("+")) throw new Unsupported("possessive quantifiers are not supported");
    const greedy = !this.#take("?");
    if (["*", "+", "?"].some((q) => this.#peek(q))) throw new Unsupported("it repeats a repetition");
    return { kind: "repeat", body, min, max, greedy };
  }

  #atom(depth: number): PatternNode {
    if (this.#take("(?:")) return this.#close(this.#alternatives(depth + 1));
    if (this.#take("(?=")) return { kind: "ahead", body: this.#close(this.#alternatives(depth + 1)) };
    if (this.#peek("(?P<")) {
      const end = this.#chars.indexOf(">", this.#at);
      if (end < 0 || end - this.#at > 100) throw new Unsupported("a named group has no end");
      this.#at = end + 1;
      return { kind: "capture", body: this.#close(this.#alternatives(depth + 1)) };
    }
    if (this.#peek("(?")) throw new Unsupported(`${this.#chars.slice(this.#at, this.#at + 4).join("")} (look-behind, negative look-ahead, references and inline flags) has no equal in ONNX`);
    if (this.#take("(")) return { kind: "capture", body: this.#close(this.#alternatives(depth + 1)) };
    if (this.#take("[")) return this.#set(this.#bracket());
    const char = this.#chars[this.#at++]!;
    if (char === "^" || char === "$") throw new Unsupported(`${char} has no equal in ONNX's tokenizer`);
    if (char === "*" || char === "+" || char === "?") throw new Unsupported(`${char} repeats nothing`);
    if (char === ".") return { kind: "set", set: { kinds: 0, ranges: this.#dotAll ? [] : [[10, 10]], negated: true } };
    if (char !== "\\") return this.#set(one(char.codePointAt(0)!));
    if (this.#take("b")) return { kind: "boundary" };
    return this.#set(this.#escape());
  }

  #close(node: PatternNode): PatternNode {
    if (!this.#take(")")) throw new Unsupported("a group has no end");
    return node;
  }

  #set(set: CharacterSet): PatternNode {
    if (!this.#ignoreCase) return { kind: "set", set };
    const folded = ignoreCase(set);
    if (!folded) throw new Unsupported("(?i) with letters beyond ASCII is not supported");
    return { kind: "set", set: folded };
  }

  /** After the backslash. */
  #escape(): CharacterSet {
    const letter = this.#chars[this.#at++];
    if (letter === undefined) throw new Unsupported("it ends in a backslash");
    const set = escapeSet(letter, this.#ascii);
    if (set) return set;
    if (letter in CONTROL) return one(CONTROL[letter]!);
    const digits = { x: 2, u: 4, U: 8 }[letter];
    if (digits !== undefined) {
      const text = this.#chars.slice(this.#at, this.#at + digits).join("");
      if (!/^[0-9a-fA-F]+$/.test(text) || text.length !== digits || parseInt(text, 16) > 0x10ffff) throw new Unsupported(`\\${letter}${text} is no character`);
      this.#at += digits;
      return one(parseInt(text, 16));
    }
    if (/[A-Za-z0-9]/.test(letter)) throw new Unsupported(`\\${letter} has no equal in ONNX's tokenizer`);
    return one(letter.codePointAt(0)!);
  }

  /** After the opening bracket. */
  #bracket(): CharacterSet {
    const negated = this.#take("^");
    const items: CharacterSet[] = [];
    for (let first = true; first || !this.#peek("]"); first = false) {
      const low = this.#member();
      if (this.#peek("-") && this.#chars[this.#at + 1] !== "]" && this.#at + 1 < this.#chars.length) {
        this.#at++;
        const high = this.#member();
        const [a, b] = [single(low), single(high)];
        if (a === undefined || b === undefined || b < a) throw new Unsupported("a class has a range that is none");
        items.push({ kinds: 0, ranges: [[a, b]], negated: false });
      } else items.push(low);
    }
    this.#at++;
    return joinSets(items, negated);
  }

  #member(): CharacterSet {
    const char = this.#chars[this.#at++];
    if (char === undefined) throw new Unsupported("a class has no end");
    if (char !== "\\") return one(char.codePointAt(0)!);
    return this.#take("b") ? one(8) : this.#escape();
  }
}

function one(code: number): CharacterSet {
  return { kinds: 0, ranges: [[code, code]], negated: false };
}
function single(set: CharacterSet): number | undefined {
  const [range] = set.ranges;
  return !set.negated && set.kinds === 0 && set.ranges.length === 1 && range![0] === range![1] ? range![0] : undefined;
}
