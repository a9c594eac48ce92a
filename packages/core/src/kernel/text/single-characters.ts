// Texts of ASCII cut into single characters, of which some stand together where several follow each other (runs of white
// space): what the pattern CLASS{n,}|(?s:.) finds, without a regular expression.

export class SingleCharacters {
  /** By character: its number. */
  readonly #ids: Int32Array;
  /** By character: 1 where it stands together with its like. */
  readonly #together: Uint8Array;
  readonly #least: number;
  readonly #lower: boolean;
  readonly #number: (word: string) => number;

  /** `number` tells any token's; `least`: from how many members of `together` on they are one token. */
  constructor(together: RegExp, least: number, lower: boolean, number: (word: string) => number) {
    const cased = (c: number): string => (lower && c >= 65 && c <= 90 ? String.fromCharCode(c + 32) : String.fromCharCode(c));
    this.#ids = Int32Array.from({ length: 128 }, (_, c) => number(cased(c)));
    this.#together = Uint8Array.from({ length: 128 }, (_, c) => Number(together.test(cased(c))));
    this.#least = least;
    this.#lower = lower;
    this.#number = number;
  }

  /** Writes the tokens' numbers into `out`, which grows; gives how many there are, -1 where the text has other characters. */
  cut(text: string, out: { ids: Int32Array }): number {
    const [ids, together, { length }] = [this.#ids, this.#together, text];
    if (length > out.ids.length) out.ids = new Int32Array(length * 2);
    let count = 0;
    for (let i = 0; i < length; ) {
      const code = text.charCodeAt(i);
      if (code > 127) return -1;
      let end = i + 1;
      if (together[code] === 1) {
        while (end < length && text.charCodeAt(end) <= 127 && together[text.charCodeAt(end)] === 1) end++;
        // A run may go on with a character that is not ASCII.
        if (end < length && text.charCodeAt(end) > 127) return -1;
        if (end - i >= this.#least && end - i > 1) {
          const run = text.slice(i, end);
          out.ids[count++] = this.#number(this.#lower ? run.toLowerCase() : run);
          i = end;
          continue;
        }
      }
      for (; i < end; i++) out.ids[count++] = ids[text.charCodeAt(i)]!;
    }
    return count;
  }
}
