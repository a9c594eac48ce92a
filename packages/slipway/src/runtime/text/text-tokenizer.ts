// Texts to token ids as Hugging Face's tokenizers do it (version 0.22), cut to the model's length as their `longest_first` does.

import { Tokenizer } from "@huggingface/tokenizers";

export interface Tokens {
  readonly ids: readonly number[];
  /** 0 for the first text and 1 for the second, where the model tells them apart. */
  readonly types: readonly number[];
}

/** In any vocabulary it is a token, or the unknown one: no special token. */
const PROBE = "a";

export class TextTokenizer {
  readonly #tokenizer: Tokenizer;
  readonly #most: number;
  /** Special tokens before and after a text, and between two. */
  readonly #before: number;
  readonly #after: number;

  /** @throws Error where the tokenizer's file is not one */
  constructor(tokenizer: object, config: object, most: number) {
    this.#tokenizer = new Tokenizer(tokenizer, config);
    this.#most = most;
    const empty = this.#tokenizer.encode("").ids;
    const probe = this.#tokenizer.encode(PROBE).ids;
    let before = 0;
    while (before < empty.length && empty[before] === probe[before]) before++;
    // All of them are alike at the front where nothing follows the text.
    this.#before = before;
    this.#after = empty.length - before;
  }

  idOf(token: string): number | undefined {
    return this.#tokenizer.token_to_id(token);
  }
  tokenOf(id: number): string {
    return this.#tokenizer.id_to_token(id) ?? "";
  }
  isSpecial(index: number, length: number): boolean {
    return index < this.#before || index >= length - this.#after;
  }

  encode(text: string, pair?: string): Tokens {
    if (pair === undefined) {
      const { ids, token_type_ids: types } = this.#tokenizer.encode(text, { return_token_type_ids: true });
      const over = ids.length - this.#most;
      return over <= 0 ? { ids, types } : { ids: this.#cut(ids, over), types: this.#cut(types, over) };
    }
    // The library takes an empty second text for none.
    const second = pair === "" ? PROBE : pair;
    const { ids, token_type_ids: types } = this.#tokenizer.encode(text, { text_pair: second, return_token_type_ids: true });
    const length = (t: string): number => this.#tokenizer.encode(t, { add_special_tokens: false }).ids.length;
    const [a, b] = [length(text), length(second)];
    const between = ids.length - a - b - this.#before - this.#after;
    const [keepA, keepB] = longestFirst(a, pair === "" ? 0 : b, this.#most - this.#before - between - this.#after);
    const pick = (values: readonly number[]): number[] => {
      const startB = this.#before + a + between;
      return [...values.slice(0, this.#before + keepA), ...values.slice(this.#before + a, startB + keepB), ...values.slice(startB + b)];
    };
    return { ids: pick(ids), types: pick(types) };
  }

  #cut(values: readonly number[], over: number): number[] {
    const end = values.length - this.#after;
    return [...values.slice(0, Math.max(this.#before, end - over)), ...values.slice(end)];
  }
}

/** How many tokens of each are kept: tokenizers' src/utils/truncation.rs. */
function longestFirst(a: number, b: number, room: number): [number, number] {
  if (a + b <= room) return [a, b];
  let [short, long] = a > b ? [b, a] : [a, b];
  long = short > room ? short : Math.max(short, room - short);
  if (short + long > room) {
    short = Math.floor(room / 2);
    long = short + (room % 2);
  }
  return a > b ? [long, short] : [short, long];
}
