// A run's input as shards of work: blocks of records of text files, ranges of rows of Parquet and Arrow files; what SQL or JSON gives is
// kept as Parquet beside the parts first.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { batchError } from "../errors.ts";
import { localFiles } from "../input/local-files.ts";
import type { TableFile } from "../input/tables.ts";
import type { InputFile } from "../input/sources.ts";
import { maskPlace } from "../rows/mask-files.ts";
import { putInPlace } from "./files.ts";
import type { Broken, InputShape, ShardWork } from "./messages.ts";
import { textSource } from "./text-source.ts";

export interface SourceOptions {
  readonly query?: string | undefined;
  readonly delimiter?: string | undefined;
  readonly threads: number;
  readonly shardBytes: number;
  readonly shardRows?: number | undefined;
  /** Of JSON lines; those of the first line by default. */
  readonly columns?: readonly string[] | undefined;
  readonly limit?: number | undefined;
  readonly image?: string | undefined;
  readonly masks?: { readonly folder: string; readonly root?: string | undefined } | undefined;
  /** What cannot be read is left out, and named. */
  readonly skipBroken?: boolean | undefined;
  /** Shards that were found to be broken before. */
  readonly broken?: ReadonlyMap<number, Broken>;
  /** The run's folder. */
  readonly work: string;
}

/** Of Parquet and Arrow. */
export const ROWS_PER_SHARD = 65_536;

const IMAGES_PER_SHARD = 256;
/** The one column of images. */
const PATH_COLUMN = "path";

/** `end`: so far the input is read behind it, in the unit of `total`. `records`: so many it has, where they are not the file's rows. `at`: of text from a bucket, where it can be read again. */
export type SourceWork = ShardWork & { readonly end: number; readonly records?: number; readonly at?: { readonly file: string; readonly from: number; readonly to: number; readonly version: string } };
export interface Source {
  readonly shape: InputShape;
  readonly works: AsyncIterable<SourceWork>;
  readonly total: number;
  /** Shards that there can be at most, as far as it is known. */
  readonly most: number;
}

/** `found`: of one kind. @throws SlipwayError batch-input-damaged, batch-input-columns */
export async function sourceOf(options: SourceOptions, found: readonly InputFile[]): Promise<Source> {
  const { query, limit, threads, work, skipBroken } = options;
  const tabular = query !== undefined || found[0]!.format === "parquet" || found[0]!.format === "arrow" || found[0]!.format === "json";
  const sql = found[0]?.sql;
  if (options.masks !== undefined && found[0]!.format !== "image") throw batchError("batch-masks", `masks are of pictures, and the input is ${found[0]!.format}`, { hint: "Leave out --masks." });
  if (options.masks !== undefined && found.some((f) => f.remote !== undefined)) throw batchError("batch-masks", "masks of pictures that lie elsewhere are not written as files", { hint: "The output has them as run lengths; or copy the pictures first." });
  const files = await localFiles(found, tabular || found[0]!.format === "image", work, options.skipBroken);
  if (tabular) {
    const { readTables, spoolQuery } = await import("../input/tables.ts");
    const temporary = join(work, "tmp");
    const spool = join(work, "input.parquet");
    let tables: readonly TableFile[] = files;
    if (query !== undefined || sql !== undefined || files[0]!.format === "json") {
      if (!existsSync(spool)) {
        if (sql !== undefined) await (await import("../sql/read-sql.ts")).spoolSql(sql, query, limit, `${spool}.tmp`, temporary);
        else await spoolQuery(files, query ?? "SELECT * FROM input", `${spool}.tmp`, temporary, threads);
        putInPlace(spool);
      }
      tables = [{ path: spool }];
    }
    const shardRows = options.shardRows ?? ROWS_PER_SHARD;
    const store = tables === files && files[0]!.format === "arrow" ? "arrow" : "parquet";
    const { names, types, shards, rows } = store === "arrow" ? await (await import("../input/arrow-tables.ts")).readArrowTables(tables, shardRows, skipBroken) : await readTables(tables, shardRows, temporary, skipBroken);
    const wanted = Math.min(limit ?? rows, rows);
    return { shape: { kind: "table", store, names, types }, total: wanted, most: Math.max(1, shards.length), works: tableWorks() };
    async function* tableWorks(): AsyncGenerator<SourceWork> {
      let before = 0;
      for (const [shard, { file, from, to, broken }] of shards.entries()) {
        if (before >= wanted) return;
        if (broken !== undefined) {
          yield { shard, broken: { source: file, reason: broken }, end: before };
          continue;
        }
        const count = Math.min(to - from, wanted - before);
        before += count;
        yield { shard, file, from, to: from + count, end: before };
      }
    }
  }
  if (files[0]!.format === "image") return imageSource(files.slice(0, limit), options);
  return textSource(options, files);
}

/** A file is a row. */
function imageSource(files: readonly InputFile[], { image = "", masks, shardBytes }: SourceOptions): Source {
  const place = masks === undefined ? {} : { masks: maskPlace(masks.folder, files.map((f) => f.path), masks.root) };
  return { shape: { kind: "image", names: [PATH_COLUMN], options: image, ...place }, total: files.length, most: Math.ceil(files.length / IMAGES_PER_SHARD), works: works() };
  async function* works(): AsyncGenerator<SourceWork> {
    let shard = 0;
    for (let at = 0; at < files.length; shard++) {
      const images: string[] = [];
      for (let bytes = 0; at < files.length && images.length < IMAGES_PER_SHARD && bytes < shardBytes; at++) {
        images.push(files[at]!.path);
        bytes += files[at]!.bytes;
      }
      yield { shard, images, end: at };
    }
  }
}

/** What is found but cannot be read in bulk. @throws SlipwayError batch-input-format */
export function refuseUnread(files: readonly InputFile[], packed = false): void {
  const formats = new Set(files.map((f) => f.format));
  if (formats.size > 1) throw batchError("batch-input-format", `the input holds files of ${[...formats].join(" and ")}`, { hint: "Give one kind in a run." });
  const whole = packed ? undefined : files.find((f) => f.compression !== "none" && f.format !== "csv" && f.format !== "tsv" && f.format !== "jsonl");
  if (whole !== undefined) throw batchError("batch-input-format", `${whole.path} is compressed as a whole, which ${whole.format} is not read from`, { where: whole.path });
}
