// A folder of documents -> passages: Markdown and plain text, in folders below it too; links are not followed.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { retrievalError } from "./errors.ts";
import { passagesOf, type Passage } from "./passages.ts";

export interface ReadFolder {
  readonly passages: readonly Passage[];
  readonly documents: number;
  /** Files that were left out, as they are neither Markdown nor plain text. */
  readonly left: readonly string[];
}

const TAKEN = /\.(?:md|markdown|txt)$/i;
const MAX_FILES = 100_000;
const MAX_FILE = 16 * 2 ** 20;
const MAX_PASSAGES = 1_000_000;

/** @throws index-folder, index-limit */
export function readFolder(folder: string): ReadFolder {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) throw retrievalError("index-folder", `there is no folder ${JSON.stringify(folder)}`, { hint: "Check the path; it is relative to the folder you are in." });
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).sort();
  if (files.length > MAX_FILES) throw retrievalError("index-limit", `${folder} has ${files.length} files; at most ${MAX_FILES} are indexed`);
  const taken = files.filter((file) => TAKEN.test(file));
  const name = (file: string): string => relative(folder, file).replaceAll(sep, "/");
  const passages: Passage[] = [];
  for (const file of taken) {
    passages.push(...passagesOf(name(file), text(file)));
    if (passages.length > MAX_PASSAGES) throw retrievalError("index-limit", `${folder} has more than ${MAX_PASSAGES} passages`);
  }
  const left = files.filter((file) => !TAKEN.test(file)).map(name);
  if (passages.length === 0) throw retrievalError("index-folder", `${folder} has nothing to index: ${taken.length === 0 ? `no Markdown and no text${left.length === 0 ? "" : ` among ${left.slice(0, 5).join(", ")}`}` : "its documents are empty"}`, { hint: "Documents are .md, .markdown or .txt files; turn others into text first." });
  return { passages, documents: taken.length, left };
}

function text(file: string): string {
  const { size } = statSync(file);
  if (size > MAX_FILE) throw retrievalError("index-limit", `${file} has ${size} bytes; at most ${MAX_FILE} are indexed`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(file));
  } catch (cause) {
    throw retrievalError("index-folder", `${file} is not UTF-8`, { hint: "Save it as UTF-8.", cause });
  }
}
