// Where the frames of an Arrow IPC file or stream lie: the schema, the dictionaries, and the record batches with their rows.
// Only heads and metadata are read. A file has the stream behind its first eight bytes.

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { messageOf, openArrow, type ArrowTable } from "../../server/decoding/index.ts";
import { batchError } from "../errors.ts";

/** Of a record batch, which is read as a whole. */
const MAX_BATCH = 256 << 20;
const MAX_DICTIONARIES = 64 << 20;
const SCHEMA = 1, DICTIONARY = 2, RECORDS = 3;
const END: Uint8Array = Uint8Array.from([255, 255, 255, 255, 0, 0, 0, 0]);
/** Values of a batch that is opened: they are made only as they are asked for. */
const MOST_CELLS = 2 ** 32;

export interface ArrowBatch {
  readonly at: number;
  readonly length: number;
  /** Of the file's rows, the first one's number. */
  readonly first: number;
  readonly rows: number;
  /** How many dictionaries come before it. */
  readonly dictionaries: number;
}

/** An open file. */
export class ArrowFile {
  readonly batches: readonly ArrowBatch[];
  readonly rows: number;
  readonly #path: string;
  readonly #file: number;
  readonly #schema: Uint8Array;
  readonly #dictionaries: readonly Uint8Array[];
  #open: { readonly batch: ArrowBatch; readonly table: ArrowTable } | undefined;

  /** @throws SlipwayError batch-input-damaged, batch-input-format, batch-input-missing */
  constructor(path: string) {
    this.#path = path;
    this.#file = openSync(path, "r");
    try {
      const { schema, dictionaries, batches, rows } = this.#scan();
      [this.#schema, this.#dictionaries, this.batches, this.rows] = [schema, dictionaries, batches, rows];
    } catch (error) {
      closeSync(this.#file);
      throw error;
    }
  }

  #scan(): { schema: Uint8Array; dictionaries: Uint8Array[]; batches: ArrowBatch[]; rows: number } {
    const { size } = fstatSync(this.#file);
    let at = String.fromCharCode(...this.#read(0, Math.min(6, size))) === "ARROW1" ? 8 : 0;
    let schema: Uint8Array | undefined;
    let held = 0;
    let rows = 0;
    const dictionaries: Uint8Array[] = [];
    const batches: ArrowBatch[] = [];
    while (at + 8 <= size) {
      const frame = this.#understood(() => messageOf.frame(this.#read(at, 8)));
      if (frame.metadata === 0) break;
      if (at + frame.start + frame.metadata > size) throw this.#cutOff();
      const { kind, body, rows: count } = this.#understood(() => messageOf.describe(this.#read(at + frame.start, frame.metadata)));
      const length = frame.start + frame.metadata + body;
      if (at + length > size) throw this.#cutOff();
      if (length > MAX_BATCH) throw batchError("batch-input-format", `${this.#path}: a record batch has ${length} bytes; at most ${MAX_BATCH} are read at once`, { where: this.#path, hint: "Write it in smaller record batches, or as Parquet." });
      if (kind === SCHEMA) schema ??= this.#read(at, length);
      else if (kind === DICTIONARY) {
        held += length;
        if (held > MAX_DICTIONARIES) throw batchError("batch-input-format", `${this.#path}: its dictionaries have more than ${MAX_DICTIONARIES} bytes`, { where: this.#path, hint: "Write these columns as plain texts, or as Parquet." });
        dictionaries.push(this.#read(at, length));
      } else if (kind === RECORDS) {
        batches.push({ at, length, first: rows, rows: count, dictionaries: dictionaries.length });
        rows += count;
      }
      at += length;
    }
    if (schema === undefined) throw this.#damaged(new Error("it begins with no schema"));
    return { schema, dictionaries, batches, rows };
  }

  /** Its columns without rows. */
  schema(): ArrowTable {
    return this.#understood(() => openArrow(Buffer.concat([this.#schema, END]), MOST_CELLS));
  }
  /** The one that was opened last is kept. */
  table(batch: ArrowBatch): ArrowTable {
    if (this.#open?.batch !== batch) {
      this.#open = undefined;
      const bytes = Buffer.concat([this.#schema, ...this.#dictionaries.slice(0, batch.dictionaries), this.#read(batch.at, batch.length), END]);
      this.#open = { batch, table: this.#understood(() => openArrow(bytes, MOST_CELLS)) };
    }
    return this.#open.table;
  }
  close(): void {
    closeSync(this.#file);
  }

  #read(from: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const count = readSync(this.#file, bytes, done, length - done, from + done);
      if (count === 0) throw this.#cutOff();
      done += count;
    }
    return bytes;
  }
  #understood<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw this.#damaged(error);
    }
  }
  #cutOff(): Error {
    return batchError("batch-input-damaged", `${this.#path} is cut off: a part of it reaches past the file's end`, { where: this.#path });
  }
  #damaged(cause: unknown): Error {
    return batchError("batch-input-damaged", `${this.#path} cannot be read as Arrow: ${(cause as Error).message.slice(0, 300)}`, { where: this.#path, cause });
  }
}
