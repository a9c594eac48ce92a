// Texts of a column repeat: one that was made lately is found by its bytes, and costs no new one.

const PLACES = 4096;
/** In bytes: longer ones hardly repeat. */
export const LONGEST_REPEATED = 48;

export class RepeatedTexts {
  readonly #texts: (string | undefined)[] = new Array<string | undefined>(PLACES).fill(undefined);

  /** The bytes from `from` to before `to` as UTF-8. */
  of(bytes: Buffer, from: number, to: number): string {
    const length = to - from;
    if (length > LONGEST_REPEATED) return bytes.toString("utf8", from, to);
    let hash = length;
    let all = 0;
    for (let i = from; i < to; i++) {
      const c = bytes[i]!;
      all |= c;
      hash = (Math.imul(hash, 31) + c) | 0;
    }
    if (all >= 0x80) return bytes.toString("utf8", from, to);
    const place = (hash ^ (hash >>> 15)) & (PLACES - 1);
    const known = this.#texts[place];
    if (known !== undefined && known.length === length) {
      let i = 0;
      while (i < length && known.charCodeAt(i) === bytes[from + i]) i++;
      if (i === length) return known;
    }
    return (this.#texts[place] = bytes.toString("latin1", from, to));
  }
}
