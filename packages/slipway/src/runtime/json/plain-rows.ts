// Rows in JSON as programs write them (a list of objects with every column, always in one order, or of lists of values) read
// from their bytes into a batch, without an object for each row. Each value is checked as every other reader's is.
// RFC 8259, in ASCII. Whatever is not plain, and every row that is to be refused, is left to the reader that explains it.

import { type Batch, checkNumber, checkString, type Plan, Problems, type Slot } from "@slipway/core/predict";
import { DecimalReader } from "../decimal.ts";
import { NumberRows } from "./number-rows.ts";
import { LONGEST_REPEATED, RepeatedTexts } from "../repeated-texts.ts";

/** Times that a new order of columns is looked for. */
const MOST_ORDERS = 8;
const MAX_CELLS = 2 ** 28;

const OPEN_LIST = 0x5b, CLOSE_LIST = 0x5d, OPEN = 0x7b, CLOSE = 0x7d, COMMA = 0x2c, COLON = 0x3a, QUOTE = 0x22, BACKSLASH = 0x5c, MINUS = 0x2d, ZERO = 0x30, NINE = 0x39;

/** What a record's field looks like: its name in quotes. */
interface Field {
  /** Undefined: the model does not use this column. */
  readonly slot: Slot | undefined;
  readonly name: Uint8Array;
}

export class PlainRows {
  readonly #plan: Plan;
  readonly #width: number;
  readonly #textWidth: number;
  /** Of lists of values: all columns in the signature's order. */
  readonly #positions: readonly (Slot | undefined)[];
  /** Of texts that stand alone. */
  readonly #only: Slot | undefined;
  /** Of lists of nothing but numbers, where those columns are all and any number will do. */
  readonly #lists: NumberRows | undefined;
  #order: readonly Field[];
  #orders = 0;
  readonly #decimals = new DecimalReader();
  readonly #texts = new RepeatedTexts();

  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #row = 0;
  #numbers: Float64Array = new Float64Array(0);
  #strings: string[] = [];
  #problems: Problems = new Problems();

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#width = plan.numbers;
    this.#textWidth = plan.strings;
    const slots = new Map(plan.slots.map((slot) => [slot.name, slot]));
    this.#positions = plan.signature.columns.map((column) => slots.get(column.name));
    this.#only = plan.slots.length === 1 && plan.slots[0]!.kind === "string" && plan.signature.layout !== "matrix" ? plan.slots[0] : undefined;
    const numbers = plan.strings === 0 && this.#positions.every((slot, i) => slot?.kind === "number" && slot.plain && slot.place === i);
    this.#lists = numbers && this.#width > 0 ? NumberRows.of([this.#width], false) : undefined;
    this.#order = plan.signature.columns.map(({ name }) => fieldOf(name, slots.get(name)));
  }

  /** Undefined: to be read another way. */
  read(bytes: Uint8Array): Batch | undefined {
    if (this.#plan.signature.layout === "tensors" || this.#plan.slots.length === 0) return undefined;
    this.#bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    try {
      const lists = this.#lists?.read(this.#bytes);
      if (lists !== undefined) return { rows: lists.rows, numbers: lists.data as Float64Array, strings: [] };
      const batch = this.#list();
      return batch !== undefined && this.#problems.count === 0 ? batch : undefined;
    } finally {
      this.#bytes = NOTHING;
      this.#numbers = NO_NUMBERS;
      this.#strings = [];
      if (this.#problems.count > 0) this.#problems = new Problems();
    }
  }

  /** The next byte that is no white space. */
  #next(): number | undefined {
    const bytes = this.#bytes;
    let c = bytes[this.#at];
    while (c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09) c = bytes[++this.#at];
    return c;
  }

  #list(): Batch | undefined {
    this.#at = 0;
    if (this.#next() !== OPEN_LIST) return undefined;
    this.#at++;
    const first = this.#next();
    if (first !== OPEN && first !== OPEN_LIST && (first !== QUOTE || this.#only === undefined)) return undefined;
    this.#numbers = new Float64Array(this.#width);
    this.#strings = this.#textWidth === 0 ? [] : new Array<string>(this.#textWidth);
    const start = this.#at;
    for (this.#row = 0; ; this.#row++) {
      if (this.#row * this.#width >= this.#numbers.length && this.#row > 0) this.#grow(start);
      if (!(first === OPEN ? this.#record() : first === OPEN_LIST ? this.#values() : this.#value(this.#only)) || this.#problems.count > 0) return undefined;
      const after = this.#next();
      this.#at++;
      if (after === CLOSE_LIST) break;
      if (after !== COMMA) return undefined;
      if (this.#next() !== first) return undefined;
    }
    if (this.#next() !== undefined) return undefined;
    const rows = this.#row + 1;
    if (rows * (this.#width + this.#textWidth) > MAX_CELLS) return undefined;
    const cells = rows * this.#width;
    return { rows, numbers: this.#numbers.length === cells ? this.#numbers : this.#numbers.subarray(0, cells), strings: this.#strings };
  }

  /** For as many rows as there will be if they are as long as those so far, and some more. */
  #grow(start: number): void {
    const expected = Math.ceil((this.#bytes.length - start) / ((this.#at - start) / this.#row) * 1.1) + 1;
    const more = new Float64Array(Math.max(this.#row + 1, Math.min(expected, this.#row * 64)) * this.#width);
    more.set(this.#numbers);
    this.#numbers = more;
  }

  #record(): boolean {
    const start = this.#at;
    if (this.#fields()) return true;
    if (this.#row > 0 || this.#problems.count > 0 || !this.#learn(start)) return false;
    this.#at = start;
    return this.#fields();
  }

  #fields(): boolean {
    const bytes = this.#bytes;
    const order = this.#order;
    let at = this.#at + 1;
    for (let i = 0; i < order.length; i++) {
      const { slot, name } = order[i]!;
      let c = bytes[at];
      while (c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09) c = bytes[++at];
      for (let k = 0; k < name.length; k++) if (bytes[at + k] !== name[k]) return false;
      at += name.length;
      c = bytes[at];
      while (c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09) c = bytes[++at];
      if (c !== COLON) return false;
      this.#at = at + 1;
      if (!this.#value(slot)) return false;
      c = this.#next();
      if (c !== (i === order.length - 1 ? CLOSE : COMMA)) return false;
      at = ++this.#at;
    }
    return true;
  }

  #values(): boolean {
    const slots = this.#positions;
    this.#at++;
    for (let i = 0; i < slots.length; i++) {
      if (!this.#value(slots[i])) return false;
      if (this.#next() !== (i === slots.length - 1 ? CLOSE_LIST : COMMA)) return false;
      this.#at++;
    }
    return true;
  }

  /** One value, into its place. */
  #value(slot: Slot | undefined): boolean {
    const c = this.#next();
    if (slot?.kind !== "string" && (c === MINUS || (c !== undefined && c >= ZERO && c <= NINE))) return this.#number(slot);
    const value = c === QUOTE ? this.#text() : this.#word();
    if (value === undefined) return false;
    if (slot === undefined) return true;
    if (slot.kind === "number") this.#numbers[this.#row * this.#width + slot.place] = checkNumber(slot, value, this.#row, "json", this.#problems);
    else this.#strings[this.#row * this.#textWidth + slot.place] = checkString(slot, value, this.#row, "json", this.#problems);
    return true;
  }

  /** A number, into its place at once: on the way there it would be an object. False: none, or one that JSON does not have. */
  #number(slot: Slot | undefined): boolean {
    const decimals = this.#decimals;
    const value = decimals.readJson(this.#bytes, this.#at);
    if (value !== value) return false;
    this.#at = decimals.end;
    if (slot === undefined) return true;
    if (slot.plain && value - value === 0) this.#numbers[this.#row * this.#width + slot.place] = value;
    else this.#checked(slot, value);
    return true;
  }
  #checked(slot: Slot, value: number): void {
    this.#numbers[this.#row * this.#width + slot.place] = checkNumber(slot, value, this.#row, "json", this.#problems);
  }

  /** A text of printable ASCII without escapes. */
  #text(): string | undefined {
    const bytes = this.#bytes;
    const start = this.#at + 1;
    let at = start;
    let c = bytes[at];
    while (c !== QUOTE) {
      if (c === undefined || c === BACKSLASH || c < 0x20 || c >= 0x7f) return undefined;
      c = bytes[++at];
    }
    this.#at = at + 1;
    return at - start > LONGEST_REPEATED ? bytes.toString("latin1", start, at) : this.#texts.of(bytes, start, at);
  }

  /** null, true or false. */
  #word(): boolean | null | undefined {
    const bytes = this.#bytes;
    for (const { name, value } of WORDS) {
      let i = 0;
      while (i < name.length && bytes[this.#at + i] === name[i]) i++;
      if (i < name.length) continue;
      this.#at += name.length;
      return value;
    }
    return undefined;
  }

  /** The order of a record's columns, if they are exactly the model's. */
  #learn(start: number): boolean {
    if (this.#orders >= MOST_ORDERS) return false;
    this.#orders++;
    const end = this.#bytes.indexOf(CLOSE, start);
    let names: string[];
    try {
      names = Object.keys(JSON.parse(this.#bytes.toString("latin1", start, end + 1)) as object);
    } catch {
      return false;
    }
    const slots = new Map(this.#plan.slots.map((slot) => [slot.name, slot]));
    if (!names.every((name) => this.#plan.names.has(name)) || !this.#plan.slots.every(({ name }) => names.includes(name))) return false;
    // An object's whole numbers come first whatever their order was: then nothing is learnt.
    this.#order = names.map((name) => fieldOf(name, slots.get(name)));
    return true;
  }
}

const NOTHING = Buffer.alloc(0);
const NO_NUMBERS = new Float64Array(0);
const WORDS = ([["null", null], ["true", true], ["false", false]] as const).map(([name, value]) => ({ name: Buffer.from(name), value }));

function fieldOf(name: string, slot: Slot | undefined): Field {
  return { slot, name: Buffer.from(JSON.stringify(name)) };
}
