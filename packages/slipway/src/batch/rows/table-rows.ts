// Rows of files that hold columns (Parquet, Arrow): a range of a file's rows, read in columns, checked and put in the engine's
// order. What a file's own format is like is the store's business.

import { checkNumber, checkString, Encoder, pickRows, Problems, type Batch, type Slot } from "../../runtime/index.ts";
import { batchError } from "../errors.ts";
import { csvField } from "../output/csv-field.ts";
import type { KeptType } from "../output/rows-writer.ts";
import type { InputShape, ShardWork } from "../run/messages.ts";
import { CheckedTexts } from "./checked-texts.ts";
import { layOut, type Keep } from "./columns.ts";
import { keptType } from "./kept-type.ts";
import { rowOfText, type BadRow, type GoodRows, type RowAsItWas, type RowBlock } from "./row-block.ts";
import type { ColumnWish, TableColumn, TablePart, TableStore } from "./table-store.ts";

type Table = Extract<InputShape, { kind: "table" }>;
type RowRange = Extract<ShardWork, { file: string }>;
type Value = string | number | boolean | null | object;

const NUMERIC = /^(?:TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|UTINYINT|USMALLINT|UINTEGER|UBIGINT|UHUGEINT|FLOAT|DOUBLE|DECIMAL.*|BOOLEAN)$/;

interface Read {
  readonly slot: Slot | undefined;
  /** Place among the kept columns, or -1. */
  readonly kept: number;
  readonly wish: ColumnWish;
  readonly texts: CheckedTexts | undefined;
}

export async function tableReader(encoder: Encoder, input: Table, keep: Keep, temporary: string): Promise<{ kept: readonly string[]; types: readonly KeptType[]; read: (work: ShardWork) => RowBlock }> {
  const { plan } = encoder;
  if (plan.signature.layout === "tensors") throw batchError("batch-input-format", `a model of tensors takes CSV or JSON lines here, not ${input.store === "arrow" ? "Arrow" : "Parquet"}`, { hint: "Give it CSV with a column for each value, or JSON lines." });
  const layout = layOut(input.names, plan, keep, "the input");
  const kept = layout.kept.map((i) => input.names[i]!);
  const types = layout.kept.map((i): KeptType => keptType(input.types[i]!));
  const reads: Read[] = [];
  input.names.forEach((name, i) => {
    const slot = layout.slots[i];
    const place = layout.kept.indexOf(i);
    const numeric = NUMERIC.test(input.types[i]!);
    if (slot !== undefined) reads.push({ slot, kept: -1, texts: slot.kind === "string" ? new CheckedTexts(slot) : undefined, wish: { name, type: input.types[i]!, as: slot.kind === "string" ? "text" : numeric ? "double" : "text" } });
    if (place >= 0) reads.push({ slot: undefined, kept: place, texts: undefined, wish: { name, type: input.types[i]!, as: types[place] === "boolean" ? "value" : types[place]! } });
  });
  const store = await openStore(input, reads.map((r) => r.wish), temporary);

  /** For the rows of a part: they are done with before the next is asked for, and memory outside the heap that comes and goes has the whole heap collected. */
  const room = { numbers: new Float64Array(0), strings: new Array<string>(0) };

  return { kept, types, read: (work) => readShard(work as RowRange) };

  function readShard(work: RowRange): RowBlock {
    const block: RowBlock = { rows: 0, bad: [], parts: partsOf(work, () => block) };
    return block;
  }

  async function* partsOf({ file, from, to }: RowRange, block: () => RowBlock): AsyncGenerator<GoodRows> {
    const found = block();
    for await (const part of store.read(file, from, to)) {
      const good = readPart(part, found.rows, found.bad);
      found.rows += part.rows;
      if (good !== undefined) yield good;
    }
    if (found.rows !== to - from) throw batchError("batch-input-damaged", `${file}: rows ${from + 1} to ${to} should be ${to - from}, ${found.rows} were read`, { where: file, hint: "The file changed while it was read." });
  }

  function readPart({ rows: count, columns }: TablePart, firstRow: number, bad: BadRow[]): GoodRows | undefined {
    const { numbers: width, strings: textWidth } = plan;
    if (room.numbers.length < count * width) room.numbers = new Float64Array(count * width);
    if (room.strings.length !== count * textWidth) room.strings = new Array<string>(count * textWidth);
    const [numbers, strings] = [room.numbers.subarray(0, count * width), room.strings];
    const problems = new Problems();
    const keptColumns: TableColumn[] = [];
    reads.forEach(({ slot, kept: place, texts }, r) => {
      const column = columns[r]!;
      if (place >= 0) keptColumns[place] = column;
      if (texts !== undefined) texts.place(column, count, strings, textWidth, problems);
      else if (slot !== undefined) placeNumbers(column, slot, count, numbers, width, problems);
    });
    for (const slot of layout.absent) {
      for (let row = 0; row < count; row++) {
        if (slot.kind === "number") numbers[row * width + slot.place] = checkNumber(slot, null, row, "csv", problems);
        else strings[row * textWidth + slot.place] = checkString(slot, null, row, "csv", problems);
      }
    }
    const asItWas = (row: number): RowAsItWas => rowOfText(JSON.stringify(Object.fromEntries(reads.map(({ wish }, r) => [wish.name, written(plain(columns[r]!.value(row)))]))));
    const all: Batch = { rows: count, numbers, strings };
    let good: number[] | undefined;
    if (problems.rows.size > 0) {
      good = [];
      for (let row = 0; row < count; row++) {
        const problem = problems.rows.get(row);
        if (problem === undefined) good.push(row);
        else bad.push({ row: firstRow + row, column: problem.column, reason: `expected ${problem.expected}, found ${problem.found}`, ...asItWas(row) });
      }
      if (good.length === 0) return undefined;
    }
    const of = (row: number): number => good?.[row] ?? row;
    const keptValue = (row: number, place: number): Value => plain(keptColumns[place]!.value(of(row)));
    return {
      batch: good === undefined ? all : pickRows(all, good, plan),
      rowOf: Int32Array.from({ length: good?.length ?? count }, (_, i) => firstRow + of(i)),
      asItWas: (row) => asItWas(of(row)), keptValue, keptNumbers: (place) => (good === undefined ? numbersOf(keptColumns[place]!) : undefined), keptCsv: (sink, row, place) => sink.text(csvField(keptValue(row, place))),
    };
  }
}

function placeNumbers(column: TableColumn, slot: Slot, count: number, numbers: Float64Array, step: number, problems: Problems): void {
  const { numbers: items, complete } = column;
  if (items === undefined) for (let row = 0, at = slot.place; row < count; row++, at += step) numbers[at] = checkNumber(slot, column.value(row), row, "csv", problems);
  else for (let row = 0, at = slot.place; row < count; row++, at += step) {
    const value = complete || column.isValid(row) ? items[row]! : NaN;
    numbers[at] = slot.plain && value - value === 0 ? value : checkNumber(slot, value, row, "json", problems);
  }
}

function numbersOf({ complete, numbers, wholeNumbers }: TableColumn): Float64Array | BigInt64Array | undefined {
  return complete ? (wholeNumbers ?? (numbers instanceof Float64Array ? numbers : undefined)) : undefined;
}

async function openStore({ store }: Table, wishes: readonly ColumnWish[], temporary: string): Promise<TableStore> {
  if (store === "arrow") return new (await import("./arrow-store.ts")).ArrowStore(wishes);
  return (await import("../parquet/open-parquet.ts")).openParquet(wishes, temporary);
}

function plain(value: unknown): Value {
  return typeof value === "bigint" ? (Number.isSafeInteger(Number(value)) ? Number(value) : String(value)) : value === undefined ? null : value as Value;
}

/** JSON has no other way for what is no finite number. */
function written(value: Value): Value {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}
