// One value that is no section: as a file gives it (with types), or as a text from an option or a variable.

import type { Leaf } from "./spec.ts";

type Spec = Leaf["spec"];
type Refuse = (expected: string, found: unknown) => Error;

const UNITS: Readonly<Record<"bytes" | "duration", Readonly<Record<string, number>>>> = {
  bytes: { b: 1, kb: 2 ** 10, mb: 2 ** 20, gb: 2 ** 30, tb: 2 ** 40, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30, tib: 2 ** 40 },
  duration: { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 },
};

export function readLeaf(spec: Spec, value: unknown, refuse: Refuse): unknown {
  const expected = describeLeaf(spec);
  switch (spec.type) {
    case "flag":
      if (typeof value !== "boolean") throw refuse(expected, value);
      return value;
    case "texts":
      if (typeof value === "string") return [value];
      if (!Array.isArray(value) || !value.every((v) => typeof v === "string")) throw refuse(expected, value);
      return value;
    case "choice":
      if (typeof value !== "string" || !spec.choices.includes(value)) throw refuse(expected, value);
      return value;
    case "text": {
      // A version such as 1.10 stands in YAML as a number, whose zero is lost: it has to be quoted.
      if (typeof value !== "string") throw refuse(`${expected}${typeof value === "number" ? " (put it in quotes)" : ""}`, value);
      if (spec.pattern !== undefined && !new RegExp(`^(?:${spec.pattern})$`).test(value)) throw refuse(expected, value);
      return value;
    }
    default: {
      const n = typeof value === "number" ? value : typeof value === "string" ? withUnit(spec.type, value) : undefined;
      const { min = 0, max = Number.MAX_SAFE_INTEGER } = spec;
      if (n === undefined || !Number.isFinite(n) || n < min || n > max || (spec.type !== "number" && !Number.isInteger(n))) throw refuse(expected, value);
      return n;
    }
  }
}

/** From a command line or an environment, where everything is text. Several texts stand in a variable with commas. */
export function readLeafText(spec: Spec, text: string, refuse: Refuse): unknown {
  switch (spec.type) {
    case "flag": {
      const flag = { true: true, "1": true, yes: true, on: true, false: false, "0": false, no: false, off: false, "": false }[text.trim().toLowerCase()];
      if (flag === undefined) throw refuse(describeLeaf(spec), text);
      return flag;
    }
    case "texts": return text.split(",").map((t) => t.trim()).filter((t) => t !== "");
    case "count": case "number": case "bytes": case "duration": {
      const trimmed = text.trim();
      return readLeaf(spec, /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(trimmed) ? Number(trimmed) : trimmed, (expected) => refuse(expected, text));
    }
    default: return readLeaf(spec, text, refuse);
  }
}

function withUnit(type: Spec["type"], text: string): number | undefined {
  if (type !== "bytes" && type !== "duration") return undefined;
  const [, digits, unit] = /^\s*(\d{1,15}(?:\.\d{1,6})?)\s*([a-z]{1,3})\s*$/i.exec(text) ?? [];
  const factor = unit === undefined ? undefined : Object.hasOwn(UNITS[type], unit.toLowerCase()) ? UNITS[type][unit.toLowerCase()] : undefined;
  return digits === undefined || factor === undefined ? undefined : Math.round(Number(digits) * factor);
}

/** "a whole number from 0 to 65535", for messages and documentation. */
export function describeLeaf(spec: Spec): string {
  switch (spec.type) {
    case "text": return spec.pattern === undefined ? "a text" : `a text that matches ${spec.pattern}`;
    case "texts": return "a text or a list of texts";
    case "flag": return "true or false";
    case "choice": return `one of ${spec.choices.join(", ")}`;
    default: {
      const what = { count: "a whole number", number: "a number", bytes: 'bytes (a number, or "64MB")', duration: 'a duration (milliseconds, or "30s")' }[spec.type];
      const { min = 0, max } = spec;
      return `${what}${max === undefined ? (min === 0 ? "" : ` of at least ${min}`) : ` from ${min} to ${max}`}`;
    }
  }
}
