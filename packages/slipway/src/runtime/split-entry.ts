// FILE#ENTRY: one entry of a file that holds several models.

import { statSync } from "node:fs";

/** A file whose own name holds a # is that file. */
export function splitEntry(argument: string): { readonly path: string; readonly entry?: string } {
  const at = argument.lastIndexOf("#");
  if (at < 0 || at === argument.length - 1 || statSync(argument, { throwIfNoEntry: false })) return { path: argument };
  return { path: argument.slice(0, at), entry: argument.slice(at + 1) };
}
