// Names and values of a model as TypeScript source: a signature may hold any text, and none of it may become code.

/** Control characters, quotes of lines (U+2028, U+2029), halves of surrogate pairs and marks that change the direction of text, as escapes. */
export function quoted(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

const PLAIN = /^[A-Za-z_$][\w$]*$/;

/** A property's name in a type. */
export function propertyKey(name: string): string {
  return PLAIN.test(name) && name.length <= 200 ? name : quoted(name);
}

/** A literal type; undefined where there is none (NaN, infinities). */
export function literal(value: string | number | boolean): string | undefined {
  if (typeof value === "string") return quoted(value);
  if (typeof value === "boolean") return String(value);
  return Number.isFinite(value) ? String(Object.is(value, -0) ? 0 : value) : undefined;
}

const MAX_NOTE = 500;

/** One line of text inside a comment. */
export function note(text: string): string {
  return quoted(text.slice(0, MAX_NOTE)).slice(1, -1).replaceAll('\\"', '"').replaceAll("*/", "*\\/").replaceAll("@", "(at)");
}

/** PascalCase identifiers of models' names, each another. */
export class TypeNames {
  readonly #taken: Set<string>;
  constructor(taken: Iterable<string>) {
    this.#taken = new Set(taken);
  }
  /** `suffixes` are put behind it: none of these is taken either. */
  of(name: string, suffixes: readonly string[]): string {
    const words = name.split(/[^A-Za-z0-9]+/).filter((w) => w !== "").map((w) => w[0]!.toUpperCase() + w.slice(1));
    const base = words.join("").replace(/^(?=\d)/, "Model") || "Model";
    for (let n = 1; ; n++) {
      const candidate = n === 1 ? base : `${base}${n}`;
      const all = suffixes.map((s) => candidate + s);
      if (all.some((t) => this.#taken.has(t))) continue;
      for (const t of all) this.#taken.add(t);
      return candidate;
    }
  }
}
