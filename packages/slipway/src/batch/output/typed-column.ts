// A column of the output that grows row by row: numbers in typed arrays as long as none is missing.

export type ColumnType = "DOUBLE" | "FLOAT" | "INT64" | "BOOLEAN" | "STRING";
type Numbers = Float64Array | Float32Array | BigInt64Array;
type Cell = string | number | bigint | boolean | null;

const FIRST_ROWS = 4096;

export class TypedColumn {
  readonly name: string;
  readonly type: ColumnType;
  length = 0;
  #numbers: Numbers | undefined;
  readonly #cells: Cell[] = [];

  constructor(name: string, type: ColumnType) {
    this.name = name;
    this.type = type;
    this.#numbers = type === "DOUBLE" ? new Float64Array(FIRST_ROWS) : type === "FLOAT" ? new Float32Array(FIRST_ROWS) : type === "INT64" ? new BigInt64Array(FIRST_ROWS) : undefined;
  }

  /** `value`: of the column's type. */
  push(value: Cell): void {
    if (this.#numbers !== undefined && value === null) this.#spread();
    if (this.#numbers === undefined) this.#cells.push(value);
    else {
      if (this.length === this.#numbers.length) this.#grow();
      (this.#numbers as Float64Array)[this.length] = value as number;
    }
    this.length++;
  }
  /** Every `width`th number from `at` on. */
  pushNumbers(values: Float64Array | Float32Array, at: number, width: number, count: number): void {
    if (!(this.#numbers instanceof Float64Array || this.#numbers instanceof Float32Array)) {
      for (let i = 0, from = at; i < count; i++, from += width) this.push(values[from]!);
      return;
    }
    while (this.length + count > this.#numbers.length) this.#grow();
    const numbers = this.#numbers;
    let { length } = this;
    for (let i = 0, from = at; i < count; i++, from += width) numbers[length++] = values[from]!;
    this.length = length;
  }
  #grow(): void {
    const old = this.#numbers!;
    const more = new (old.constructor as new (n: number) => Float64Array)(old.length * 2);
    more.set(old as Float64Array);
    this.#numbers = more;
  }
  #spread(): void {
    for (const value of this.#numbers!.subarray(0, this.length)) this.#cells.push(value);
    this.#numbers = undefined;
  }

  /** Typed where no value is missing and the type is one of numbers. */
  data(): Numbers | readonly Cell[] {
    return this.#numbers?.subarray(0, this.length) ?? this.#cells;
  }
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
