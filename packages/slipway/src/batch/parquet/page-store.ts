// Parquet read by our own reader, where a file is a table of single values in the usual encodings: pages are unpacked in
// WebAssembly, and what lies there is given as it is.

import { closeSync, openSync } from "node:fs";
import { hasVectors } from "@slipway/core/wasm";
import { damaged } from "../input/duckdb.ts";
import type { ColumnWish, TablePart, TableStore } from "../rows/table-store.ts";
import { canRead, ColumnReader } from "./column-reader.ts";
import { readParquetHead, type ParquetHead } from "./head.ts";
import { canUnpack, PageMemory } from "./page-memory.ts";
import { readPages } from "./pages.ts";

/** Rows of a part: few enough to stay in the second cache. */
const PART_ROWS = 2048;
/** What a group's pages, one of each column, may take in memory. */
const MOST_BYTES = 2 ** 26;
const ENCODINGS: ReadonlySet<string> = new Set(["PLAIN", "RLE", "PLAIN_DICTIONARY", "RLE_DICTIONARY", "BIT_PACKED"]);

interface Open {
  readonly path: string;
  readonly file: number;
  readonly head: ParquetHead;
  /** By wish, its place in the file. */
  readonly places: readonly number[];
  readonly readers: readonly ColumnReader[];
}

interface Unread {
  readonly path: string;
  readonly head: undefined;
}

export class PageStore implements TableStore {
  readonly #wishes: readonly ColumnWish[];
  /** Reads what this one does not. */
  readonly #other: () => Promise<TableStore>;
  #opened: Promise<TableStore> | undefined;
  #open: Open | Unread | undefined;
  #memory: PageMemory | undefined;

  constructor(wishes: readonly ColumnWish[], other: () => Promise<TableStore>) {
    this.#wishes = wishes;
    this.#other = other;
  }

  async *read(path: string, from: number, to: number): AsyncGenerator<TablePart> {
    const open = this.#openFile(path);
    if (open.head === undefined) {
      yield* (await (this.#opened ??= this.#other())).read(path, from, to);
      return;
    }
    let first = 0;
    for (const [g, { rows }] of open.head.groups.entries()) {
      const [start, end] = [Math.max(from, first), Math.min(to, first + rows)];
      if (start < end) {
        if (this.#begin(open, g)) yield* this.#readGroup(open, start - first, end - first);
        else yield* (await (this.#opened ??= this.#other())).read(path, start, end);
      }
      first += rows;
    }
  }

  /** Whether the group's pages fit into memory, where they do with the readers at its first row. @throws SlipwayError batch-input-damaged */
  #begin({ path, file, head, places, readers }: Open, g: number): boolean {
    const { chunks, rows } = head.groups[g]!;
    try {
      const found = places.map((place) => readPages(file, chunks[place]!, rows));
      const bytes = found.reduce((n, { dictionary, pages }) => n + Math.max(dictionary?.unpacked ?? 0, ...pages.map((p) => p.unpacked)), 0);
      if (bytes > MOST_BYTES) return false;
      readers.forEach((reader, i) => reader.begin(file, chunks[places[i]!]!.codec, found[i]!));
      return true;
    } catch (cause) {
      throw damaged(path, cause);
    }
  }

  *#readGroup({ path, readers }: Open, from: number, to: number): Generator<TablePart> {
    for (let row = from; row < to; ) {
      let part: TablePart;
      try {
        // Memory has grown, where it has to, before what lies in it is looked at.
        const end = readers.reduce((least, reader) => Math.min(least, reader.bring(row)), Math.min(to, row + PART_ROWS));
        part = { rows: end - row, columns: readers.map((reader) => reader.slice(row, end - row)) };
      } catch (cause) {
        throw damaged(path, cause);
      }
      yield part;
      row += part.rows;
    }
  }

  #openFile(path: string): Open | Unread {
    if (this.#open?.path === path) return this.#open;
    if (this.#open?.head !== undefined) closeSync(this.#open.file);
    this.#open = undefined;
    const head = hasVectors() ? readParquetHead(path) : undefined;
    const places = this.#wishes.map(({ name }) => head?.columns.findIndex((c) => c.name === name) ?? -1);
    if (head === undefined || places.some((place, i) => place < 0 || !canRead(head.columns[place]!, this.#wishes[i]!)) || !isUsual(head, places)) return (this.#open = { path, head: undefined });
    const memory = (this.#memory ??= new PageMemory());
    return (this.#open = { path, head, places, file: openSync(path, "r"), readers: places.map((place, i) => new ColumnReader({ memory, column: head.columns[place]!, wish: this.#wishes[i]!, rows: PART_ROWS, damaged: (cause) => damaged(path, cause) })) });
  }
}

/** How values are stored and packed is known here. */
function isUsual({ groups }: ParquetHead, places: readonly number[]): boolean {
  return groups.every(({ chunks }) => places.every((place) => canUnpack(chunks[place]!.codec) && chunks[place]!.encodings.every((e) => ENCODINGS.has(e))));
}
