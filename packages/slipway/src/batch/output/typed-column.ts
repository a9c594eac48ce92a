// A column of the output that grows row by row and is filled anew for every part: numbers in typed arrays, texts as their bytes,
// so that nothing is left to collect. A missing value has its place too, where anything stands.

export type ColumnType = "DOUBLE" | "FLOAT" | "INT64" | "BOOLEAN" | "STRING";
export type Cell = string | number | bigint | boolean | null;
/** Of BOOLEAN: 0 and 1. */
type Values = Float64Array | Float32Array | BigInt64Array | Uint8Array;

const FIRST_ROWS = 4096;
const FIRST_BYTES = 2 ** 16;
const MAKE: Readonly<Record<Exclude<ColumnType, "STRING">, (count: number) => Values>> = {
  DOUBLE: (n) => new Float64Array(n), FLOAT: (n) => new Float32Array(n), INT64: (n) => new BigInt64Array(n), BOOLEAN: (n) => new Uint8Array(n),
};

export class TypedColumn {
  readonly name: string;
  readonly type: ColumnType;
  length = 0;
  #values: Values | undefined;
  /** Of texts: each with its length before it, as Parquet has them (PLAIN), and where each ends. Nothing of what is missing. */
  #bytes: Buffer = Buffer.alloc(0);
  #ends: Uint32Array = new Uint32Array(0);
  #size = 0;
  /** 1: is missing. Undefined: none is. */
  #missing: Uint8Array | undefined;

  constructor(name: string, type: ColumnType) {
    this.name = name;
    this.type = type;
    if (type === "STRING") [this.#bytes, this.#ends] = [Buffer.allocUnsafeSlow(FIRST_BYTES), new Uint32Array(FIRST_ROWS)];
    else this.#values = MAKE[type](FIRST_ROWS);
  }
  /** Empty again. */
  clear(): void {
    this.length = this.#size = 0;
    this.#missing = undefined;
  }

  /** `value`: of the column's type. */
  push(value: Cell): void {
    this.#room(1);
    if (value === null) this.#miss();
    else if (this.#values !== undefined) (this.#values as Float64Array)[this.length] = (this.type === "BOOLEAN" ? Number(value) : value) as number;
    if (this.#values === undefined) {
      if (value === null) this.#ends[this.length] = this.#size;
      else this.#text(value as string);
    }
    this.length++;
  }
  /** Every `width`th number from `at` on; of the column's type, or floats of either. */
  pushNumbers(values: Float64Array | Float32Array | BigInt64Array, at: number, width: number, count: number): void {
    this.#room(count);
    const own = this.#values as Float64Array;
    const { length } = this;
    if (width === 1) own.set((values as Float64Array).subarray(at, at + count), length);
    else for (let i = 0, from = at; i < count; i++, from += width) own[length + i] = (values as Float64Array)[from]!;
    this.length = length + count;
  }

  #room(count: number): void {
    const rows = this.#values?.length ?? this.#ends.length;
    if (this.length + count <= rows) return;
    const more = Math.max(rows * 2, this.length + count);
    if (this.#values === undefined) this.#ends = grown(this.#ends, new Uint32Array(more));
    else this.#values = grown(this.#values as Float64Array, MAKE[this.type as "DOUBLE"](more) as Float64Array);
    if (this.#missing !== undefined) this.#missing = grown(this.#missing, new Uint8Array(more));
  }
  #miss(): void {
    this.#missing ??= new Uint8Array(this.#values?.length ?? this.#ends.length);
    this.#missing[this.length] = 1;
  }
  /** A text's bytes, and behind them the digits of a whole number where one is given. */
  pushBytes(bytes: Uint8Array, digits?: number): void {
    this.#room(1);
    this.#ensure(bytes.length + 20);
    const start = this.#size + 4;
    const all = this.#bytes;
    let at = start;
    for (let i = 0; i < bytes.length; i++) all[at++] = bytes[i]!;
    if (digits !== undefined) {
      let count = 1;
      for (let power = 10; digits >= power; power *= 10) count++;
      let rest = digits;
      for (let i = at + count - 1; i >= at; i--) {
        const next = Math.floor(rest / 10);
        all[i] = 0x30 + (rest - next * 10);
        rest = next;
      }
      at += count;
    }
    this.#end(start, at);
    this.length++;
  }
  /** The same text so many times. */
  pushRepeated(bytes: Uint8Array, count: number): void {
    if (count === 0) return;
    this.#room(count);
    const each = bytes.length + 4;
    this.#ensure(each * count);
    const start = this.#size;
    const all = this.#bytes;
    all.writeUInt32LE(bytes.length, start);
    all.set(bytes, start + 4);
    // What is there already is copied behind itself, twice as much each time.
    for (let done = each; done < each * count; done *= 2) all.copy(all, start + done, start, start + Math.min(done, each * count - done));
    for (let i = 1; i <= count; i++) this.#ends[this.length++] = start + each * i;
    this.#size = start + each * count;
  }
  #text(text: string): void {
    // Three bytes a unit are enough for any text.
    this.#ensure(text.length * 3);
    const start = this.#size + 4;
    this.#end(start, start + this.#bytes.write(text, start));
  }
  #ensure(bytes: number): void {
    const wanted = this.#size + bytes + 4;
    if (wanted > this.#bytes.length) this.#bytes = grown(this.#bytes, Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, wanted)));
  }
  #end(start: number, end: number): void {
    this.#bytes.writeUInt32LE(end - start, start - 4);
    this.#ends[this.length] = this.#size = end;
  }

  isMissing(row: number): boolean {
    return this.#missing?.[row] === 1;
  }
  get anyMissing(): boolean {
    return this.#missing !== undefined;
  }
  /** Of all rows; of other types than STRING. Good until the column is cleared. */
  values(): Values {
    return this.#values!.subarray(0, this.length);
  }
  /** The bytes of the texts of these rows, as Parquet has them. Good until the column is cleared. */
  plainTexts(from: number, to: number): Buffer {
    return this.#bytes.subarray(from === 0 ? 0 : this.#ends[from - 1]!, to === 0 ? 0 : this.#ends[to - 1]!);
  }
  cell(row: number): Cell {
    if (this.isMissing(row)) return null;
    if (this.#values === undefined) return this.plainTexts(row, row + 1).toString("utf8", 4);
    const value = this.#values[row]!;
    return this.type === "BOOLEAN" ? value === 1 : value;
  }
}

function grown<T extends { set(from: T): void }>(old: T, more: T): T {
  more.set(old);
  return more;
}

/** A value from elsewhere as the column's type holds it. */
export function cellOf(value: string | number | boolean | null | object, type: ColumnType): Cell {
  if (value === null) return null;
  switch (type) {
    case "STRING": return typeof value === "object" ? JSON.stringify(value) : String(value);
    case "INT64": return BigInt(value as number | string);
    default: return value as number | boolean;
  }
}
