// Rows of Parquet files, by their places in the file, read by DuckDB in columns: numbers as arrays of doubles, short texts
// from DuckDB's own memory, each made once.

import { DuckDBVarCharVector, type DuckDBVector } from "@duckdb/node-api";
import { checkNumber, checkString, Encoder, pickRows, Problems, RepeatedTexts, type Batch, type Slot } from "../../runtime/index.ts";
import { batchError } from "../errors.ts";
import { damaged, openDuckDB, sqlName, sqlText, type DuckDBConnection } from "../input/duckdb.ts";
import { csvField } from "../output/csv-field.ts";
import type { KeptType } from "../output/rows-writer.ts";
import type { InputShape, ShardWork } from "../run/messages.ts";
import { layOut, type Keep } from "./columns.ts";
import { shown, type BadRow, type GoodRows, type RowBlock } from "./row-block.ts";

type Table = Extract<InputShape, { kind: "table" }>;
type Value = string | number | boolean | null | object;

const NUMERIC = /^(?:TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|UTINYINT|USMALLINT|UINTEGER|UBIGINT|UHUGEINT|FLOAT|DOUBLE|DECIMAL.*|BOOLEAN)$/;
const WHOLE = /^(?:TINYINT|SMALLINT|INTEGER|BIGINT|UTINYINT|USMALLINT|UINTEGER)$/;
const MEMORY_MB = 96;
/** Of a string_t, and of the text inside it. */
const STRING_BYTES = 16;
const INLINE_BYTES = 12;

interface Read {
  readonly slot: Slot | undefined;
  /** Place among the kept columns, or -1. */
  readonly kept: number;
  readonly sql: string;
  /** A number where the model takes a number: read as doubles. */
  readonly doubles: boolean;
}

export async function tableReader(encoder: Encoder, input: Table, keep: Keep, temporary: string): Promise<{ kept: readonly string[]; types: readonly KeptType[]; read: (work: ShardWork) => RowBlock }> {
  const { plan } = encoder;
  if (plan.signature.layout === "tensors") throw batchError("batch-input-format", "a model of tensors takes CSV or JSON lines here, not Parquet", { hint: "Give it CSV with a column for each value, or JSON lines." });
  const layout = layOut(input.names, plan, keep, "the input");
  const kept = layout.kept.map((i) => input.names[i]!);
  const types = layout.kept.map((i): KeptType => keptType(input.types[i]!));
  const reads: Read[] = [];
  input.names.forEach((name, i) => {
    const slot = layout.slots[i];
    const place = layout.kept.indexOf(i);
    const numeric = NUMERIC.test(input.types[i]!);
    if (slot !== undefined) reads.push({ slot, kept: -1, sql: slot.kind === "number" && numeric ? `CAST(${sqlName(name)} AS DOUBLE)` : slot.kind === "number" || input.types[i] === "VARCHAR" ? sqlName(name) : `CAST(${sqlName(name)} AS VARCHAR)`, doubles: slot.kind === "number" && numeric });
    if (place >= 0) {
      const type = types[place]!;
      reads.push({ slot: undefined, kept: place, sql: type === "text" && input.types[i] !== "VARCHAR" ? `CAST(${sqlName(name)} AS VARCHAR)` : type === "int64" ? `CAST(${sqlName(name)} AS BIGINT)` : type === "double" ? `CAST(${sqlName(name)} AS DOUBLE)` : sqlName(name), doubles: false });
    }
  });
  const connection = await openDuckDB({ threads: 1, memoryMb: MEMORY_MB, temporary });
  const select = `SELECT ${reads.map((r) => r.sql).join(", ") || "1"} FROM read_parquet(`;
  const texts = new Texts();

  return { kept, types, read: (work) => readShard(work as Extract<ShardWork, { file: string }>) };

  function readShard(work: Extract<ShardWork, { file: string }>): RowBlock {
    const block: RowBlock = { rows: 0, bad: [], parts: partsOf(work, () => block) };
    return block;
  }

  async function* partsOf({ file, from, to }: Extract<ShardWork, { file: string }>, block: () => RowBlock): AsyncGenerator<GoodRows> {
    const found = block();
    for await (const { count, vectors } of chunks(connection, `${select}${sqlText(file)}, file_row_number = true) WHERE file_row_number >= ${from} AND file_row_number < ${to}`, file)) {
      const part = readPart(count, vectors, found.rows, found.bad);
      found.rows += count;
      if (part !== undefined) yield part;
    }
    if (found.rows !== to - from) throw batchError("batch-input-damaged", `${file}: rows ${from + 1} to ${to} should be ${to - from}, ${found.rows} were read`, { where: file, hint: "The file changed while it was read." });
  }

  function readPart(count: number, vectors: readonly DuckDBVector[], firstRow: number, bad: BadRow[]): GoodRows | undefined {
    const { numbers: width, strings: textWidth } = plan;
    const numbers = new Float64Array(count * width);
    const strings = new Array<string>(count * textWidth);
    const problems = new Problems();
    const keptVectors: DuckDBVector[] = [];
    reads.forEach(({ slot, kept: place, doubles }, r) => {
      const vector = vectors[r]!;
      if (place >= 0) keptVectors[place] = vector;
      if (slot === undefined) return;
      if (doubles) {
        const { items, validity } = vector as unknown as { items: Float64Array; validity: { itemValid(i: number): boolean } };
        for (let row = 0, at = slot.place; row < count; row++, at += width) {
          const value = validity.itemValid(row) ? items[row]! : NaN;
          numbers[at] = slot.plain && value - value === 0 ? value : checkNumber(slot, value, row, "json", problems);
        }
      } else if (slot.kind === "number") for (let row = 0, at = slot.place; row < count; row++, at += width) numbers[at] = checkNumber(slot, vector.getItem(row), row, "csv", problems);
      else for (let row = 0, at = slot.place; row < count; row++, at += textWidth) strings[at] = checkString(slot, texts.of(vector, row), row, "csv", problems);
    });
    for (const slot of layout.absent) {
      for (let row = 0; row < count; row++) {
        if (slot.kind === "number") numbers[row * width + slot.place] = checkNumber(slot, null, row, "csv", problems);
        else strings[row * textWidth + slot.place] = checkString(slot, null, row, "csv", problems);
      }
    }
    const text = (row: number): string => shown(JSON.stringify(Object.fromEntries(reads.flatMap(({ slot, kept: place }, r) => (slot === undefined && place < 0 ? [] : [[slot?.name ?? kept[place]!, plain(vectors[r]!.getItem(row))]])))));
    const all: Batch = { rows: count, numbers, strings };
    let good: number[] | undefined;
    if (problems.rows.size > 0) {
      good = [];
      for (let row = 0; row < count; row++) {
        const problem = problems.rows.get(row);
        if (problem === undefined) good.push(row);
        else bad.push({ row: firstRow + row, column: problem.column, reason: `expected ${problem.expected}, found ${problem.found}`, text: text(row) });
      }
      if (good.length === 0) return undefined;
    }
    const of = (row: number): number => good?.[row] ?? row;
    const keptValue = (row: number, place: number): Value => plain(keptVectors[place]!.getItem(of(row)));
    return {
      batch: good === undefined ? all : pickRows(all, good, plan),
      rowOf: Int32Array.from({ length: good?.length ?? count }, (_, i) => firstRow + of(i)),
      text: (row) => text(of(row)), keptValue, keptCsv: (sink, row, place) => sink.text(csvField(keptValue(row, place))),
    };
  }
}

async function* chunks(connection: DuckDBConnection, sql: string, where: string): AsyncGenerator<{ count: number; vectors: DuckDBVector[] }> {
  try {
    const result = await connection.stream(sql);
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) return;
      yield { count: chunk.rowCount, vectors: Array.from({ length: chunk.columnCount }, (_, i) => chunk.getColumnVector(i)) };
    }
  } catch (cause) {
    throw damaged(where, cause);
  }
}

export function keptType(type: string): KeptType {
  return type === "BOOLEAN" ? "boolean" : WHOLE.test(type) ? "int64" : type === "DOUBLE" || type === "FLOAT" || type.startsWith("DECIMAL") ? "double" : "text";
}

function plain(value: unknown): Value {
  return typeof value === "bigint" ? (Number.isSafeInteger(Number(value)) ? Number(value) : String(value)) : value === undefined ? null : value as Value;
}

/** Texts of at most twelve bytes stand in the vector itself (DuckDB's string_t): each is made once. */
class Texts {
  readonly #texts = new RepeatedTexts();
  /** The vector's memory that was asked for last. */
  #view: DataView | undefined;
  #bytes: Buffer = Buffer.alloc(0);

  of(vector: DuckDBVector, row: number): string | null {
    const { dataView, itemOffset, validity } = vector as unknown as { dataView?: DataView; itemOffset?: number; validity: { itemValid(i: number): boolean } };
    if (!(vector instanceof DuckDBVarCharVector) || dataView === undefined || itemOffset === undefined) return vector.getItem(row) as string | null;
    if (!validity.itemValid(row)) return null;
    const at = (itemOffset + row) * STRING_BYTES;
    const length = dataView.getUint32(at, true);
    if (length > INLINE_BYTES) return vector.getItem(row);
    if (this.#view !== dataView) {
      this.#view = dataView;
      this.#bytes = Buffer.from(dataView.buffer, dataView.byteOffset, dataView.byteLength);
    }
    return this.#texts.of(this.#bytes, at + 4, at + 4 + length);
  }
}
