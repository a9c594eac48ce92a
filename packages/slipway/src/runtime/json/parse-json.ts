// JSON as Python clients send it: bare NaN, Infinity and -Infinity are values. JSON.parse does the work;
// only when it fails is the text read by the tolerant reader below, which also says where and what is wrong.

import { predictError } from "@slipway/core/predict";
import { runtimeError } from "../errors.ts";

const MAX_DEPTH = 64;

/** @throws SlipwayError request-json with the position, request-limit when nested too deeply. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return new TolerantReader(text).read();
  }
}

const CONSTANTS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["true", true], ["false", false], ["null", null], ["NaN", NaN], ["Infinity", Infinity], ["-Infinity", -Infinity],
]);
const CONSTANT = /-?[A-Za-z]+/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const SPACE = /[ \t\r\n]*/y;

class TolerantReader {
  readonly #text: string;
  #at = 0;
  constructor(text: string) {
    this.#text = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }

  read(): unknown {
    if (this.#text.trim() === "") throw runtimeError("request-json", "the request has no body", { hint: "Send the rows as JSON (or as text/csv)." });
    const value = this.#value(0);
    this.#skip();
    if (this.#at < this.#text.length) throw this.#bad("the end");
    return value;
  }

  #value(depth: number): unknown {
    if (depth > MAX_DEPTH) throw predictError("request-limit", `the JSON is nested more than ${MAX_DEPTH} deep`, { where: `position ${this.#at}` });
    this.#skip();
    const c = this.#text[this.#at];
    if (c === "{") return this.#object(depth);
    if (c === "[") return this.#array(depth);
    if (c === '"') return this.#string();
    const number = this.#match(NUMBER);
    if (number !== undefined) return Number(number);
    const start = this.#at;
    const word = this.#match(CONSTANT);
    if (word !== undefined && CONSTANTS.has(word)) return CONSTANTS.get(word);
    this.#at = start;
    throw this.#bad("a value");
  }

  #object(depth: number): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    this.#at++;
    this.#skip();
    if (this.#take("}")) return object;
    for (;;) {
      this.#skip();
      if (this.#text[this.#at] !== '"') throw this.#bad("a name in double quotes");
      const name = this.#string();
      this.#skip();
      if (!this.#take(":")) throw this.#bad('":"');
      const value = this.#value(depth + 1);
      // As JSON.parse does: "__proto__" becomes a property, not the prototype.
      if (name === "__proto__") Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
      else object[name] = value;
      this.#skip();
      if (this.#take("}")) return object;
      if (!this.#take(",")) throw this.#bad('"," or "}"');
    }
  }

  #array(depth: number): unknown[] {
    const list: unknown[] = [];
    this.#at++;
    this.#skip();
    if (this.#take("]")) return list;
    for (;;) {
      list.push(this.#value(depth + 1));
      this.#skip();
      if (this.#take("]")) return list;
      if (!this.#take(",")) throw this.#bad('"," or "]"');
    }
  }

  #string(): string {
    const start = this.#at;
    const end = this.#closingQuote(start + 1);
    try {
      if (end !== undefined) {
        this.#at = end + 1;
        return JSON.parse(this.#text.slice(start, end + 1)) as string;
      }
    } catch {
      // an escape or a control character that JSON does not take: reported below
    }
    this.#at = start;
    throw this.#bad("a text that is closed and has only JSON's escapes");
  }

  #closingQuote(from: number): number | undefined {
    for (let at = this.#text.indexOf('"', from); at >= 0; at = this.#text.indexOf('"', at + 1)) {
      let slashes = 0;
      while (this.#text[at - 1 - slashes] === "\\") slashes++;
      if (slashes % 2 === 0) return at;
    }
    return undefined;
  }
  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }
  #take(c: string): boolean {
    if (this.#text[this.#at] !== c) return false;
    this.#at++;
    return true;
  }
  #skip(): void {
    SPACE.lastIndex = this.#at;
    SPACE.exec(this.#text);
    this.#at = SPACE.lastIndex;
  }
  #bad(expected: string): Error {
    const at = this.#at;
    const line = this.#text.slice(0, at).split("\n").length;
    const found = at >= this.#text.length ? "the end of the text" : JSON.stringify(this.#text.slice(at, at + 12));
    return runtimeError("request-json", `position ${at}${line > 1 ? ` (line ${line})` : ""}: expected ${expected}, found ${found}`, {
      where: `position ${at}`, hint: "The body is JSON: names and texts in double quotes, no comma after the last value." });
  }
}
