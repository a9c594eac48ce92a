// Texts that the scan of CSV has numbered -> the texts of rows, each of which is made and checked once for a column.

import { checkString, Problems, type Slot } from "../../runtime/index.ts";
import type { CsvText } from "../text/csv-text.ts";
import { COLUMN, COLUMN_BYTES, HASH_BYTES, MOST_TEXTS, TEXT_BYTES } from "../text/scan-csv.ts";

/** Of a column that takes so many of the places for texts, they hardly repeat. */
const MANY = MOST_TEXTS / 4;
/** Checked, and not good. */
const BAD = null;

interface TextColumn {
  readonly slot: Slot;
  readonly column: number;
  /** By number; number 0 is an empty field. */
  good: (string | typeof BAD | undefined)[];
}

export class KnownTexts {
  readonly #text: CsvText;
  readonly #columns: readonly TextColumn[];

  /** `columns`: the slot of each. */
  constructor(text: CsvText, columns: readonly { readonly slot: Slot | undefined }[]) {
    this.#text = text;
    this.#columns = columns.flatMap(({ slot }, column) => (slot?.kind === "string" ? [{ slot, column, good: [] }] : []));
  }

  /** Puts the texts of `count` rows in their places. `suspect` is called for rows with one that is not good. */
  place(strings: string[], ids: Int32Array, count: number, width: number, suspect: (row: number) => void): void {
    for (const { slot, good } of this.#columns) {
      for (let row = 0, i = slot.place; row < count; row++, i += width) {
        const id = ids[i]!;
        // It is listed.
        if (id < 0) continue;
        let text = good[id];
        if (text === undefined) text = good[id] = this.#checked(slot, id);
        if (text === BAD) suspect(row);
        else strings[i] = text;
      }
    }
  }
  #checked(slot: Slot, id: number): string | typeof BAD {
    const problems = new Problems();
    const text = checkString(slot, id === 0 ? null : this.#read(id), 0, "csv", problems);
    return problems.rows.size > 0 ? BAD : text;
  }
  #read(id: number): string {
    const { memory, layout } = this.#text;
    const at = layout.textsAt + id * TEXT_BYTES;
    const { bytes } = memory;
    return bytes.toString("utf8", at + 8, at + 8 + bytes.readInt32LE(at));
  }

  /** After a part: where there is no more place for texts, all are forgotten, and columns whose texts do not repeat are left out from now on. */
  renew(state: Int32Array): void {
    if (state[2]! < MOST_TEXTS) return;
    const { memory, layout } = this.#text;
    state[2] = 0;
    memory.bytes.fill(0, layout.hashAt, layout.hashAt + HASH_BYTES);
    for (const known of this.#columns) {
      known.good = [];
      const at = layout.columnsAt + known.column * COLUMN_BYTES;
      const { bytes } = memory;
      if (bytes.readInt32LE(at + 12) > MANY) bytes.writeInt32LE(bytes.readInt32LE(at) | COLUMN.unique, at);
      bytes.writeInt32LE(0, at + 12);
    }
  }
}
