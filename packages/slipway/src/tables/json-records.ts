// Cuts JSON into its records without holding it whole: the items of a list, or values one after another (JSON lines).

import { tablesError } from "./errors.ts";

const MAX_RECORD = 64 << 20;

export class JsonRecords {
  readonly #onRecord: (text: string) => void;
  readonly #file: string;
  /** Depth of a record's own brackets: 1 inside a list, 0 in lines; unknown before the first character. */
  #base = -1;
  #depth = 0;
  #inText = false;
  #escaped = false;
  #ended = false;
  #held = "";

  constructor(onRecord: (text: string) => void, file: string) {
    this.#onRecord = onRecord;
    this.#file = file;
  }

  push(piece: string): void {
    let from = 0;
    for (let i = 0; i < piece.length; i++) {
      const c = piece.charCodeAt(i);
      if (this.#inText) {
        if (this.#escaped) this.#escaped = false;
        else if (c === BACKSLASH) this.#escaped = true;
        else if (c === QUOTE) this.#inText = false;
        continue;
      }
      if (this.#base < 0) {
        if (c <= 32) continue;
        this.#base = c === OPEN_LIST ? 1 : 0;
        if (this.#base === 1) {
          this.#depth = 1;
          from = i + 1;
          continue;
        }
      }
      if (c === QUOTE) this.#inText = true;
      else if (c === OPEN_LIST || c === OPEN_OBJECT) {
        if (this.#depth === this.#base) {
          this.#between(this.#held + piece.slice(from, i));
          this.#held = "";
          from = i;
        }
        this.#depth++;
      } else if (c === CLOSE_LIST || c === CLOSE_OBJECT) {
        this.#depth--;
        if (this.#depth === this.#base) {
          this.#onRecord(this.#held + piece.slice(from, i + 1));
          this.#held = "";
          from = i + 1;
        } else if (this.#depth < this.#base) {
          if (this.#base === 0 || this.#ended) throw this.#bad("a bracket is closed that was not opened");
          this.#between(this.#held + piece.slice(from, i));
          this.#ended = true;
          this.#held = "";
          from = i + 1;
        }
      }
    }
    this.#held += piece.slice(from);
    if (this.#held.length > MAX_RECORD) throw tablesError("table-limit", `one record is longer than ${MAX_RECORD} characters`, { where: this.#file });
  }

  end(): void {
    if (this.#inText || this.#depth > this.#base || (this.#base === 1 && !this.#ended)) throw this.#bad("the file ends inside a record or list: it was cut off");
    this.#between(this.#held);
  }

  /** What stands between records: spaces and commas. */
  #between(text: string): void {
    if (text.trim().replace(this.#base === 1 && !this.#ended ? /^,$/ : /^$/, "") !== "") throw this.#bad(`expected a record, found ${JSON.stringify(text.trim().slice(0, 40))}`);
  }
  #bad(message: string): Error {
    return tablesError("table-json", message, { where: this.#file, hint: 'Write it as [{"column": value}, ...], or one such record a line.' });
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
