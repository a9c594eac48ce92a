// Where a chunk's pages lie in a Parquet file, told by their heads (parquet.thrift, PageHeader).

import { readSync } from "node:fs";
import type { ColumnMetaData } from "hyparquet";
import { deserializeTCompactProtocol } from "hyparquet/src/thrift.js";

/** Of `encoding`. */
export const ENCODING = { plain: 0, plainDictionary: 2, rle: 3, dictionary: 8 } as const;

export interface Page {
  /** Of its bytes, behind its head. */
  readonly at: number;
  readonly packed: number;
  readonly unpacked: number;
  readonly values: number;
  readonly encoding: number;
  /** Of its first value, in the group. */
  readonly first: number;
  /** Levels stand before the packed bytes, so many (version 2). */
  readonly levels: number | undefined;
  readonly isPacked: boolean;
}
export interface Chunk {
  readonly dictionary: Page | undefined;
  readonly pages: readonly Page[];
}

const [DATA, DICTIONARY, DATA_2] = [0, 2, 3];
const HEAD_BYTES = 2048;
const MOST_HEAD_BYTES = 2 ** 22;

interface Head { readonly [field: `field_${number}`]: unknown }

/** @throws Error where heads are damaged */
export function readPages(file: number, { dictionary_page_offset: dictionaryAt, data_page_offset: dataAt, total_compressed_size: total }: ColumnMetaData, rows: number): Chunk {
  const start = Number(dictionaryAt !== undefined && dictionaryAt > 0n && dictionaryAt < dataAt ? dictionaryAt : dataAt);
  const end = start + Number(total);
  let dictionary: Page | undefined;
  const pages: Page[] = [];
  let first = 0;
  for (let at = start; first < rows; ) {
    if (at >= end) throw new Error("a column has fewer pages than it needs");
    const { head, length } = readHead(file, at, end);
    const [type, unpacked, packed] = [head.field_1, head.field_2, head.field_3] as [number, number, number];
    if (!(unpacked >= 0 && packed >= 0) || at + length + packed > end) throw new Error("a page is longer than its column");
    const own = (type === DICTIONARY ? head.field_7 : type === DATA_2 ? head.field_8 : head.field_5) as Head | undefined;
    at += length;
    if (type === DATA || type === DICTIONARY || type === DATA_2) {
      if (own === undefined) throw new Error("a page says nothing of its values");
      const values = own.field_1 as number;
      const levels = type === DATA_2 ? (own.field_5 as number) + (own.field_6 as number) : undefined;
      const page = { at, packed, unpacked, values, encoding: (type === DATA_2 ? own.field_4 : own.field_2) as number, first, levels, isPacked: own.field_7 !== false || type !== DATA_2 };
      if (!(values >= 0) || (levels !== undefined && !(levels >= 0 && levels <= Math.min(packed, unpacked)))) throw new Error("a page says what cannot be of its values");
      if (type === DICTIONARY) dictionary = page;
      else {
        if (values > rows - first) throw new Error("a column has more values than there are rows");
        pages.push(page);
        first += values;
      }
    }
    at += packed;
  }
  return { dictionary, pages: pages.filter((p) => p.values > 0) };
}

function readHead(file: number, at: number, end: number): { head: Head; length: number } {
  for (let size = HEAD_BYTES; ; size *= 8) {
    const bytes = new Uint8Array(Math.min(size, end - at));
    const count = readSync(file, bytes, 0, bytes.length, at);
    const reader = { view: new DataView(bytes.buffer, 0, count), offset: 0 };
    try {
      const head = deserializeTCompactProtocol(reader) as Head;
      return { head, length: reader.offset };
    } catch (error) {
      // Statistics of long texts make it longer.
      if (count < size || size >= MOST_HEAD_BYTES) throw error;
    }
  }
}
