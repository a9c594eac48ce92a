// What an input names: a file, a folder, a pattern, here or elsewhere; what each file holds, told by its name; and its bytes as
// a stream, decompressed.

import { createReadStream, statSync } from "node:fs";
import { glob, readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { SlipwayError } from "@slipway/core/base";
import { batchError } from "../errors.ts";
import { isSqlAddress, parseSqlAddress, type SqlAddress } from "../sql/address.ts";
import { decompressed } from "./decompress.ts";
import { isBucketAddress } from "../remote/bucket-address.ts";
import type { RemoteObject } from "../remote/remote-object.ts";

export const INPUT_FORMATS = ["csv", "tsv", "jsonl", "parquet", "arrow", "json", "image"] as const;
export type InputFormat = (typeof INPUT_FORMATS)[number];
export type Compression = "none" | "gzip" | "zstd";

export interface InputFile {
  /** Of what is elsewhere the address, as it may be shown. */
  readonly path: string;
  readonly format: InputFormat;
  readonly compression: Compression;
  readonly bytes: number;
  readonly modifiedMs: number;
  /** What it is read from, where it is elsewhere. */
  readonly remote?: RemoteObject;
  /** A database: what is asked of it is kept as Parquet first. */
  readonly sql?: SqlAddress;
  /** Why it cannot be read, where that is known and it is to be left out. */
  readonly broken?: string;
}

const ENDINGS: Readonly<Record<string, InputFormat>> = { csv: "csv", tsv: "tsv", tab: "tsv", jsonl: "jsonl", ndjson: "jsonl", parquet: "parquet", pq: "parquet", arrow: "arrow", arrows: "arrow", feather: "arrow", json: "json", png: "image", jpg: "image", jpeg: "image", wav: "image" };
const COMPRESSIONS: Readonly<Record<string, Compression>> = { gz: "gzip", gzip: "gzip", zst: "zstd", zstd: "zstd" };
const PATTERN = /[*?[\]{}]/;

/** In the order of their names. @throws SlipwayError batch-input-missing, batch-input-format */
export async function findInput(input: readonly string[], format?: InputFormat, skipBroken = false): Promise<InputFile[]> {
  const paths: (string | RemoteObject | { readonly shown: string; readonly broken: string })[] = [];
  const databases = input.filter(isSqlAddress);
  if (databases.length > 0) {
    if (input.length > 1) throw batchError("batch-input-format", "a database is read alone", { hint: "Give one --in." });
    const sql = parseSqlAddress(databases[0]!);
    return [{ path: sql.shown, format: "parquet", compression: "none", bytes: 0, modifiedMs: 0, sql }];
  }
  for (const one of input) {
    if (isAddress(one)) {
      const { findObjects } = await import("../remote/find-objects.ts");
      paths.push(...await findObjects(one, (name) => format !== undefined || formatOf(name) !== undefined).catch((error: unknown) => {
        if (!skipBroken || !(error instanceof SlipwayError)) throw error;
        return [{ shown: error.where ?? "an address", broken: error.message }];
      }));
      continue;
    }
    const info = statSync(one, { throwIfNoEntry: false });
    if (info?.isFile() === true) paths.push(one);
    else if (info?.isDirectory() === true) {
      const inside = (await readdir(one, { recursive: true, withFileTypes: true })).filter((e) => e.isFile() && !/^[._]/.test(e.name) && (format !== undefined || formatOf(e.name) !== undefined)).map((e) => join(e.parentPath, e.name));
      paths.push(...inside.toSorted());
    } else if (PATTERN.test(one)) {
      const found: string[] = [];
      for await (const path of glob(one)) if (statSync(path).isFile()) found.push(path);
      paths.push(...found.toSorted());
    } else throw batchError("batch-input-missing", `there is no file ${JSON.stringify(one)}`, { hint: "Check the path; it is relative to the folder you are in." });
  }
  if (paths.length === 0) throw batchError("batch-input-missing", `${input.map((i) => (isAddress(i) ? i.replace(/\/\/.*@|\?.*/, "//...") : JSON.stringify(i))).join(", ")} names no file`, { hint: `Files that are understood end in ${Object.keys(ENDINGS).map((e) => `.${e}`).join(", ")}, with .gz or .zst behind it where they are compressed.` });
  return paths.map((found) => {
    const path = typeof found === "string" ? found : found.shown;
    const name = typeof found === "string" ? found : nameOf(path);
    const told = format ?? formatOf(name);
    if (told === undefined) throw batchError("batch-input-format", `what ${JSON.stringify(path)} holds cannot be told from its name`, { hint: `Say it: --format ${INPUT_FORMATS.join("|")}` });
    const of = { path, format: told, compression: compressionOf(name) };
    if (typeof found !== "string" && "broken" in found) return { ...of, bytes: 0, modifiedMs: 0, broken: found.broken };
    if (typeof found !== "string") return { ...of, bytes: found.bytes ?? 0, modifiedMs: 0, remote: found };
    const { size, mtimeMs } = statSync(found);
    return { ...of, bytes: size, modifiedMs: mtimeMs };
  });
}

function isAddress(input: string): boolean {
  return /^https?:\/\//i.test(input) || isBucketAddress(input);
}
/** The last part of an address's path. */
export function nameOf(address: string): string {
  return basename(URL.parse(address)?.pathname ?? address);
}

function endings(path: string): string[] {
  return basename(path).toLowerCase().split(".").slice(1);
}
function compressionOf(path: string): Compression {
  return COMPRESSIONS[endings(path).at(-1) ?? ""] ?? "none";
}
export function formatOf(path: string): InputFormat | undefined {
  const parts = endings(path);
  if (COMPRESSIONS[parts.at(-1) ?? ""] !== undefined) parts.pop();
  return ENDINGS[parts.at(-1) ?? ""];
}

const READ_BYTES = 2 ** 20;

/** What was read before a file breaks is given first. @throws SlipwayError batch-input-damaged, while it is read */
export async function* bytesOf(file: InputFile): AsyncGenerator<Uint8Array> {
  const stored = file.remote === undefined ? createReadStream(file.path, { highWaterMark: READ_BYTES }) : (await import("../remote/remote-object.ts")).readRanges(file.remote);
  try {
    yield* file.compression === "none" ? (stored as AsyncIterable<Uint8Array>) : decompressed(stored as AsyncIterable<Uint8Array>, file.compression);
  } catch (cause) {
    if (cause instanceof SlipwayError) throw cause;
    throw batchError("batch-input-damaged", `${file.path} cannot be read to its end: ${(cause as Error).message}`, { where: file.path, cause });
  }
}
