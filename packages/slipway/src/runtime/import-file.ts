// A saved model, with the preprocessing that was saved beside it, -> a compiled model: what pack, convert, predict and
// serve have in common. FILE#ENTRY names one entry of a file, #ENTRY one of the model's own file.

import { basename } from "node:path";
import { compileJoined, type ImportedModel, type JoinedFile } from "@slipway/core/convert";
import { sha256 } from "@slipway/core/package";
import { readModelBytes } from "./open.ts";
import { siblingsOf } from "./read-sibling.ts";
import { splitEntry } from "./split-entry.ts";

export interface ImportFileOptions {
  /** Which model, where a saved file holds several. */
  readonly entry?: string;
  /** Fitted transformers, in the order in which they are applied: FILE, FILE#ENTRY or #ENTRY. */
  readonly preprocess?: readonly string[];
}
export interface ImportedFile {
  readonly imported: ImportedModel;
  /** Digests of the files of the preprocessing. */
  readonly joined: readonly string[];
}

/** @throws as readModelBytes and compileJoined */
export async function importFile(path: string, bytes: Uint8Array, options: ImportFileOptions = {}): Promise<ImportedFile> {
  const files = new Map([[path, bytes]]);
  const transformers: JoinedFile[] = [];
  for (const argument of options.preprocess ?? []) {
    const place = splitEntry(argument);
    const from = place.path === "" ? path : place.path;
    const read = files.get(from) ?? (await readModelBytes(from));
    files.set(from, read);
    transformers.push({ label: label(from, place.entry), bytes: read, ...(place.entry === undefined ? {} : { entry: place.entry }) });
  }
  const imported = compileJoined(transformers, {
    label: label(path, options.entry), bytes, readSibling: siblingsOf(path), ...(options.entry === undefined ? {} : { entry: options.entry }),
  });
  files.delete(path);
  return { imported, joined: await Promise.all([...files.values()].map(async (b) => `sha256:${await sha256(b)}`)) };
}

function label(path: string, entry: string | undefined): string {
  return entry === undefined ? basename(path) : `${basename(path)}#${entry}`;
}
