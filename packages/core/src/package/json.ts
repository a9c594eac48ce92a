// Checked reading of JSON that came from outside, and the numbers that JSON cannot hold.
// Own properties only: a file cannot reach Object.prototype, and a key named __proto__ is a key like any other.

import { type SlipwayError } from "../base/index.ts";

export type Fail = (message: string, where: string) => SlipwayError;

const MAX_TEXT = 1 << 20;

/** A JSON object whose fields are checked as they are read; `where` is a path such as "columns[3].name". */
export class JsonObject {
  readonly where: string;
  readonly fail: Fail;
  readonly #value: object;

  constructor(value: unknown, where: string, fail: Fail) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw fail(`expected an object, found ${kindOf(value)}`, where || "top level");
    this.#value = value;
    this.where = where;
    this.fail = fail;
  }

  at(key: string): string {
    return this.where === "" ? key : `${this.where}.${key}`;
  }
  keys(): string[] {
    return Object.keys(this.#value);
  }
  has(key: string): boolean {
    return this.get(key) !== undefined;
  }
  get(key: string): unknown {
    return Object.hasOwn(this.#value, key) ? (this.#value as Record<string, unknown>)[key] : undefined;
  }
  string(key: string): string {
    return asText(this.get(key), this.at(key), this.fail);
  }
  optionalString(key: string): string | undefined {
    return this.has(key) ? this.string(key) : undefined;
  }
  boolean(key: string): boolean {
    const value = this.get(key);
    if (typeof value !== "boolean") throw this.fail(`expected true or false, found ${kindOf(value)}`, this.at(key));
    return value;
  }
  /** A whole number from 0 to `max`. */
  count(key: string, max: number = Number.MAX_SAFE_INTEGER): number {
    return asCount(this.get(key), this.at(key), this.fail, max);
  }
  oneOf<const T extends string>(key: string, options: readonly T[]): T {
    return oneOf(this.get(key), this.at(key), options, this.fail);
  }
  object(key: string): JsonObject {
    return new JsonObject(this.get(key), this.at(key), this.fail);
  }
  array<T>(key: string, max: number, item: (value: unknown, where: string) => T): T[] {
    return asArray(this.get(key), this.at(key), this.fail, max).map((value, i) => item(value, `${this.at(key)}[${i}]`));
  }
  /** A map of texts, such as annotations or library versions, in the order of its keys. */
  texts(key: string, max: number = 1000): Record<string, string> {
    const object = this.object(key);
    const keys = object.keys();
    if (keys.length > max) throw this.fail(`${keys.length} entries; at most ${max} are allowed`, this.at(key));
    return Object.fromEntries(keys.sort().map((k) => [k, object.string(k)]));
  }
}

export function oneOf<const T extends string>(value: unknown, where: string, options: readonly T[], fail: Fail): T {
  const found = options.find((option) => option === value);
  if (found !== undefined) return found;
  const shown = typeof value === "string" ? JSON.stringify(value.slice(0, 100)) : kindOf(value);
  throw fail(`expected one of ${options.join(", ")}, found ${shown}`, where);
}

export function asText(value: unknown, where: string, fail: Fail): string {
  if (typeof value !== "string") throw fail(`expected a text, found ${kindOf(value)}`, where);
  if (value.length > MAX_TEXT) throw fail(`a text of ${value.length} characters; at most ${MAX_TEXT} are allowed`, where);
  return value;
}

export function asCount(value: unknown, where: string, fail: Fail, max: number): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0 || value > max) {
    throw fail(`expected a whole number from 0 to ${max}, found ${typeof value === "number" ? value : kindOf(value)}`, where);
  }
  return value;
}

export function asArray(value: unknown, where: string, fail: Fail, max: number): readonly unknown[] {
  if (!Array.isArray(value)) throw fail(`expected a list, found ${kindOf(value)}`, where);
  if (value.length > max) throw fail(`a list of ${value.length}; at most ${max} are allowed`, where);
  return value;
}

/** JSON has no NaN and no infinity, and JSON.stringify no -0: they are stored as {"float": "NaN"}, {"float": "-Infinity"} ... */
export function encodeNumber(value: number): number | { readonly float: string } {
  if (Object.is(value, -0)) return { float: "-0" };
  return Number.isFinite(value) ? value : { float: String(value) };
}

const SPECIAL: ReadonlyMap<unknown, number> = new Map([["NaN", NaN], ["Infinity", Infinity], ["-Infinity", -Infinity], ["-0", -0]]);

/** The number, or undefined when the value is not one. */
export function decodeNumber(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, "float")) return undefined;
  return SPECIAL.get((value as { float: unknown }).float);
}

/** Parses UTF-8 JSON; a byte that is not UTF-8 or JSON is a coded error. */
export function parseJson(bytes: Uint8Array, where: string, fail: Fail): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as unknown;
  } catch (error) {
    throw fail(`not valid JSON: ${error instanceof Error ? error.message.slice(0, 200) : "unreadable"}`, where);
  }
}

export function toJsonBytes(value: unknown, indent?: number): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value, undefined, indent) + "\n");
}

function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
