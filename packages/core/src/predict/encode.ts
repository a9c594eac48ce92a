// Rows, records, columns or texts -> a batch: one row-major matrix of doubles and one of strings, each value checked
// against its column. Nothing is coerced silently; every bad row is reported.

import type { Signature } from "../package/index.ts";
import { nearest } from "../base/index.ts";
import { checkNumber, checkString, planColumns, type Plan, type Slot, type Source } from "./columns.ts";
import { predictError } from "./errors.ts";
import { exampleRequest, exampleText } from "./example.ts";
import { preview, Problems, type Problem } from "./problems.ts";
import type { EngineTensor } from "./session.ts";
import { encodeTensors, type GivenTensor } from "./tensors.ts";

/** [rows, K] doubles (NaN: missing) and [rows, S] strings (MISSING_STRING: missing), in the signature's order. */
export interface Batch {
  readonly rows: number;
  readonly numbers: Float64Array;
  readonly strings: string[];
  /** For models that take tensors: one for each of the signature's, with all rows. */
  readonly tensors?: readonly EngineTensor[];
  /** [rows, 2]: width and height of the pictures that rows were made of, before they were resized. */
  readonly pictures?: Float64Array;
}

export interface Encoded {
  readonly batch: Batch;
  /** Rows of the request that the batch holds, when some were left out. */
  readonly kept?: readonly number[];
  readonly rowErrors: ReadonlyMap<number, Problem>;
}

/** `throw`: one bad row refuses the request. `rows`: bad rows are left out and reported beside the others. */
export type OnInvalid = "throw" | "rows";

export type ModelInput =
  | { readonly kind: "records"; readonly records: readonly unknown[]; readonly source?: Source }
  | { readonly kind: "rows"; readonly rows: readonly unknown[]; readonly source?: Source }
  | { readonly kind: "columns"; readonly columns: Readonly<Record<string, ArrayLike<unknown>>>; readonly source?: Source }
  | { readonly kind: "texts"; readonly texts: readonly unknown[] }
  /** `pictures`: of rows that were made of pictures, as a batch has them. */
  | { readonly kind: "tensors"; readonly tensors: Readonly<Record<string, GivenTensor>>; readonly pictures?: Float64Array }
  /** Checked already, for the model that read it. `sent`: the same as it came. */
  | { readonly kind: "batch"; readonly batch: Batch; readonly sent: () => ModelInput };

/** Examples of wider models would bury the error they belong to. */
const MAX_EXAMPLE_COLUMNS = 1000;
/** Cells of one request: bounds what is allocated for it (8 bytes each). */
const MAX_CELLS = 2 ** 28;
const NO_ERRORS: ReadonlyMap<number, Problem> = new Map();

export class Encoder {
  readonly plan: Plan;
  constructor(signature: Signature) {
    this.plan = planColumns(signature);
  }

  /** @throws SlipwayError request-invalid, unless `onInvalid` is "rows"; request-shape; request-limit. */
  encode(input: ModelInput, onInvalid: OnInvalid = "throw"): Encoded {
    if (input.kind === "batch") return { batch: input.batch, rowErrors: NO_ERRORS };
    if (this.plan.signature.layout === "tensors") return { batch: encodeTensors(input, this.plan.signature), rowErrors: new Map() };
    const problems = new Problems();
    const batch = this.#fill(input, problems);
    if (problems.count === 0) return { batch, rowErrors: problems.rows };
    if (onInvalid === "throw" || problems.first.some((p) => p.row === null)) {
      throw problems.toError(this.#example(input), this.plan.usedNames);
    }
    const kept: number[] = [];
    for (let row = 0; row < batch.rows; row++) if (!problems.rows.has(row)) kept.push(row);
    return { batch: pickRows(batch, kept, this.plan), kept, rowErrors: problems.rows };
  }

  #fill(input: Exclude<ModelInput, { kind: "batch" }>, problems: Problems): Batch {
    switch (input.kind) {
      case "records": return this.#fromRecords(input.records, input.source ?? "json", problems);
      case "rows": return this.#fromRows(input.rows, input.source ?? "json", problems);
      case "columns": return this.#fromColumns(input.columns, input.source ?? "json", problems);
      case "texts": return this.#fromTexts(input.texts, problems);
      case "tensors": return this.#fromTensors(input.tensors, problems);
    }
  }

  #example(input: ModelInput): unknown {
    const { signature } = this.plan;
    if (this.plan.slots.length > MAX_EXAMPLE_COLUMNS) return undefined;
    return input.kind === "texts" ? [exampleText(signature)] : exampleRequest(signature);
  }

  #allocate(rows: number): Batch & { numbers: Float64Array; strings: string[] } {
    const { numbers, strings } = this.plan;
    if (rows * (numbers + strings) > MAX_CELLS) {
      throw predictError("request-limit", `${rows} rows of ${numbers + strings} columns are too many for one request`, { hint: "Send them in parts." });
    }
    return { rows, numbers: new Float64Array(rows * numbers), strings: new Array<string>(rows * strings) };
  }

  #fromRecords(records: readonly unknown[], source: Source, problems: Problems): Batch {
    const batch = this.#allocate(records.length);
    const { slots, names, numbers: width, strings: textWidth } = this.plan;
    for (let row = 0; row < records.length; row++) {
      const record = records[row];
      if (typeof record !== "object" || record === null || Array.isArray(record)) {
        problems.add(row, null, this.plan.signature.layout === "text" ? "text" : "an object with one value a column", preview(record));
        continue;
      }
      const values = record as Readonly<Record<string, unknown>>;
      let present = 0;
      for (const slot of slots) {
        let value = values[slot.name];
        if (value === undefined || ((typeof value === "object" || typeof value === "function") && value !== null && !Object.hasOwn(values, slot.name))) {
          value = undefined;
          if (slot.column.missing === "refused") {
            problems.missingColumn(row, slot.name, slot.expected, slot.column.missingReason);
            continue;
          }
        } else present++;
        if (slot.kind === "number") {
          const fast = typeof value === "number" && slot.plain && value - value === 0;
          batch.numbers[row * width + slot.place] = fast ? value as number : checkNumber(slot, value, row, source, problems);
        } else batch.strings[row * textWidth + slot.place] = checkString(slot, value, row, source, problems);
      }
      const keys = Object.keys(values);
      if (keys.length !== present) {
        const unknown = keys.filter((k) => !names.has(k));
        this.#checkExtra(unknown, row, problems, (name) => !Object.hasOwn(values, name), unknown.length === keys.length);
      }
    }
    return batch;
  }

  /**
   * Unknown columns: refused where the model refuses them or where there are no others (another protocol's request would be
   * taken for a row of missing values); else only when one is probably a mistyped name of an absent column.
   */
  #checkExtra(unknown: readonly string[], row: number | null, problems: Problems, absent: (name: string) => boolean, alone: boolean): void {
    if (unknown.length === 0) return;
    const absentNames = this.plan.usedNames.filter(absent);
    for (const name of unknown.slice(0, 1000)) {
      if (this.plan.signature.extraColumns === "refused" || alone) problems.unknownColumn(row, name, absentNames.length > 0 ? absentNames : this.plan.usedNames);
      else if (absentNames.length > 0 && mistyped(name, absentNames)) problems.unknownColumn(row, name, absentNames);
    }
  }

  #fromRows(rows: readonly unknown[], source: Source, problems: Problems): Batch {
    const batch = this.#allocate(rows.length);
    const { slots, signature, numbers: width, strings: textWidth } = this.plan;
    const all = signature.columns.length;
    const position = new Map(signature.columns.map((c, i) => [c.name, i]));
    const places = slots.map((s) => position.get(s.name)!);
    for (let row = 0; row < rows.length; row++) {
      const values = rows[row];
      if (!isList(values)) {
        problems.add(row, null, `a list of ${all} values`, preview(values));
        continue;
      }
      if (values.length !== all) {
        problems.add(row, null, `${all} values, one a column in the model's order`, `${values.length}`);
        continue;
      }
      for (let i = 0; i < slots.length; i++) {
        const slot = slots[i]!;
        const value = values[places[i]!];
        if (slot.kind === "number") {
          const fast = typeof value === "number" && slot.plain && value - value === 0;
          batch.numbers[row * width + slot.place] = fast ? value : checkNumber(slot, value, row, source, problems);
        } else batch.strings[row * textWidth + slot.place] = checkString(slot, value, row, source, problems);
      }
    }
    return batch;
  }

  #fromColumns(columns: Readonly<Record<string, ArrayLike<unknown>>>, source: Source, problems: Problems): Batch {
    const given = Object.keys(columns);
    const first = given[0] === undefined ? undefined : columns[given[0]];
    const rows = first?.length ?? 0;
    const uneven = given.find((name) => columns[name]!.length !== rows);
    if (uneven !== undefined) {
      throw predictError("request-shape", `columns differ in length: ${JSON.stringify(given[0])} has ${rows} values, ${JSON.stringify(uneven)} has ${columns[uneven]!.length}`, {
        hint: "Every column needs one value a row; send null where a value is missing." });
    }
    const batch = this.#allocate(rows);
    const unknown = given.filter((name) => !this.plan.names.has(name));
    this.#checkExtra(unknown, null, problems, (name) => !Object.hasOwn(columns, name), unknown.length === given.length);
    for (const slot of this.plan.slots) {
      const values = Object.hasOwn(columns, slot.name) ? columns[slot.name] : undefined;
      if (values === undefined && slot.column.missing === "refused") problems.missingColumn(null, slot.name, slot.expected, slot.column.missingReason);
      else this.#fillColumn(slot, values, batch, source, problems);
    }
    return batch;
  }

  #fillColumn(slot: Slot, values: ArrayLike<unknown> | undefined, batch: Batch, source: Source, problems: Problems): void {
    const width = slot.kind === "number" ? this.plan.numbers : this.plan.strings;
    for (let row = 0, at = slot.place; row < batch.rows; row++, at += width) {
      const value = values === undefined ? null : values[row];
      if (slot.kind === "number") {
        const fast = typeof value === "number" && slot.plain && value - value === 0;
        batch.numbers[at] = fast ? value as number : checkNumber(slot, value, row, source, problems);
      } else batch.strings[at] = checkString(slot, value, row, source, problems);
    }
  }

  /** A column each, or one tensor of rows. */
  #fromTensors(tensors: Readonly<Record<string, GivenTensor>>, problems: Problems): Batch {
    const { signature } = this.plan;
    const names = Object.keys(tensors);
    const only = names.length === 1 ? tensors[names[0]!]! : undefined;
    if (signature.layout === "matrix" && only?.shape.length === 2) {
      const width = only.shape[1]!;
      return this.#fromRows(Array.from({ length: only.shape[0]! }, (_, i) => Array.from({ length: width }, (__, j) => only.data[i * width + j])), "json", problems);
    }
    for (const name of names) {
      const { shape } = tensors[name]!;
      if (shape.length === 0 || shape.length > 2 || (shape[1] ?? 1) !== 1) throw predictError("request-shape", `input ${JSON.stringify(name.slice(0, 100))}: expected shape [N] or [N, 1], found [${shape.join(", ")}]`);
    }
    return this.#fromColumns(Object.fromEntries(names.map((name) => [name, tensors[name]!.data])), "json", problems);
  }

  #fromTexts(texts: readonly unknown[], problems: Problems): Batch {
    const slot = this.plan.slots[0];
    if (slot === undefined || this.plan.slots.length !== 1 || slot.kind !== "string") {
      throw predictError("request-shape", "plain texts were sent, but the model does not take one text a row", {
        hint: "data.example is a valid request.", data: { example: exampleRequest(this.plan.signature) } });
    }
    const batch = this.#allocate(texts.length);
    for (let row = 0; row < texts.length; row++) batch.strings[row] = checkString(slot, texts[row], row, "json", problems);
    return batch;
  }
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

/** Near a known name, and not one of a numbered family: `feature_10` is no typing mistake for `feature_1`. */
function mistyped(name: string, known: readonly string[]): boolean {
  const near = nearest(name, known);
  return near !== undefined && near.replace(/\d+/g, "") !== name.replace(/\d+/g, "");
}

/** The given rows of a batch. */
export function pickRows(batch: Batch, rows: readonly number[], plan: Pick<Plan, "numbers" | "strings">): Batch {
  const numbers = new Float64Array(rows.length * plan.numbers);
  const strings: string[] = [];
  rows.forEach((row, i) => {
    numbers.set(batch.numbers.subarray(row * plan.numbers, (row + 1) * plan.numbers), i * plan.numbers);
    for (let s = 0; s < plan.strings; s++) strings.push(batch.strings[row * plan.strings + s]!);
  });
  return { rows: rows.length, numbers, strings };
}
