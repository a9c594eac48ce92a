// Rows whose values are made first (JSON lines, and CSV for models of tensors): given to the model's own encoder, in parts;
// rows that do not fit are told one by one.

import { isUtf8 } from "node:buffer";
import { SlipwayError } from "@slipway/core/base";
import { CsvReader, Encoder, parseJson, readCsv, type Batch, type CsvField, type ModelInput } from "../../runtime/index.ts";
import { csvField } from "../output/csv-field.ts";
import { rowOfBytes, rowOfText, type BadRow, type GoodRows, type RowAsItWas, type RowBlock } from "./row-block.ts";

type Value = string | number | boolean | null | object;
interface Record_ extends RowAsItWas {
  /** Undefined: it cannot be read, for this reason. */
  readonly value: unknown;
  readonly fault?: string;
}

const PART_ROWS = 1024;

abstract class ValueRows {
  protected readonly encoder: Encoder;
  constructor(encoder: Encoder) {
    this.encoder = encoder;
  }
  /** The records of a block. */
  protected abstract records(bytes: Buffer): Record_[];
  protected abstract input(values: readonly unknown[]): ModelInput;
  protected abstract keptOf(value: unknown, place: number): Value;

  read(bytes: Buffer): RowBlock {
    const block: RowBlock = { rows: 0, bad: [], parts: this.#parts(bytes, () => block) };
    return block;
  }

  *#parts(bytes: Buffer, block: () => RowBlock): Generator<GoodRows> {
    const records = this.records(bytes);
    const found = block();
    found.rows = records.length;
    for (let start = 0; start < records.length; start += PART_ROWS) {
      const good = this.#part(records, start, Math.min(records.length, start + PART_ROWS), found.bad);
      if (good !== undefined) yield good;
    }
  }

  #part(records: readonly Record_[], start: number, end: number, bad: BadRow[]): GoodRows | undefined {
    const places: number[] = [];
    for (let i = start; i < end; i++) {
      const { value, fault } = records[i]!;
      if (value === undefined) bad.push({ row: i, column: null, reason: fault ?? "not understood", ...asItWas(records[i]!) });
      else places.push(i);
    }
    if (places.length === 0) return undefined;
    let kept = places;
    let batch: Batch;
    try {
      const encoded = this.encoder.encode(this.input(places.map((i) => records[i]!.value)), "rows");
      for (const [local, problem] of encoded.rowErrors) bad.push({ row: places[local]!, column: problem.column, reason: `expected ${problem.expected}, found ${problem.found}`, ...asItWas(records[places[local]!]!) });
      batch = encoded.batch;
      if (encoded.kept !== undefined) kept = encoded.kept.map((local) => places[local]!);
    } catch (error) {
      if (!(error instanceof SlipwayError) || error.kind === "internal") throw error;
      if (places.length === 1) {
        bad.push({ row: places[0]!, column: null, reason: error.message, ...asItWas(records[places[0]!]!) });
        return undefined;
      }
      // The encoder refused them as a whole: each half by itself tells which rows it was.
      const middle = (start + end) >> 1;
      const halves = [this.#part(records, start, middle, bad), this.#part(records, middle, end, bad)].filter((half) => half !== undefined);
      return halves.length < 2 ? halves[0] : joined(halves[0]!, halves[1]!);
    }
    if (batch.rows === 0) return undefined;
    return {
      batch, rowOf: Int32Array.from(kept),
      asItWas: (row) => asItWas(records[kept[row]!]!),
      keptValue: (row, place) => this.keptOf(records[kept[row]!]!.value, place),
      keptCsv: (sink, row, place) => sink.text(csvField(this.keptOf(records[kept[row]!]!.value, place))),
    };
  }
}

function asItWas({ text, base64 }: Record_): RowAsItWas {
  return base64 === undefined ? rowOfText(text) : { text, base64 };
}

function joined(a: GoodRows, b: GoodRows): GoodRows {
  const rows = a.batch.rows + b.batch.rows;
  const numbers = new Float64Array(a.batch.numbers.length + b.batch.numbers.length);
  numbers.set(a.batch.numbers);
  numbers.set(b.batch.numbers, a.batch.numbers.length);
  const tensors = a.batch.tensors?.map((tensor, i) => {
    const other = b.batch.tensors![i]!;
    if (Array.isArray(tensor.data)) return { ...tensor, dims: [rows, ...tensor.dims.slice(1)], data: [...tensor.data, ...(other.data as string[])] };
    const data = new (tensor.data.constructor as new (n: number) => Float64Array)(tensor.data.length + other.data.length);
    data.set(tensor.data as Float64Array);
    data.set(other.data as Float64Array, tensor.data.length);
    return { ...tensor, dims: [rows, ...tensor.dims.slice(1)], data };
  });
  const of = (row: number): readonly [GoodRows, number] => (row < a.batch.rows ? [a, row] : [b, row - a.batch.rows]);
  return {
    batch: { rows, numbers, strings: [...a.batch.strings, ...b.batch.strings], ...(tensors === undefined ? {} : { tensors }) },
    rowOf: Int32Array.from([...a.rowOf, ...b.rowOf]),
    asItWas: (row) => of(row)[0].asItWas(of(row)[1]),
    keptValue: (row, place) => of(row)[0].keptValue(of(row)[1], place),
    keptCsv: (sink, row, place) => of(row)[0].keptCsv(sink, of(row)[1], place),
  };
}

/** A JSON value a line. `names`: of the columns that are kept. */
export class JsonLineRows extends ValueRows {
  readonly #names: readonly string[];
  constructor(encoder: Encoder, names: readonly string[]) {
    super(encoder);
    this.#names = names;
  }
  protected records(bytes: Buffer): Record_[] {
    const whole = isUtf8(bytes);
    const records: Record_[] = [];
    for (let at = 0; at < bytes.length; ) {
      const found = bytes.indexOf(0x0a, at);
      const end = found < 0 ? bytes.length : found;
      const line = bytes.subarray(at, end);
      at = end + 1;
      const text = line.toString("utf8").replace(/\r$/, "");
      if (text.trim() === "") continue;
      if (!whole && !isUtf8(line)) records.push({ ...rowOfBytes(line), value: undefined, fault: "bytes that are not UTF-8" });
      else {
        try {
          records.push({ text, value: parseJson(text) ?? null });
        } catch (error) {
          records.push({ text, value: undefined, fault: (error as Error).message });
        }
      }
    }
    return records;
  }
  protected input(values: readonly unknown[]): ModelInput {
    if (values.every((v) => Array.isArray(v))) return { kind: "rows", rows: values };
    const { layout } = this.encoder.plan.signature;
    // What is passed through is none of the model's tensors.
    if (layout === "tensors" && this.#names.length > 0) return { kind: "records", records: values.map((v) => (typeof v === "object" && v !== null ? Object.fromEntries(Object.entries(v).filter(([name]) => !this.#names.includes(name))) : v)) };
    if (layout === "text" && values.every((v) => typeof v === "string")) return { kind: "texts", texts: values };
    return { kind: "records", records: values };
  }
  protected keptOf(value: unknown, place: number): Value {
    const name = this.#names[place]!;
    return typeof value === "object" && value !== null && Object.hasOwn(value, name) ? ((value as Record<string, Value>)[name] ?? null) : null;
  }
}

function quoted(field: string, delimiter: string): string {
  return field.includes(delimiter) && !field.startsWith('"') ? `"${field}"` : field;
}

/** CSV for a model of tensors. */
export class TensorCsvRows extends ValueRows {
  readonly #names: readonly string[];
  readonly #kept: readonly number[];
  readonly #delimiter: string;
  /** `kept`: places among the names. */
  constructor(encoder: Encoder, names: readonly string[], kept: readonly number[], delimiter: string) {
    super(encoder);
    this.#names = names;
    this.#kept = kept;
    this.#delimiter = delimiter;
  }
  protected records(bytes: Buffer): Record_[] {
    const records: Record_[] = [];
    const names = this.#names;
    const reader = new CsvReader((fields) => {
      const text = fields.map((field) => quoted(csvField(field), this.#delimiter)).join(this.#delimiter);
      records.push(fields.length === names.length ? { text, value: fields } : { text, value: undefined, fault: `${fields.length} fields, where the first line has ${names.length}` });
    }, { delimiter: this.#delimiter });
    reader.push(bytes.toString("utf8"));
    reader.end();
    return records;
  }
  protected input(values: readonly unknown[]): ModelInput {
    const used = this.#names.flatMap((_, i) => (this.#kept.includes(i) ? [] : [i]));
    const rows = [used.map((i) => this.#names[i]!), ...(values as CsvField[][]).map((row) => used.map((i) => row[i]!))];
    return readCsv(rows.map((row) => row.map(csvField).join(",")).join("\n"), this.encoder.plan.signature, { delimiter: "," });
  }
  protected keptOf(value: unknown, place: number): Value {
    return (value as CsvField[])[this.#kept[place]!] ?? null;
  }
}
