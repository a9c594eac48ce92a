// What a file may ask for. Every limit is checked before the memory is taken.

import { pickleError } from "./errors.ts";

export interface PickleLimits {
  /** Bytes of the pickle itself, after decompression. */
  readonly bytes: number;
  /** An estimate of the memory of the objects built, arrays excluded: those are views into the file. */
  readonly memory: number;
  /** Entries on the machine's stack. */
  readonly stack: number;
  /** Entries in the memo. */
  readonly memo: number;
  /** How deep containers and objects may lie in one another. */
  readonly depth: number;
  /** Bytes of one string. */
  readonly string: number;
  /** Bytes of one integer. */
  readonly integer: number;
  /** How many times larger a compressed file may become, beyond its first 64 MiB. */
  readonly ratio: number;
}

const GiB = 2 ** 30;

export const defaultLimits: PickleLimits = {
  bytes: 4 * GiB,
  memory: GiB,
  stack: 50_000_000,
  memo: 20_000_000,
  depth: 1_000,
  string: 256 * 2 ** 20,
  integer: 65_536,
  ratio: 1_000,
};

/** Fills what is not given. Throws on something that is not a limit. */
export function withDefaults(limits: Partial<PickleLimits> = {}): PickleLimits {
  const all = { ...defaultLimits };
  for (const key of Object.keys(defaultLimits) as (keyof PickleLimits)[]) {
    const value = limits[key];
    if (value !== undefined && value >= 0) all[key] = value;
  }
  return all;
}

/** Throws `pickle-limit` in one voice. */
export function overLimit(name: keyof PickleLimits, asked: number, limits: PickleLimits, at: number): never {
  const what: Readonly<Record<keyof PickleLimits, string>> = {
    bytes: "bytes in the file", memory: "bytes of memory for its objects", stack: "values on the stack", memo: "memo entries",
    depth: "levels of nesting", string: "bytes in one string", integer: "bytes in one integer", ratio: "times its size",
  };
  throw pickleError("pickle-limit", `the file asks for ${asked} ${what[name]}; at most ${limits[name]} are allowed`, {
    where: `byte ${at}`,
    hint: `If you trust the file, raise limits.${name}.`,
    data: { limit: name, asked, allowed: limits[name] },
  });
}
