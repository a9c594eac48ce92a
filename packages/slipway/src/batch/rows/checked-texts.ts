// Texts of a column that repeat, told apart by their places in a dictionary or by DuckDB's own form of them: each is made and
// checked once.

import { checkString, type Problems, type Slot } from "../../runtime/index.ts";
import type { TableColumn, TextDictionary } from "./table-store.ts";

const PLACES = 1024;
/** Of a text that is whole in its key. */
const LONGEST = 12;

export class CheckedTexts {
  readonly #slot: Slot;
  readonly #keys = new Int32Array(PLACES * 4);
  /** Undefined: its place is free. */
  readonly #good = new Array<string | undefined>(PLACES).fill(undefined);
  #dictionary: TextDictionary | undefined;
  /** By place in it. */
  #byCode: (string | undefined)[] = [];

  constructor(slot: Slot) {
    this.#slot = slot;
  }

  /** Puts the column's text of each row into every `step`th place from the slot's own. */
  place(column: TableColumn, count: number, strings: string[], step: number, problems: Problems): void {
    if (column.codes !== undefined) return this.#placeCoded(column, column.codes, column.dictionary!, count, strings, step, problems);
    const slot = this.#slot;
    const { textKeys: given, complete } = column;
    for (let row = 0, at = slot.place; row < count; row++, at += step) {
      if (given === undefined || given[row * 4]! > LONGEST || !(complete || column.isValid(row))) {
        strings[at] = checkString(slot, column.text(row), row, "csv", problems);
        continue;
      }
      const [a, b, c, d] = [given[row * 4]!, given[row * 4 + 1]!, given[row * 4 + 2]!, given[row * 4 + 3]!];
      const hash = Math.imul(Math.imul(Math.imul(a ^ b, 0x9e3779b1) ^ c, 0x85ebca6b) ^ d, 0xc2b2ae35);
      const place = (hash ^ (hash >>> 15)) & (PLACES - 1);
      const keys = this.#keys;
      const known = this.#good[place];
      if (known !== undefined && keys[place * 4] === a && keys[place * 4 + 1] === b && keys[place * 4 + 2] === c && keys[place * 4 + 3] === d) {
        strings[at] = known;
        continue;
      }
      const before = problems.count;
      const text = (strings[at] = checkString(slot, column.text(row), row, "csv", problems));
      // One that is refused is told of each row that has it.
      if (problems.count !== before) continue;
      keys.set([a, b, c, d], place * 4);
      this.#good[place] = text;
    }
  }

  #placeCoded(column: TableColumn, codes: Int32Array, dictionary: TextDictionary, count: number, strings: string[], step: number, problems: Problems): void {
    const slot = this.#slot;
    if (this.#dictionary !== dictionary) {
      this.#dictionary = dictionary;
      this.#byCode = new Array<string | undefined>(dictionary.size).fill(undefined);
    }
    const known = this.#byCode;
    const { complete } = column;
    for (let row = 0, at = slot.place; row < count; row++, at += step) {
      if (!complete && !column.isValid(row)) {
        strings[at] = checkString(slot, null, row, "csv", problems);
        continue;
      }
      const code = codes[row]!;
      let text = known[code];
      if (text === undefined) {
        const before = problems.count;
        text = checkString(slot, dictionary.text(code), row, "csv", problems);
        if (problems.count === before) known[code] = text;
      }
      strings[at] = text;
    }
  }
}
