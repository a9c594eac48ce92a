// A block of CSV -> rows for the engine, straight from its bytes: no text is made of a number, and texts that repeat are made
// once. RFC 4180 with what files in the wild need: LF or CR LF, any delimiter of one byte, empty lines. What a field may say
// is what every other reader of CSV here says (runtime: checkNumber, checkString).

import { isUtf8 } from "node:buffer";
import { type Batch, checkNumber, checkString, DecimalReader, pickRows, type Plan, predictError, Problems, RepeatedTexts, type Slot } from "../../runtime/index.ts";
import { closingQuote } from "../input/split.ts";
import type { ByteSink } from "../output/byte-sink.ts";
import type { Layout } from "./columns.ts";
import { rowOfBytes, type BadRow, type GoodRows, type RowAsItWas, type RowBlock } from "./row-block.ts";

const LF = 0x0a, CR = 0x0d, QUOTE = 0x22, SPACE = 0x20;
/** Rows of one engine call: what it reads and writes stays in the processor's cache. */
const PART_ROWS = 1024;

interface Column {
  readonly slot: Slot | undefined;
  /** Place among the kept columns, or -1. */
  readonly kept: number;
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
  /** What a part is read into: the next one takes its place. */
  readonly #room: { readonly numbers: Float64Array; readonly strings: string[]; readonly kept: Int32Array; readonly starts: Int32Array };
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  /** Of the field that was read last: where its bytes are, quotes included. */
  #from = 0;
  #to = 0;

  constructor(plan: Plan, layout: Layout, delimiter: number, outputDelimiter: number = delimiter) {
    this.#plan = plan;
    this.#layout = layout;
    this.#delimiter = delimiter;
    this.#foreign = outputDelimiter === delimiter ? undefined : outputDelimiter;
    this.#room = { numbers: new Float64Array(PART_ROWS * plan.numbers), strings: new Array<string>(PART_ROWS * plan.strings).fill(""), kept: new Int32Array(PART_ROWS * layout.kept.length * 2), starts: new Int32Array(PART_ROWS + 1) };
    this.#columns = layout.names.map((_, i) => ({ slot: layout.slots[i], kept: layout.kept.indexOf(i) }));
  }

  /** `bytes`: whole records, without a header. */
  read(bytes: Buffer): RowBlock {
    const block: RowBlock = { rows: 0, bad: [], parts: this.#parts(bytes, () => block) };
    return block;
  }

  *#parts(bytes: Buffer, block: () => RowBlock): Generator<GoodRows> {
    this.#bytes = bytes;
    this.#at = 0;
    const utf8 = isUtf8(bytes);
    const found = block();
    while (this.#at < bytes.length) {
      const part = this.#part(found.rows, utf8, found.bad);
      found.rows += part.records;
      if (part.good !== undefined) yield part.good;
    }
  }

  #part(firstRow: number, utf8: boolean, bad: BadRow[]): { records: number; good: GoodRows | undefined } {
    const bytes = this.#bytes;
    const { numbers: width, strings: textWidth, slots } = this.#plan;
    const keptCount = this.#layout.kept.length;
    const { numbers, strings, kept, starts } = this.#room;
    const problems = new Problems();
    const { absent } = this.#layout;
    const columns = this.#columns;
    const wrong = new Map<number, string>();
    let row = 0;
    while (row < PART_ROWS && this.#at < bytes.length) {
      const start = this.#at;
      const c = bytes[start]!;
      // Empty lines are passed over.
      if (c === LF || (c === CR && bytes[start + 1] === LF)) {
        this.#at = start + (c === LF ? 1 : 2);
        continue;
      }
      starts[row] = start;
      let fault: string | undefined;
      let field = 0;
      for (let more = true; more; field++) {
        const column = columns[field];
        const slot = column?.slot;
        if (slot?.kind === "number" && this.#plainNumber(slot, numbers, row * width + slot.place, row, problems)) {
          // It is in its place.
        } else {
          const value = this.#field();
          if (value === undefined) {
            fault = "a quoted field is not closed, or text follows its closing quote; quotes inside a field are written twice";
            break;
          }
          if (slot?.kind === "number") numbers[row * width + slot.place] = checkNumber(slot, value === null ? null : this.#textOf(value), row, "csv", problems);
          else if (slot !== undefined) strings[row * textWidth + slot.place] = checkString(slot, value === null ? null : this.#textOf(value), row, "csv", problems);
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
      else for (const slot of absent) {
        if (slot.kind === "number") numbers[row * width + slot.place] = checkNumber(slot, null, row, "csv", problems);
        else strings[row * textWidth + slot.place] = checkString(slot, null, row, "csv", problems);
      }
      row++;
    }
    starts[row] = this.#at;
    if (row === 0) return { records: 0, good: undefined };
    const all: Batch = { rows: row, numbers: numbers.subarray(0, row * width), strings: row === PART_ROWS ? strings : strings.slice(0, row * textWidth) };
    if (slots.length === 0) throw predictError("request-shape", "the model takes no column");
    const asItWas = (i: number): RowAsItWas => {
      let end = starts[i + 1]!;
      // Its line end, and empty lines behind it.
      while (end > starts[i]! && (bytes[end - 1] === LF || bytes[end - 1] === CR)) end--;
      return rowOfBytes(bytes.subarray(starts[i]!, end));
    };
    const good: number[] = [];
    if (wrong.size + problems.rows.size > 0) {
      for (let i = 0; i < row; i++) {
        const fault = wrong.get(i);
        const problem = problems.rows.get(i);
        if (fault === undefined && problem === undefined) good.push(i);
        else bad.push({ row: firstRow + i, column: fault === undefined ? problem!.column : null, reason: fault ?? `expected ${problem!.expected}, found ${problem!.found}`, ...asItWas(i) });
      }
      if (good.length === 0) return { records: row, good: undefined };
    }
    const some = wrong.size + problems.rows.size > 0;
    const rowOf = some ? Int32Array.from(good, (i) => firstRow + i) : Int32Array.from({ length: row }, (_, i) => firstRow + i);
    /** Of a kept field: where its bytes begin; they end at the next entry. */
    const place = (i: number, column: number): number => ((some ? good[i]! : i) * keptCount + column) * 2;
    return {
      records: row,
      good: {
        batch: some ? pickRows(all, good, this.#plan) : all, rowOf,
        asItWas: (i) => asItWas(some ? good[i]! : i),
        keptCsv: (sink: ByteSink, i: number, column: number) => {
          const at = place(i, column);
          const [from, to] = [kept[at]!, kept[at + 1]!];
          const quote = this.#foreign !== undefined && bytes[from] !== QUOTE && bytes.subarray(from, to).includes(this.#foreign);
          if (quote) sink.byte(QUOTE);
          sink.copy(bytes, from, to);
          if (quote) sink.byte(QUOTE);
        },
        keptValue: (i: number, column: number) => {
          const at = place(i, column);
          const [from, to] = [kept[at]!, kept[at + 1]!];
          return from === to ? null : bytes[from] === QUOTE ? bytes.toString("utf8", from + 1, to - 1).replaceAll('""', '"') : bytes.toString("utf8", from, to);
        },
      },
    };
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
