// The shards of a run that many work on, as places in files: bytes of text, rows of Parquet. They are the same cuts that a run
// on one machine makes, found by reading the input once. Input that has no places to read at (compressed) is kept plain beside the
// shards.

import { closeSync, fsyncSync, openSync, readFileSync, readSync, statSync, writeSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import { batchError } from "../errors.ts";
import type { InputFile } from "../input/sources.ts";
import { isBucketAddress } from "../remote/bucket-address.ts";
import { outputFailed } from "../run/files.ts";
import type { Broken, InputShape, ShardWork } from "../run/messages.ts";
import type { Source } from "../run/source.ts";
import { countRecords } from "../run/text-source.ts";
import { damaged, SHARDS, type SharedRun } from "./shared-run.ts";

export interface FilePlace {
  /** In the run's folder where it is relative. */
  readonly file: string;
  /** A byte of text, a row of a table; `to` is behind the last. */
  readonly from: number;
  readonly to: number;
  /** See ShardWork. */
  readonly lead?: number;
  /** So many it has, where they are not the file's rows. */
  readonly records?: number;
  /** Of an object in a bucket: its ETag. */
  readonly version?: string;
}
export type ShardPlace = FilePlace | { readonly images: readonly string[] } | { readonly broken: Broken };

const PLAIN = "input.plain";

/** Writes the list, and gives how many there are. `elsewhere`: whoever makes the parts reads objects in buckets itself. */
export async function writeShards(folder: string, source: Source, elsewhere: boolean = false): Promise<number> {
  const list = new Lines(join(folder, SHARDS));
  let plain: Lines | undefined;
  let plainEnd = 0;
  let count = 0;
  try {
    for await (const work of source.works) {
      if ("file" in work) list.write(place({ file: work.file, from: work.from, to: work.to, ...(work.lead === undefined ? {} : { lead: work.lead }), ...(work.records === undefined ? {} : { records: work.records }) }, folder));
      else if ("images" in work) list.write(JSON.stringify({ images: work.images.map(absolute) }));
      else if ("broken" in work) list.write(JSON.stringify({ broken: work.broken }));
      else if ("text" in work) list.write(place({ file: work.text.path, from: work.text.from, to: work.text.to }, folder));
      else if (elsewhere && work.at !== undefined) list.write(JSON.stringify(work.at satisfies FilePlace));
      else {
        plain ??= new Lines(join(folder, PLAIN));
        plain.bytes(new Uint8Array(work.bytes));
        list.write(JSON.stringify({ file: PLAIN, from: plainEnd, to: (plainEnd += work.bytes.byteLength) }));
      }
      count++;
    }
    plain?.sync();
    list.sync();
  } finally {
    plain?.close();
    list.close();
  }
  return count;
}
/** A picture's row is called by its path, as it was given. */
function absolute(image: string): string {
  if (!isAbsolute(image)) throw batchError("batch-input-format", `${image} is relative to a folder in which other processes are not`, { where: image, hint: "Give --in the folder's whole path." });
  return image;
}
function place({ file, ...range }: FilePlace, folder: string): string {
  const inside = `${folder}/`;
  return JSON.stringify({ file: file.startsWith(inside) ? file.slice(inside.length) : resolve(file), ...range });
}

/** @throws SlipwayError batch-run-damaged */
export function readShards({ folder, shards }: SharedRun): ShardPlace[] {
  const path = join(folder, SHARDS);
  let list: ShardPlace[];
  try {
    list = readFileSync(path, "utf8").split("\n").slice(0, -1).map((line) => JSON.parse(line) as ShardPlace);
  } catch (cause) {
    throw damaged(path, cause);
  }
  const good = list.length === shards && list.every((place) => ("images" in place ? Array.isArray(place.images) && place.images.every((i) => typeof i === "string") : "broken" in place ? typeof place.broken?.source === "string" && typeof place.broken.reason === "string" : isFilePlace(place)));
  if (!good) throw damaged(path);
  return list;
}
/** Read where it is, on a machine that has it. */
export function isLocal({ file }: FilePlace): boolean {
  return isAbsolute(file);
}
/** As a thread is told of them. */
export function rowsOf({ from, to, lead }: FilePlace): { readonly from: number; readonly to: number; readonly lead?: number } {
  return { from, to, ...(lead === undefined ? {} : { lead }) };
}
function isFilePlace({ file, from, to, records = 0, lead = from }: FilePlace): boolean {
  return Number.isSafeInteger(records) && Number.isSafeInteger(lead) && lead >= 0 && lead <= from && typeof file === "string" && (isAbsolute(file) || isBucketAddress(file) || (/^[\w./-]+$/.test(file) && !file.includes(".."))) && Number.isSafeInteger(from) && Number.isSafeInteger(to) && from >= 0 && to >= from;
}

/** A shard as threads take it. @throws SlipwayError batch-input-changed, batch-input-damaged */
export function readShard(run: SharedRun, shard: number, place: ShardPlace, token: string): ShardWork {
  if ("images" in place) return { shard, token, images: place.images };
  if ("broken" in place) return { shard, token, broken: place.broken };
  const { file, from, to } = place;
  const path = isAbsolute(file) ? file : join(run.folder, file);
  checkUnchanged(run, path);
  return isTable(run) ? { shard, token, file: path, ...rowsOf(place) } : { shard, token, text: { path, from, to } };
}
/** So many rows it has, as far as that can be told without reading them. */
export function countRows(run: SharedRun, place: ShardPlace): number {
  if ("images" in place) return place.images.length;
  if ("broken" in place) return 0;
  return isTable(run) ? recordsOf(place) : countRecordsOf(run, place);
}
/** Its shards are rows of files. */
export function isTable({ setup: { input: { kind } } }: SharedRun): boolean {
  return kind === "table" || kind === "series";
}
export function recordsOf({ from, to, records = to - from }: FilePlace): number {
  return records;
}
/** Of text: at its place, or as it is. */
export function countRecordsOf(run: SharedRun, text: FilePlace | Uint8Array): number {
  const bytes = text instanceof Uint8Array ? text : readBytes(isAbsolute(text.file) ? text.file : join(run.folder, text.file), text.from, text.to);
  return countRecords(Buffer.from(bytes as ArrayBuffer), delimiterByte(run.setup.input));
}
function delimiterByte(input: InputShape): number | undefined {
  return input.kind === "csv" ? input.delimiter.charCodeAt(0) : undefined;
}

function checkUnchanged({ inputs }: SharedRun, path: string): void {
  const known = inputs.find((i) => i.path === path);
  if (known === undefined) return;
  const now = statSync(path, { throwIfNoEntry: false });
  if (now === undefined) throw batchError("batch-input-missing", `${path} is not there`, { where: path, hint: "Mount the storage that the input is on at the same path here." });
  // Storage keeps times more or less exactly.
  if (now.size !== known.bytes || Math.abs(now.mtimeMs - known.modifiedMs) > 2000) throw batchError("batch-input-changed", `${path} is not what it was when the run was made`, { where: path, hint: "Leave the input alone while a run goes on; begin anew with --overwrite." });
}

function readBytes(path: string, from: number, to: number): ArrayBuffer {
  const own = new ArrayBuffer(to - from);
  try {
    const file = openSync(path, "r");
    try {
      for (let at = 0; at < own.byteLength; ) {
        const read = readSync(file, new Uint8Array(own, at), 0, own.byteLength - at, from + at);
        if (read === 0) throw new Error(`it ends after ${from + at} bytes`);
        at += read;
      }
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    throw batchError("batch-input-damaged", `${path} cannot be read at ${from}: ${(cause as Error).message}`, { where: path, cause });
  }
  return own;
}

export function inputsOf(files: readonly InputFile[]): SharedRun["inputs"] {
  return files.filter((f) => f.remote === undefined && f.sql === undefined).map(({ path, bytes, modifiedMs }) => ({ path: resolve(path), bytes, modifiedMs }));
}

class Lines {
  readonly #path: string;
  readonly #file: number;
  constructor(path: string) {
    this.#path = path;
    this.#file = openSync(path, "w");
  }
  bytes(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.byteLength; ) at += writeSync(this.#file, bytes, at);
    } catch (cause) {
      throw outputFailed(this.#path, cause);
    }
  }
  write(line: string): void {
    this.bytes(Buffer.from(`${line}\n`));
  }
  sync(): void {
    fsyncSync(this.#file);
  }
  close(): void {
    closeSync(this.#file);
  }
}
