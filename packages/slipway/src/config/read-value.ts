// Values of a configuration file against their table: unknown keys are refused with the nearest name, every failure says
// where. Defaults are not applied here, so that a file, the environment and options can be laid over each other.

import { nearest } from "@slipway/core/base";
import { configError } from "./errors.ts";
import { readLeaf } from "./read-leaf.ts";
import type { Fields, Spec } from "./spec.ts";

/** Where a value stands: the source's own words for a path ("slipway.config.yaml:12, models.churn"). */
export type Locate = (path: readonly string[]) => string;
export type Tree = { readonly [key: string]: unknown };

const MAX_DEPTH = 20;

/** @throws config-key-unknown, config-value-invalid, config-value-missing */
export function readSection(fields: Fields, value: unknown, locate: Locate, path: readonly string[] = [], whole = false): Tree {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong("a section of keys and values", value, locate(path));
  const read: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    const spec = Object.hasOwn(fields, key) ? fields[key] : undefined;
    const at = [...path, key];
    if (spec === undefined) {
      const known = Object.keys(fields);
      const near = nearest(key, known);
      throw configError("config-key-unknown", `${path.length === 0 ? "the configuration" : path.join(".")} has no key ${JSON.stringify(key.slice(0, 100))}`, {
        where: locate(at), hint: near === undefined ? `Known here: ${known.join(", ")}.` : `Did you mean ${near}?` });
    }
    if (inner !== undefined && inner !== null) read[key] = readSpec(spec, inner, locate, at);
  }
  if (whole) requireAll(fields, read, locate, path);
  return read;
}

/** @throws config-value-missing */
export function requireAll(fields: Fields, read: Tree, locate: Locate, path: readonly string[]): void {
  for (const [key, spec] of Object.entries(fields)) {
    if (spec.required === true && read[key] === undefined) throw configError("config-value-missing", `${path.join(".") || "the configuration"} has no ${key}`, { where: locate(path), hint: spec.help });
  }
}

function readSpec(spec: Spec, value: unknown, locate: Locate, path: readonly string[]): unknown {
  if (path.length > MAX_DEPTH) throw wrong("fewer levels", "more", locate(path));
  switch (spec.type) {
    case "section": return readSection(spec.fields, value, locate, path);
    case "list": {
      if (!Array.isArray(value)) throw wrong("a list", value, locate(path));
      return value.map((v, i) => readElement(spec.of, v, locate, [...path, String(i)]));
    }
    case "map": {
      if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(`a section with ${spec.keys} as keys`, value, locate(path));
      return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, readElement(spec.of, v ?? {}, locate, [...path, k])]));
    }
    default: return readLeaf(spec, value, (expected, found) => wrong(expected, found, locate(path), spec.secret));
  }
}

/** An element of a list or a map is whole where it stands: nothing is laid over it. */
function readElement(spec: Spec, value: unknown, locate: Locate, path: readonly string[]): unknown {
  return spec.type === "section" ? withDefaults(spec.fields, readSection(spec.fields, value, locate, path, true), locate, path) : readSpec(spec, value, locate, path);
}

/** Fills in what nothing has set; sections that nothing has touched stay away unless they hold a default. */
export function withDefaults(fields: Fields, read: Tree, locate: Locate, path: readonly string[] = []): Tree {
  const filled: Record<string, unknown> = { ...read };
  for (const [key, spec] of Object.entries(fields)) {
    if (spec.type === "section") {
      const inner = withDefaults(spec.fields, (filled[key] ?? {}) as Tree, locate, [...path, key]);
      if (filled[key] !== undefined) requireAll(spec.fields, inner, locate, [...path, key]);
      if (Object.keys(inner).length > 0) filled[key] = inner;
    } else if (filled[key] === undefined && "default" in spec && spec.default !== undefined) filled[key] = spec.default;
  }
  return filled;
}

export function wrong(expected: string, found: unknown, where: string, secret = false): Error {
  const shown = secret ? "something else" : typeof found === "string" ? JSON.stringify(found.slice(0, 100)) : Array.isArray(found) ? "a list" : typeof found === "object" && found !== null ? "a section" : String(found);
  return configError("config-value-invalid", `${where.split(", ").at(-1) ?? where}: expected ${expected}, found ${shown}`, { where });
}
