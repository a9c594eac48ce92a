// A column of a Parquet file, page by page and of a page some rows at a time: values PLAIN or as places in a dictionary, missing
// ones by their levels (https://parquet.apache.org/docs/file-format/data-pages/encodings/). Doubles that stand as they are needed are not copied.

import { isUtf8 } from "node:buffer";
import type { CompressionCodec } from "hyparquet";
import { RepeatedTexts } from "../../runtime/index.ts";
import type { ColumnWish, TableColumn, TextDictionary } from "../rows/table-store.ts";
import type { HeadColumn, Stored } from "./head.ts";
import { Area, type PageMemory } from "./page-memory.ts";
import { ENCODING, type Chunk, type Page } from "./pages.ts";
import { RunReader } from "./runs.ts";

type Numbers = Float64Array | BigInt64Array;
/** Of a value that is stored as it is. */
const BYTES: Readonly<Record<Exclude<Stored, "boolean" | "text">, number>> = { int32: 4, uint32: 4, float: 4, int64: 8, uint64: 8, double: 8 };

export function canRead({ stored }: HeadColumn, { as }: ColumnWish): boolean {
  switch (as) {
    case "double": return stored !== undefined && stored !== "text";
    case "int64": return stored === "int64" || stored === "int32" || stored === "uint32";
    case "text": return stored === "text";
    case "value": return stored === "boolean";
  }
}

export interface ReaderOptions {
  readonly memory: PageMemory;
  readonly column: HeadColumn;
  readonly wish: ColumnWish;
  /** Of a slice, at most. */
  readonly rows: number;
  /** An error that is told of later than when the rows are read. */
  readonly damaged: (error: unknown) => Error;
}

export class ColumnReader {
  readonly #memory: PageMemory;
  readonly #stored: Stored;
  readonly #optional: boolean;
  readonly #wish: ColumnWish;
  readonly #damaged: (error: unknown) => Error;
  readonly #area: Area;
  readonly #texts = new RepeatedTexts();
  #file = 0;
  #codec: CompressionCodec = "UNCOMPRESSED";
  #chunk: Chunk = { dictionary: undefined, pages: [] };
  #dictionary: Numbers | TextDictionary | undefined;
  #next = 0;
  /** The page that is in memory; where its values begin and end there, and how many of its rows and of its values were read. */
  #page: Page | undefined;
  #from = 0;
  #end = 0;
  #rows = 0;
  #values = 0;
  #pageTexts: TextDictionary | undefined;
  readonly #levels = new RunReader();
  /** Places in the dictionary, or truth values. */
  readonly #runs = new RunReader();
  /** Of a slice. */
  readonly #valid: Uint8Array;
  readonly #codes: Int32Array;
  readonly #numbers: Numbers;

  constructor({ memory, column: { stored, optional }, wish, rows, damaged }: ReaderOptions) {
    [this.#memory, this.#stored, this.#optional, this.#wish, this.#damaged] = [memory, stored!, optional, wish, damaged];
    this.#area = new Area(memory);
    this.#valid = new Uint8Array(rows);
    this.#codes = new Int32Array(rows);
    this.#numbers = wish.as === "int64" ? new BigInt64Array(rows) : new Float64Array(wish.as === "text" ? 0 : rows);
  }

  /** A group of rows. */
  begin(file: number, codec: CompressionCodec, chunk: Chunk): void {
    [this.#file, this.#codec, this.#chunk] = [file, codec, chunk];
    this.#dictionary = this.#page = undefined;
    this.#next = 0;
  }
  /** Brings the page of this row of the group, and of no row before the last one that was asked for; gives the row behind its last. @throws Error where it is damaged */
  bring(row: number): number {
    while (this.#page === undefined || row >= this.#page.first + this.#page.values) {
      const page = this.#chunk.pages[this.#next++];
      if (page === undefined) throw new Error("a column has fewer rows than it says");
      if (row < page.first + page.values) this.#load(page);
    }
    return this.#page.first + this.#page.values;
  }

  #load(page: Page): void {
    const { unpacked, encoding, values } = page;
    const coded = encoding === ENCODING.dictionary || encoding === ENCODING.plainDictionary;
    if (coded) this.#dictionary ??= this.#readDictionary();
    let at = this.#memory.unpack(this.#file, page, this.#codec, this.#area);
    const { bytes } = this.#memory;
    const end = at + unpacked;
    if (this.#optional) {
      if (page.levels === undefined) at += 4;
      const length = page.levels ?? (unpacked < 4 ? 0 : bytes.readUInt32LE(at - 4));
      if (length > end - at) throw new Error("a page's levels are longer than it is");
      this.#levels.begin(at, at + length, 1);
      at += length;
    } else if (page.levels !== undefined) at += page.levels;
    if (coded) this.#runs.begin(at + 1, end, at < end ? bytes[at]! : 0);
    else if (this.#stored === "boolean" && encoding === ENCODING.rle) this.#runs.begin(at + 4, end, 1);
    else if (encoding !== ENCODING.plain) throw new Error(`values in the encoding ${encoding}`);
    else if (this.#stored === "text") this.#pageTexts = this.#textsAt(at, end, values, true);
    else if (this.#stored !== "boolean") {
      // Where a typed array can begin; the levels before them are read later.
      const more = -at & (BYTES[this.#stored] - 1);
      if (more !== 0) bytes.copyWithin(at + more, at, end);
      [this.#from, this.#end] = [at + more, end + more];
    }
    if (coded || this.#stored === "boolean") [this.#from, this.#end] = [at, end];
    [this.#page, this.#rows, this.#values] = [page, 0, 0];
  }

  #readDictionary(): Numbers | TextDictionary {
    const page = this.#chunk.dictionary;
    if (page === undefined) throw new Error("a dictionary is missing");
    const from = this.#memory.unpack(this.#file, page, this.#codec, this.#area);
    const end = from + page.unpacked;
    if (this.#stored === "boolean") throw new Error("truth values with a dictionary");
    if (this.#stored === "text") return this.#textsAt(from, end, page.values, false);
    if (page.values * BYTES[this.#stored] > end - from) throw new Error("a dictionary has fewer values than it says");
    const own = this.#wish.as === "int64" ? new BigInt64Array(page.values) : new Float64Array(page.values);
    this.#convert(this.#stored, from, page.values, own);
    return own;
  }
  /** What is stored, as it is wished for. */
  #convert(stored: keyof typeof BYTES, at: number, count: number, out: Numbers): void {
    const { buffer } = this.#memory.memory;
    const given = ((): Int32Array | Uint32Array | Float32Array | Float64Array | BigInt64Array | BigUint64Array => {
      switch (stored) {
        case "int32": return new Int32Array(buffer, at, count);
        case "uint32": return new Uint32Array(buffer, at, count);
        case "float": return new Float32Array(buffer, at, count);
        case "int64": return new BigInt64Array(buffer, at, count);
        case "uint64": return new BigUint64Array(buffer, at, count);
        case "double": return new Float64Array(buffer, at, count);
      }
    })();
    const big = given instanceof BigInt64Array || given instanceof BigUint64Array;
    if (out instanceof BigInt64Array) {
      if (big) out.set(given);
      else for (let i = 0; i < count; i++) out[i] = BigInt(given[i]!);
    } else if (big) for (let i = 0; i < count; i++) out[i] = Number(given[i]!);
    else out.set(given);
  }

  /** Texts one after the other, each behind its length. `some`: there may be fewer. */
  #textsAt(from: number, end: number, count: number, some: boolean): TextDictionary {
    const own = Buffer.from(this.#memory.bytes.subarray(from, end));
    const starts = new Int32Array(Math.min(count, own.length >> 2) + 1);
    let size = 0;
    let at = 0;
    for (; size < starts.length - 1 && at < own.length; size++) {
      const length = at + 4 > own.length ? Infinity : own.readUInt32LE(at);
      if (length > own.length - at - 4) throw new Error("a text is longer than its page");
      starts[size] = at + 4;
      at += 4 + length;
    }
    if (size < count && !some) throw new Error("a dictionary has fewer texts than it says");
    starts[size] = at + 4;
    return {
      size,
      text: (code) => {
        const [start, behind] = [starts[code]!, starts[code + 1]! - 4];
        const text = this.#texts.of(own, start, behind);
        if (text.includes("\ufffd") && !isUtf8(own.subarray(start, behind))) throw this.#damaged(new Error("a text that is not UTF-8"));
        return text;
      },
    };
  }

  /** The next rows of the page that was brought; those before `row` are passed over. Good until the next ones are asked for. @throws Error where they are damaged */
  slice(row: number, count: number): TableColumn {
    for (const first = row - this.#page!.first; this.#rows < first; ) this.#read(Math.min(first - this.#rows, this.#valid.length));
    const { as } = this.#wish;
    const { complete, direct } = this.#read(count);
    const valid = this.#valid;
    const isValid = complete ? always : (i: number): boolean => valid[i] === 1;
    if (as === "text") {
      const codes = this.#codes.subarray(0, count);
      const dictionary = this.#pageTexts!;
      const text = (i: number): string | null => (isValid(i) ? dictionary.text(codes[i]!) : null);
      return { numbers: undefined, complete, codes, dictionary, isValid, value: text, text };
    }
    const numbers = direct ?? this.#numbers.subarray(0, count);
    return {
      numbers: as === "double" ? numbers as Float64Array : undefined, wholeNumbers: as === "int64" ? numbers as BigInt64Array : undefined,
      complete, isValid,
      value: (i) => (!isValid(i) ? null : as === "value" ? numbers[i] === 1 : numbers[i]),
      text: (i) => (isValid(i) ? String(numbers[i]) : null),
    };
  }

  /** `direct`: the values where they lie, which are not copied then. */
  #read(count: number): { readonly complete: boolean; readonly direct?: Numbers } {
    const { bytes } = this.#memory;
    const valid = this.#valid;
    let present = count;
    if (this.#optional) {
      const same = this.#levels.same(bytes, count);
      if (same === undefined) present = this.#readLevels(bytes, count);
      else if (same === 0) {
        valid.fill(0, 0, count);
        present = 0;
      }
    }
    this.#rows += count;
    const complete = present === count;
    const first = this.#values;
    this.#values += present;
    const codes = this.#codes;
    const stored = this.#stored;
    const { encoding } = this.#page!;
    if (stored === "text") {
      if (encoding === ENCODING.plain) {
        if (first + present > this.#pageTexts!.size) throw new Error("a page has fewer texts than it says");
        for (let i = 0; i < present; i++) codes[i] = first + i;
      } else {
        this.#pageTexts = this.#dictionary as TextDictionary;
        this.#readCodes(bytes, present, this.#pageTexts.size);
      }
      if (!complete) spread(codes, valid, count, present);
      return { complete };
    }
    const numbers = this.#numbers;
    if (stored === "boolean") {
      if (encoding === ENCODING.rle) this.#runs.read(bytes, codes, present);
      else if (first + present > (this.#end - this.#from) * 8) throw new Error("a page has fewer values than it says");
      else for (let i = 0, bit = first; i < present; i++, bit++) codes[i] = (bytes[this.#from + (bit >> 3)]! >> (bit & 7)) & 1;
      for (let i = 0; i < present; i++) numbers[i] = codes[i]!;
    } else if (encoding === ENCODING.plain) {
      const size = BYTES[stored];
      const at = this.#from + first * size;
      if (at + present * size > this.#end) throw new Error("a page has fewer values than it says");
      const { buffer } = this.#memory.memory;
      if (complete && stored === "double") return { complete, direct: new Float64Array(buffer, at, count) };
      if (complete && stored === "int64" && this.#wish.as === "int64") return { complete, direct: new BigInt64Array(buffer, at, count) };
      this.#convert(stored, at, present, numbers);
    } else {
      const dictionary = this.#dictionary as Float64Array;
      this.#readCodes(bytes, present, dictionary.length);
      for (let i = 0; i < present; i++) (numbers as Float64Array)[i] = dictionary[codes[i]!]!;
    }
    if (!complete) spread(numbers, valid, count, present);
    return { complete };
  }
  /** Which rows have a value; gives how many. */
  #readLevels(bytes: Uint8Array, count: number): number {
    const valid = this.#valid;
    this.#levels.read(bytes, valid, count);
    let present = 0;
    for (let i = 0; i < count; i++) present += valid[i]!;
    return present;
  }
  #readCodes(bytes: Uint8Array, count: number, size: number): void {
    const codes = this.#codes;
    if (count > 0) this.#runs.read(bytes, codes, count);
    for (let i = 0; i < count; i++) if (codes[i]! >= size) throw new Error("a place beyond the dictionary");
  }
}

/** The first values, which are those of valid rows, each in its row's place. */
function spread(values: Numbers | Int32Array, valid: Uint8Array, count: number, present: number): void {
  const own = values as Float64Array;
  for (let i = count - 1, n = present; i >= 0; i--) if (valid[i] === 1) own[i] = own[--n]!;
}

const always = (): boolean => true;
