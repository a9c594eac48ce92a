// A saved model, with the preprocessing that was saved beside it, -> a compiled model: what pack, convert, predict and
// serve have in common. FILE#ENTRY names one entry of a file, #ENTRY one of the model's own file.

import { basename } from "node:path";
import { compileJoined, type ImportedModel, type InputSpec, type JoinedFile } from "@slipway/core/convert";
import { sha256 } from "@slipway/core/package";
import { readModelBytes } from "./open.ts";
import { siblingsOf } from "./read-sibling.ts";
import { isImageFolder } from "./images/image-folder.ts";
import { importImage } from "./images/import-image.ts";
import { splitEntry } from "./split-entry.ts";
import { textError } from "./text/errors.ts";
import { importText } from "./text/import-text.ts";
import { isTextFolder, type TextSettings } from "./text/text-folder.ts";

export interface ImportFileOptions {
  /** Which model, where a saved file holds several. */
  readonly entry?: string;
  /** Fitted transformers, in the order in which they are applied: FILE, FILE#ENTRY or #ENTRY. */
  readonly preprocess?: readonly string[];
  /** What a model of tensors takes, where its file does not tell. */
  readonly inputs?: readonly InputSpec[];
}
export interface ImportedFile {
  readonly imported: ImportedModel;
  /** Digest and size of the model's file and of those beside it that it is made of. */
  readonly source: { readonly sha256: string; readonly bytes: number };
  /** Digests of the files of the preprocessing. */
  readonly joined: readonly string[];
  /** Of a model of texts: what stands around the network. */
  readonly text?: TextSettings;
}

/** @throws as readModelBytes and compileJoined */
export async function importFile(path: string, bytes: Uint8Array, options: ImportFileOptions = {}): Promise<ImportedFile> {
  if (isTextFolder(path)) {
    if ((options.preprocess ?? []).length > 0) throw textError("text-unsupported", "nothing is put before a model of texts", { hint: "Leave --preprocess out." });
    return importText(path);
  }
  if (isImageFolder(path)) return importImage(path);
  const files = new Map([[path, bytes]]);
  const transformers: JoinedFile[] = [];
  for (const argument of options.preprocess ?? []) {
    const place = splitEntry(argument);
    const from = place.path === "" ? path : place.path;
    const read = files.get(from) ?? (await readModelBytes(from));
    files.set(from, read);
    transformers.push({ label: label(from, place.entry), bytes: read, ...(place.entry === undefined ? {} : { entry: place.entry }) });
  }
  const beside = new Map<string, Uint8Array>();
  const read = siblingsOf(path);
  const imported = compileJoined(transformers, {
    label: label(path, options.entry), bytes,
    readSibling: (name, maxBytes) => {
      const content = read(name, maxBytes);
      if (content) beside.set(name, content);
      return content;
    }, ...(options.inputs === undefined ? {} : { inputs: options.inputs }), ...(options.entry === undefined ? {} : { entry: options.entry }),
  });
  files.delete(path);
  return { imported, source: await digestOf(bytes, beside), joined: await Promise.all([...files.values()].map(async (b) => `sha256:${await sha256(b)}`)) };
}

/** Of a model of several files: the digest of their list as sha256sum writes it, by name, the model's own file first. */
async function digestOf(bytes: Uint8Array, beside: ReadonlyMap<string, Uint8Array>): Promise<ImportedFile["source"]> {
  if (beside.size === 0) return { sha256: await sha256(bytes), bytes: bytes.length };
  const lines = await Promise.all([["", bytes] as const, ...[...beside].sort(([a], [b]) => (a < b ? -1 : 1))].map(async ([name, content]) => `${await sha256(content)}  ${name}\n`));
  return { sha256: await sha256(new TextEncoder().encode(lines.join(""))), bytes: [...beside.values()].reduce((n, b) => n + b.length, bytes.length) };
}

function label(path: string, entry: string | undefined): string {
  return entry === undefined ? basename(path) : `${basename(path)}#${entry}`;
}
