// A request's fields, checked one by one; what is wrong is told by its name, as OpenAI's `param`.

import { languageError } from "../errors.ts";

export type Json = Readonly<Record<string, unknown>>;

export function wrong(param: string, expected: string, found: unknown): Error {
  return languageError("language-request", `${param}: expected ${expected}, found ${shown(found)}`, { where: param });
}
export function unsupported(param: string, what: string, hint?: string): Error {
  return languageError("language-unsupported", `${param}: ${what}`, { where: param, hint });
}
function shown(value: unknown): string {
  return value === undefined ? "nothing" : (JSON.stringify(value) ?? String(value)).slice(0, 100);
}

export class Fields {
  readonly #json: Json;
  readonly #at: string;

  constructor(json: unknown, at = "") {
    if (typeof json !== "object" || json === null || Array.isArray(json)) throw wrong(at === "" ? "the body" : at.slice(0, -1), "an object", json);
    this.#json = json as Json;
    this.#at = at;
  }
  at(name: string): string {
    return this.#at + name;
  }
  /** null is as good as absent, as OpenAI's clients send it. */
  raw(name: string): unknown {
    return Object.hasOwn(this.#json, name) ? (this.#json[name] ?? undefined) : undefined;
  }
  text(name: string): string {
    const value = this.raw(name);
    if (typeof value !== "string") throw wrong(this.at(name), "a text", value);
    return value;
  }
  /** An object as it came. */
  object(name: string): Json {
    const value = this.raw(name);
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(this.at(name), "an object", value);
    return value as Json;
  }
  optionalText(name: string): string | undefined {
    return this.raw(name) === undefined ? undefined : this.text(name);
  }
  flag(name: string, otherwise: boolean): boolean {
    const value = this.raw(name) ?? otherwise;
    if (typeof value !== "boolean") throw wrong(this.at(name), "true or false", value);
    return value;
  }
  number(name: string, low: number, high: number, otherwise: number): number;
  number(name: string, low: number, high: number): number | undefined;
  number(name: string, low: number, high: number, otherwise?: number): number | undefined {
    const value = this.raw(name) ?? otherwise;
    if (value === undefined) return undefined;
    if (typeof value !== "number" || !(value >= low && value <= high)) throw wrong(this.at(name), `a number from ${low} to ${high}`, value);
    return value;
  }
  count(name: string, low: number, high: number): number | undefined {
    const value = this.number(name, low, high);
    if (value !== undefined && !Number.isInteger(value)) throw wrong(this.at(name), "a whole number", value);
    return value;
  }
  list(name: string, most: number): readonly unknown[] {
    const value = this.raw(name);
    if (!Array.isArray(value)) throw wrong(this.at(name), "a list", value);
    if (value.length > most) throw wrong(this.at(name), `a list of at most ${most}`, `${value.length} of them`);
    return value as unknown[];
  }
}
