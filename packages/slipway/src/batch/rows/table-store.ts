// What a format of columns gives: ranges of a file's rows, in parts, each with the columns that were wished for.

export interface ColumnWish {
  readonly name: string;
  /** As DuckDB calls it, whatever the format. */
  readonly type: string;
  /** `value`: as the format has it. */
  readonly as: "double" | "int64" | "text" | "value";
}

/** A column of a part. Good until the next part is asked for. */
export interface TableColumn {
  /** Its values as they lie in memory, where they are doubles; what stands where none is valid is anything. */
  readonly numbers: ArrayLike<number> | undefined;
  /** The same of whole numbers of 64 bits. */
  readonly wholeNumbers?: BigInt64Array | undefined;
  /** No row lacks a value. */
  readonly complete: boolean;
  /** Of texts, four numbers each: its length in bytes and, of one of at most twelve, these bytes. What stands where none is valid is anything. */
  readonly textKeys?: Int32Array | undefined;
  /** Of texts, where there is one: each row's place in the dictionary, and 0 where none is valid. */
  readonly codes?: Int32Array | undefined;
  readonly dictionary?: TextDictionary | undefined;
  isValid(row: number): boolean;
  /** null: missing. */
  value(row: number): unknown;
  /** The same of texts. */
  text(row: number): string | null;
}
/** Texts that a column's rows have in common. */
export interface TextDictionary {
  readonly size: number;
  text(code: number): string;
}
export interface TablePart {
  readonly rows: number;
  /** For each wish. */
  readonly columns: readonly TableColumn[];
}
export interface TableStore {
  /** Rows from 0; `to` is behind the last. @throws SlipwayError batch-input-damaged */
  read(file: string, from: number, to: number): AsyncIterable<TablePart>;
}
