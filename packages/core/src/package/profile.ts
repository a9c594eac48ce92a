// The profile: how every input and output was distributed in the rows a model was made or checked with. Stored as
// profile.json. Bins are frozen in it: skew before a release, and drift of what runs, are counts in the same bins.

import { freeze, freezeWords, sketchOf, Tally, type Counted, type Distribution, type DistinctSketch } from "../stats/index.ts";
import { scoresOf, type ProfiledScore } from "./profile-scores.ts";
import { MISSING_STRING, type Column, type Output, type Scalar, type Signature } from "./signature.ts";

export interface ProfiledColumn {
  readonly name: string;
  readonly distribution: Distribution;
}
export interface ProfiledOutput {
  readonly name: string;
  /** Which of the output's entries (a class, a target); null where it has one value a row. */
  readonly entry: Scalar | null;
  readonly distribution: Distribution;
}
export interface Profile {
  readonly version: 1;
  /** `training`: rows that the model was trained on; `checks`: those of its check file. */
  readonly source: { readonly rows: "training" | "checks"; readonly file: string; readonly sha256?: string };
  /** Rows that were counted. */
  readonly rows: number;
  /** The inputs that the model uses. */
  readonly columns: readonly ProfiledColumn[];
  /** Of columns of texts that are counted by length: a word of each text. Left out where there are none. */
  readonly words?: readonly ProfiledColumn[];
  readonly outputs: readonly ProfiledOutput[];
  /** Of whole rows. Left out where there were too few. */
  readonly scores?: readonly ProfiledScore[];
  /** Which rows they were, by hashes that lead back to none. */
  readonly seen: DistinctSketch;
}
/** An output as it was computed: `width` values a row. */
export interface ProfiledData {
  readonly output: Output;
  readonly width: number;
  readonly data: ArrayLike<number | bigint | string>;
}
type Row = Readonly<Record<string, unknown>>;

/** Of wide outputs the first entries. */
const MAX_ENTRIES = 50;
/** Of inputs. */
export const MAX_PROFILED: number = 2000;

/**
 * @param outputs what the model answers to the same rows
 * @param truth of a regression what was true of each row; NaN where that is not known
 */
export function profileOf(signature: Signature, rows: readonly Row[], outputs: readonly ProfiledData[], source: Profile["source"], truth?: ArrayLike<number>): Profile {
  const columns = profiledColumns(signature);
  const values = columns.map((column) => rows.map((row) => countedValue(row[column.name], column)));
  const counted = columns.map((column, i) => ({ name: column.name, distribution: freeze(values[i]!) }));
  const value = outputs.find((o) => o.output.kind === "value" && o.width === 1);
  const scores = scoresOf(counted, values, truth === undefined || value === undefined ? undefined : { predicted: Float64Array.from({ length: rows.length }, (_, i) => Number(value.data[i])), actual: truth });
  const texts = columns.filter((_, i) => counted[i]!.distribution.shape.kind === "length");
  return {
    version: 1, source, rows: rows.length, columns: counted,
    ...(texts.length === 0 ? {} : { words: texts.map((column) => ({ name: column.name, distribution: freezeWords(rows.map((row) => countedValue(row[column.name], column) as string | null)) })) }),
    outputs: outputs.flatMap((given) => entriesOf(given).map(({ entry, at }) => ({ name: given.output.name, entry, distribution: freeze(countedOutput(given, at)) }))),
    ...(scores.length === 0 ? {} : { scores }),
    seen: sketchOf(rows.map((row) => rowKey(row, columns))),
  };
}

/** Counts in a profile's bins, of as many rows as come; those of several counters merge. */
export class ProfileCounter {
  readonly #inputs: readonly { readonly column: Column; readonly tally: Tally }[];
  readonly #outputs: readonly { readonly name: string; readonly entry: Scalar | null; readonly tally: Tally }[];
  #rows = 0;

  constructor(profile: Profile, signature: Signature) {
    const columns = new Map(signature.columns.map((c) => [c.name, c]));
    this.#inputs = profile.columns.flatMap(({ name, distribution }) => {
      const column = columns.get(name);
      return column === undefined ? [] : [{ column, tally: new Tally(distribution.shape) }];
    });
    this.#outputs = profile.outputs.map(({ name, entry, distribution }) => ({ name, entry, tally: new Tally(distribution.shape) }));
  }

  get rows(): number {
    return this.#rows;
  }
  addRow(row: Row): void {
    this.#rows++;
    for (const { column, tally } of this.#inputs) tally.add(countedValue(row[column.name], column));
  }
  addOutputs(outputs: readonly ProfiledData[]): void {
    for (const given of outputs) {
      for (const { entry, at } of entriesOf(given)) {
        const tally = this.#outputs.find((o) => o.name === given.output.name && o.entry === entry)?.tally;
        if (tally !== undefined) for (const value of countedOutput(given, at)) tally.add(value);
      }
    }
  }
  /** What another counter of the same profile has counted. */
  merge(other: { readonly rows: number; readonly columns: readonly ProfiledColumn[]; readonly outputs: readonly ProfiledOutput[] }): void {
    this.#rows += other.rows;
    for (const { name, distribution } of other.columns) this.#inputs.find((i) => i.column.name === name)?.tally.merge(distribution);
    for (const { name, entry, distribution } of other.outputs) this.#outputs.find((o) => o.name === name && o.entry === entry)?.tally.merge(distribution);
  }
  read(): { readonly rows: number; readonly columns: readonly ProfiledColumn[]; readonly outputs: readonly ProfiledOutput[] } {
    return {
      rows: this.#rows,
      columns: this.#inputs.map(({ column, tally }) => ({ name: column.name, distribution: tally.read() })),
      outputs: this.#outputs.map(({ name, entry, tally }) => ({ name, entry, distribution: tally.read() })),
    };
  }
}

/** One text a row, the same for values that are the same to a model: true and 1, NaN and null, 2 and 2.0. */
export function rowKey(row: Row, columns: readonly Pick<Column, "name" | "type">[]): string {
  return JSON.stringify(columns.map((column) => {
    const value = countedValue(row[column.name], column);
    return typeof value === "number" ? (Number.isFinite(value) ? value + 0 : String(value)) : value;
  }));
}

export function profiledColumns(signature: Signature): readonly Column[] {
  return signature.columns.filter((c) => c.used).slice(0, MAX_PROFILED);
}

/** Booleans are 0 and 1; what is no value of the column counts as missing. */
function countedValue(value: unknown, { type }: Pick<Column, "type">): Counted {
  if (value === null || value === undefined || value === MISSING_STRING) return null;
  if (type === "string") return typeof value === "number" && Number.isNaN(value) ? null : typeof value === "object" ? null : String(value as Scalar);
  if (typeof value === "boolean" || typeof value === "bigint") return Number(value);
  return typeof value === "number" && !Number.isNaN(value) ? value : null;
}

function entriesOf({ output, width }: ProfiledData): { readonly entry: Scalar | null; readonly at: number }[] {
  if (width === 1 && output.columns === undefined) return [{ entry: null, at: 0 }];
  return Array.from({ length: Math.min(width, MAX_ENTRIES) }, (_, at) => ({ entry: output.columns?.[at] ?? at, at }));
}

/** Labels are names, whatever their type. */
function countedOutput({ output, width, data }: ProfiledData, at: number): Counted[] {
  const named = output.kind === "label" || output.type === "string" || output.type === "bool";
  return Array.from({ length: Math.floor(data.length / width) }, (_, i) => {
    const value = data[i * width + at]!;
    return value === MISSING_STRING ? null : named ? String(value) : Number(value);
  });
}
