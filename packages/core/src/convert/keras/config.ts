// A layer's configuration as Keras wrote it, read with checks: what is missing has the default that Keras gives it, what
// has the wrong form is refused by name.

import type { SlipwayError } from "../../base/index.ts";
import { convertError } from "../conversion/errors.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export const isObject = (v: unknown): v is JsonObject => typeof v === "object" && v !== null && !Array.isArray(v);

export class Config {
  readonly values: JsonObject;
  /** For errors: "layer 'dense' (Dense)". */
  readonly where: string;

  constructor(values: JsonObject, where: string) {
    this.values = values;
    this.where = where;
  }
  malformed(message: string): SlipwayError {
    return convertError("malformed-model", `${this.where}: ${message}`, { where: this.where });
  }
  /** An option that is honoured nowhere. */
  refuse(option: string, why: string, hint?: string): SlipwayError {
    return convertError("unsupported-option", `${this.where}: ${option} cannot be compiled: ${why}`, { where: this.where, hint });
  }
  raw(key: string): Json | undefined {
    return Object.hasOwn(this.values, key) ? this.values[key] : undefined;
  }
  #typed<T extends Json>(key: string, what: string, is: (v: Json) => v is T, otherwise: T | undefined): T {
    const v = this.raw(key);
    if (v === undefined || v === null) {
      if (otherwise !== undefined) return otherwise;
      throw this.malformed(`${key} is missing`);
    }
    if (!is(v)) throw this.malformed(`${key} is ${JSON.stringify(v).slice(0, 80)}, not ${what}`);
    return v;
  }
  string(key: string, otherwise?: string): string {
    return this.#typed(key, "a text", (v): v is string => typeof v === "string", otherwise);
  }
  number(key: string, otherwise?: number): number {
    return this.#typed(key, "a number", (v): v is number => typeof v === "number", otherwise);
  }
  /** A whole number of at least `least`. */
  int(key: string, otherwise?: number, least = 0): number {
    return this.#typed(key, `a whole number of at least ${least}`, (v): v is number => typeof v === "number" && Number.isSafeInteger(v) && v >= least, otherwise);
  }
  bool(key: string, otherwise?: boolean): boolean {
    return this.#typed(key, "true or false", (v): v is boolean => typeof v === "boolean", otherwise);
  }
  /** One of some words; others are refused as an option. */
  word<T extends string>(key: string, words: readonly T[], otherwise?: T): T {
    const v = this.string(key, otherwise);
    if (!(words as readonly string[]).includes(v)) throw this.refuse(`${key}=${JSON.stringify(v)}`, `only ${words.join(", ")} can be`);
    return v as T;
  }
  list(key: string, otherwise?: readonly Json[]): readonly Json[] {
    return this.#typed(key, "a list", (v): v is readonly Json[] => Array.isArray(v), otherwise);
  }
  ints(key: string, otherwise?: readonly number[]): number[] {
    return this.list(key, otherwise).map((v) => {
      if (typeof v !== "number" || !Number.isSafeInteger(v)) throw this.malformed(`${key} holds ${JSON.stringify(v).slice(0, 80)}, not whole numbers`);
      return v;
    });
  }
  numbers(key: string): number[] {
    return this.list(key).map((v) => {
      if (typeof v !== "number") throw this.malformed(`${key} holds ${JSON.stringify(v).slice(0, 80)}, not numbers`);
      return v;
    });
  }
  /** One number for all dimensions, or one for each. */
  perAxis(key: string, count: number, otherwise: number): number[] {
    const v = this.raw(key);
    const list = v === undefined || v === null ? Array.from({ length: count }, () => otherwise) : typeof v === "number" ? Array.from({ length: count }, () => v) : this.ints(key);
    if (list.length !== count || list.some((n) => !Number.isSafeInteger(n) || n < 1)) throw this.malformed(`${key} is ${JSON.stringify(v).slice(0, 80)}, not ${count} positive numbers`);
    return list;
  }
  object(key: string): JsonObject {
    return this.#typed(key, "an object", isObject, undefined);
  }
}
