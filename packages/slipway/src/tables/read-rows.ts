// Rows of a file of any size, told by content: Parquet, Arrow IPC, CSV, JSON lines or a JSON list; gzip is opened.

import { open, type FileHandle } from "node:fs/promises";
import { basename } from "node:path";
import { createGunzip } from "node:zlib";
import type { RowBatch } from "./batch.ts";
import { arrowRows } from "./arrow-rows.ts";
import { tablesError } from "./errors.ts";
import { parquetRows } from "./parquet-rows.ts";
import { textRows } from "./text-rows.ts";

/** Unpacked text for each packed byte; beyond it a file was made to have no end. */
const MAX_RATIO = 1000;

/** @param path of a file, or - for standard input (text) @throws the errors of this folder, table-damaged, request-csv, request-json */
export async function* readRows(path: string): AsyncGenerator<RowBatch> {
  const file = path === "-" ? "standard input" : basename(path);
  if (path === "-") {
    yield* textRows(decoded(process.stdin, file), file);
    return;
  }
  const handle: FileHandle = await open(path).catch(() => {
    throw tablesError("table-not-found", `there is no file ${JSON.stringify(path)}`, { hint: "Check the path; it is relative to the folder you are in." });
  });
  try {
    const info = await handle.stat();
    if (!info.isFile()) throw tablesError("table-not-found", `${JSON.stringify(path)} is no file`);
    const head = new Uint8Array(8);
    await handle.read(head, 0, 8, 0);
    const magic = String.fromCharCode(...head);
    if (magic.startsWith("PAR1")) yield* parquetRows(handle, info.size, file);
    else if (magic.startsWith("ARROW1")) yield* arrowRows(handle, info.size, true, file);
    else if (magic.startsWith("\xff\xff\xff\xff")) yield* arrowRows(handle, info.size, false, file);
    else {
      const bytes = handle.createReadStream({ start: 0, autoClose: false, highWaterMark: 2 ** 18 });
      yield* textRows(decoded(magic.startsWith("\x1f\x8b") ? bounded(bytes.pipe(createGunzip()), info.size, file) : bytes, file), file);
    }
  } finally {
    await handle.close().catch(() => undefined);
  }
}

/** The same of a text that is there already. */
export function rowsOfText(text: string, file: string): AsyncGenerator<RowBatch> {
  return textRows([text], file);
}

async function* bounded(pieces: AsyncIterable<Uint8Array>, packed: number, file: string): AsyncGenerator<Uint8Array> {
  let unpacked = 0;
  for await (const piece of pieces) {
    unpacked += piece.length;
    if (unpacked > Math.max(2 ** 24, packed * MAX_RATIO)) throw tablesError("table-limit", "the file expands by an absurd factor", { where: file });
    yield piece;
  }
}

async function* decoded(pieces: AsyncIterable<unknown>, file: string): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const text = (bytes?: Uint8Array): string => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
    } catch {
      throw tablesError("table-not-text", "the file is not text in UTF-8", { where: file, hint: "Save it as UTF-8, or as Parquet." });
    }
  };
  for await (const piece of pieces) yield typeof piece === "string" ? piece : text(piece as Uint8Array);
  yield text();
}
