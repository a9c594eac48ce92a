// A block of CSV -> rows for the engine, straight from its bytes: no text is made of a number, and texts that repeat are made
// once. RFC 4180 with what files in the wild need: LF or CR LF, any delimiter of one byte, empty lines. What a field may say
// is what every other reader of CSV here says (runtime: checkNumber, checkString). Plain fields are read in WebAssembly
// (text/scan-csv.ts); a record that is not plain, or that something is wrong with, is read again here, field by field.

import { isUtf8 } from "node:buffer";
import { type Batch, checkNumber, checkString, DecimalReader, pickRows, type Plan, predictError, Problems, RepeatedTexts, type Slot } from "../../runtime/index.ts";
import { closingQuote } from "../input/split.ts";
import type { ByteSink } from "../output/byte-sink.ts";
import { CsvText } from "../text/csv-text.ts";
import { COLUMN, COLUMN_BYTES, LISTED_BYTES, STATE_BYTES } from "../text/scan-csv.ts";
import type { Layout } from "./columns.ts";
import { KnownTexts } from "./known-texts.ts";
import { rowOfBytes, type BadRow, type GoodRows, type RowAsItWas, type RowBlock } from "./row-block.ts";

const LF = 0x0a, CR = 0x0d, QUOTE = 0x22, SPACE = 0x20;
/** Rows of one engine call: what it reads and writes stays in the processor's cache. */
const PART_ROWS = 1024;

interface Column {
  readonly slot: Slot | undefined;
  /** Place among the kept columns, or -1. */
  readonly kept: number;
}

interface Scanned {
  readonly numbers: Float64Array;
  /** Texts' numbers. */
  readonly ids: Int32Array;
  readonly kept: Int32Array;
  readonly starts: Int32Array;
  readonly state: Int32Array;
}
function scannedIn({ memory, layout }: CsvText): Scanned {
  return {
    numbers: memory.doubles(layout.numbersAt, PART_ROWS * (layout.numbersWidth / 8)), ids: memory.ints(layout.idsAt, PART_ROWS * (layout.textsWidth / 4)),
    kept: memory.ints(layout.keptAt, PART_ROWS * (layout.keptWidth / 4)), starts: memory.ints(layout.startsAt, PART_ROWS + 1), state: memory.ints(layout.stateAt, STATE_BYTES / 4),
  };
}

export class CsvRows {
  readonly #plan: Plan;
  readonly #layout: Layout;
  readonly #delimiter: number;
  /** Of the output, where it is another one: a kept field that holds it has to be quoted there. */
  readonly #foreign: number | undefined;
  readonly #columns: readonly Column[];
  readonly #decimals = new DecimalReader();
  readonly #texts = new RepeatedTexts();
  readonly text: CsvText;
  readonly #known: KnownTexts;
  /** What a part is read into: the next one takes its place. */
  readonly #room: { readonly numbers: Float64Array; readonly strings: string[] };
  /** What the scan writes, in its memory. */
  #scanned: Scanned;
  /** The input, there too. */
  #bytes: Buffer = Buffer.alloc(0);
  #length = 0;
  #at = 0;
  /** Of the field that was read last: where its bytes are, quotes included. */
  #from = 0;
  #to = 0;

  constructor(plan: Plan, layout: Layout, delimiter: number, outputDelimiter: number = delimiter) {
    this.#plan = plan;
    this.#layout = layout;
    this.#delimiter = delimiter;
    this.#foreign = outputDelimiter === delimiter ? undefined : outputDelimiter;
    this.#room = { numbers: new Float64Array(PART_ROWS * plan.numbers), strings: new Array<string>(PART_ROWS * plan.strings).fill("") };
    this.#columns = layout.names.map((_, i) => ({ slot: layout.slots[i], kept: layout.kept.indexOf(i) }));
    this.text = new CsvText({ delimiter, columns: layout.names.length, numbers: plan.numbers, texts: plan.strings, kept: layout.kept.length, rows: PART_ROWS });
    this.#known = new KnownTexts(this.text, this.#columns);
    this.#scanned = scannedIn(this.text);
    this.#tellColumns();
  }

  /** What the scan is told of the columns. */
  #tellColumns(): void {
    const { memory, layout } = this.text;
    const told = memory.ints(layout.columnsAt, this.#columns.length * (COLUMN_BYTES / 4));
    this.#columns.forEach(({ slot, kept }, i) => {
      const kind = slot === undefined ? COLUMN.skip : slot.kind === "string" ? COLUMN.text : slot.column.missing === "refused" ? COLUMN.number : COLUMN.number | COLUMN.emptyIsNaN;
      told.set([kind, slot === undefined ? 0 : slot.place * (slot.kind === "string" ? 4 : 8), kept < 0 ? -1 : kept * 8, 0], i * (COLUMN_BYTES / 4));
    });
  }

  /** Memory that has grown is looked at anew. */
  #views(): Scanned {
    if (this.#scanned.state.length === 0) this.#scanned = scannedIn(this.text);
    return this.#scanned;
  }
  #input(): Buffer {
    if (this.#bytes.length === 0 && this.#length > 0) this.#bytes = this.text.memory.bytes.subarray(this.text.inputAt, this.text.inputAt + this.#length);
    return this.#bytes;
  }

  /** `bytes`: whole records, without a header. */
  read(bytes: Uint8Array): RowBlock {
    return this.readInto(bytes.length, (room) => room.set(bytes));
  }

  /** The same of so many bytes, which `fill` writes. */
  readInto(length: number, fill: (room: Buffer) => void): RowBlock {
    this.#bytes = this.text.input(length);
    this.#length = length;
    fill(this.#bytes);
    const block: RowBlock = { rows: 0, bad: [], parts: this.#parts(() => block) };
    return block;
  }

  *#parts(block: () => RowBlock): Generator<GoodRows> {
    this.#at = 0;
    const utf8 = isUtf8(this.#bytes);
    const found = block();
    while (this.#at < this.#length) {
      const part = this.#part(found.rows, utf8, found.bad);
      found.rows += part.records;
      if (part.good !== undefined) yield part.good;
    }
  }

  #part(firstRow: number, utf8: boolean, bad: BadRow[]): { records: number; good: GoodRows | undefined } {
    const { numbers: width, strings: textWidth, slots } = this.#plan;
    const { numbers, strings } = this.#room;
    const { starts, numbers: read } = this.#views();
    const problems = new Problems();
    const wrong = new Map<number, string>();
    const row = this.#scan(utf8, problems, wrong);
    if (row === 0) return { records: 0, good: undefined };
    if (slots.length === 0) throw predictError("request-shape", "the model takes no column");
    numbers.set(row === PART_ROWS ? read : read.subarray(0, row * width));
    const all: Batch = { rows: row, numbers: numbers.subarray(0, row * width), strings: row === PART_ROWS ? strings : strings.slice(0, row * textWidth) };
    const places = starts.slice(0, row + 1);
    const asItWas = (i: number): RowAsItWas => {
      const bytes = this.#input();
      let end = places[i + 1]!;
      // Its line end, and empty lines behind it.
      while (end > places[i]! && (bytes[end - 1] === LF || bytes[end - 1] === CR)) end--;
      return rowOfBytes(bytes.subarray(places[i]!, end));
    };
    const good: number[] = [];
    const some = wrong.size + problems.rows.size > 0;
    if (some) {
      for (let i = 0; i < row; i++) {
        const fault = wrong.get(i);
        const problem = problems.rows.get(i);
        if (fault === undefined && problem === undefined) good.push(i);
        else bad.push({ row: firstRow + i, column: fault === undefined ? problem!.column : null, reason: fault ?? `expected ${problem!.expected}, found ${problem!.found}`, ...asItWas(i) });
      }
      if (good.length === 0) return { records: row, good: undefined };
    }
    const rowOf = new Int32Array(some ? good.length : row);
    for (let i = 0; i < rowOf.length; i++) rowOf[i] = firstRow + (some ? good[i]! : i);
    const keptCount = this.#layout.kept.length;
    /** Where a kept field's bytes are. */
    const place = (i: number, column: number): readonly [from: number, to: number] => {
      const { kept } = this.#views();
      const at = ((some ? good[i]! : i) * keptCount + column) * 2;
      return [kept[at]!, kept[at + 1]!];
    };
    return {
      records: row,
      good: {
        batch: some ? pickRows(all, good, this.#plan) : all, rowOf,
        asItWas: (i) => asItWas(some ? good[i]! : i),
        keptCsv: (sink: ByteSink, i: number, column: number) => {
          const [from, to] = place(i, column);
          const quote = this.#foreign !== undefined && this.#input()[from] !== QUOTE && this.#input().subarray(from, to).includes(this.#foreign);
          // Memory that grows moves; then it is looked for again.
          sink.ensure(to - from + 2);
          if (quote) sink.byte(QUOTE);
          sink.copy(this.#input(), from, to);
          if (quote) sink.byte(QUOTE);
        },
        keptValue: (i: number, column: number) => {
          const [from, to] = place(i, column);
          const bytes = this.#input();
          return from === to ? null : bytes[from] === QUOTE ? bytes.toString("utf8", from + 1, to - 1).replaceAll('""', '"') : bytes.toString("utf8", from, to);
        },
        ...(this.#foreign === undefined ? { scanned: { text: this.text, firstRow, bytes: places[row]! - places[0]! } } : {}),
      },
    };
  }

  /** Reads the rows of a part, as far as they go; gives how many there are. */
  #scan(utf8: boolean, problems: Problems, wrong: Map<number, string>): number {
    const { text } = this;
    const { inputAt, layout } = text;
    const bytes = this.#input();
    const { starts, ids, state } = this.#views();
    this.#known.renew(state);
    state[1] = layout.listedAt;
    let row = 0;
    const suspect = new Set<number>();
    while (row < PART_ROWS && this.#at < bytes.length) {
      // Bytes that are not UTF-8 are looked for record by record.
      if (utf8) {
        row = text.scan(inputAt, inputAt + this.#at, inputAt + bytes.length, row, PART_ROWS);
        this.#at = Math.min(state[0]!, bytes.length);
        if (state[3] === 0) break;
      }
      const start = this.#at;
      const c = bytes[start]!;
      // Empty lines are passed over.
      if (c === LF || (c === CR && bytes[start + 1] === LF)) {
        this.#at = start + (c === LF ? 1 : 2);
        continue;
      }
      starts[row] = start;
      ids.fill(-1, row * this.#plan.strings, (row + 1) * this.#plan.strings);
      this.#record(row, start, utf8, problems, wrong);
      row++;
    }
    starts[row] = this.#at;
    this.#known.place(this.#room.strings, ids, row, this.#plan.strings, (i) => suspect.add(i));
    this.#readListed(state, suspect);
    this.#check(row, suspect);
    // As a whole, so that its first fault is told.
    const at = this.#at;
    for (const i of [...suspect].sort((a, b) => a - b)) if (!wrong.has(i)) this.#record(i, starts[i]!, utf8, problems, wrong);
    this.#at = at;
    return row;
  }

  /** Fields that the scan left. */
  #readListed(state: Int32Array, suspect: Set<number>): void {
    const { memory, layout } = this.text;
    const listed = memory.ints(layout.listedAt, (state[1]! - layout.listedAt) / 4);
    const problems = new Problems();
    const { numbers } = this.#views();
    const at = this.#at;
    for (let i = 0; i < listed.length; i += LISTED_BYTES / 4) {
      const row = listed[i]!;
      const slot = this.#columns[(listed[i + 1]! - layout.columnsAt) / COLUMN_BYTES]!.slot!;
      this.#at = listed[i + 2]!;
      this.#put(slot, this.#field() ?? null, row, numbers, problems);
    }
    this.#at = at;
    for (const row of problems.rows.keys()) suspect.add(row);
  }
  /** A field's value in its place. */
  #put(slot: Slot, value: null | true | string, row: number, numbers: Float64Array, problems: Problems): void {
    const given = value === null ? null : this.#textOf(value);
    if (slot.kind === "number") numbers[row * this.#plan.numbers + slot.place] = checkNumber(slot, given, row, "csv", problems);
    else this.#room.strings[row * this.#plan.strings + slot.place] = checkString(slot, given, row, "csv", problems);
  }

  /** What numbers may be, and columns that are not there. */
  #check(rows: number, suspect: Set<number>): void {
    const { numbers } = this.#views();
    const { numbers: width, slots } = this.#plan;
    const problems = new Problems();
    for (const slot of slots) {
      if (slot.kind !== "number" || slot.plain) continue;
      for (let row = 0, i = slot.place; row < rows; row++, i += width) {
        const value = numbers[i]!;
        if (value === value) checkNumber(slot, value, row, "csv", problems);
      }
    }
    for (const slot of this.#layout.absent) for (let row = 0; row < rows; row++) this.#put(slot, null, row, numbers, problems);
    for (const row of problems.rows.keys()) suspect.add(row);
  }

  /** A record by itself. */
  #record(row: number, start: number, utf8: boolean, problems: Problems, wrong: Map<number, string>): void {
    const bytes = this.#input();
    const { numbers, kept } = this.#views();
    const keptCount = this.#layout.kept.length;
    const columns = this.#columns;
    this.#at = start;
    let fault: string | undefined;
    let field = 0;
    for (let more = true; more; field++) {
      const column = columns[field];
      const slot = column?.slot;
      if (slot?.kind === "number" && this.#plainNumber(slot, numbers, row * this.#plan.numbers + slot.place, row, problems)) {
        // It is in its place.
      } else {
        const value = this.#field();
        if (value === undefined) {
          fault = "a quoted field is not closed, or text follows its closing quote; quotes inside a field are written twice";
          break;
        }
        if (slot !== undefined) this.#put(slot, value, row, numbers, problems);
      }
      if (column !== undefined && column.kept >= 0) {
        kept[(row * keptCount + column.kept) * 2] = this.#from;
        kept[(row * keptCount + column.kept) * 2 + 1] = this.#to;
      }
      more = this.#separator();
    }
    if (fault !== undefined) {
      const end = bytes.indexOf(LF, start);
      this.#at = end < 0 ? bytes.length : end + 1;
    } else if (field !== columns.length) fault = `${field} fields, where the first line has ${columns.length}`;
    else if (!utf8 && !isUtf8(bytes.subarray(start, this.#at))) fault = "bytes that are not UTF-8";
    if (fault !== undefined) wrong.set(row, fault);
    else for (const slot of this.#layout.absent) this.#put(slot, null, row, numbers, problems);
  }

  /** A number as most are written, read and put in its place; false, and nothing is moved, where it is another. */
  #plainNumber(slot: Slot, numbers: Float64Array, place: number, row: number, problems: Problems): boolean {
    const bytes = this.#bytes;
    const from = this.#at;
    const value = this.#decimals.read(bytes, from);
    if (value !== value) return false;
    const { end } = this.#decimals;
    const c = bytes[end];
    if (c !== this.#delimiter && c !== LF && c !== undefined && !(c === CR && bytes[end + 1] === LF)) return false;
    numbers[place] = slot.plain ? value : checkNumber(slot, value, row, "csv", problems);
    this.#from = from;
    this.#to = this.#at = end;
    return true;
  }

  /** The next field's kind: null empty, a place in the bytes, or a text of its own; undefined: it is broken. */
  #field(): null | true | string | undefined {
    const bytes = this.#bytes;
    const from = (this.#from = this.#at);
    let at = from;
    if (bytes[at] === QUOTE) {
      const close = closingQuote(bytes, at + 1);
      if (close < 0) return undefined;
      at = close + 1;
      while (bytes[at] === SPACE) at++;
      const c = bytes[at];
      if (at < bytes.length && c !== this.#delimiter && c !== LF && c !== CR) return undefined;
      this.#to = close + 1;
      this.#at = at;
      const text = bytes.toString("utf8", from + 1, close);
      return text.includes('"') ? text.replaceAll('""', '"') : text;
    }
    const delimiter = this.#delimiter;
    const { length } = bytes;
    let quotes = false;
    for (; at < length; at++) {
      const c = bytes[at]!;
      if (c === delimiter || c === LF) break;
      if (c === QUOTE) quotes = true;
    }
    this.#at = at;
    if (at > from && bytes[at - 1] === CR && bytes[at] !== delimiter) at--;
    this.#to = at;
    if (at === from) return null;
    return quotes ? undefined : true;
  }

  #textOf(value: true | string): string {
    return value === true ? this.#texts.of(this.#bytes, this.#from, this.#to) : value;
  }

  /** Behind what ends a field: whether another one of the record follows. */
  #separator(): boolean {
    const c = this.#bytes[this.#at];
    if (c === this.#delimiter) {
      this.#at++;
      return true;
    }
    if (c === CR) this.#at++;
    this.#at++;
    return false;
  }
}
