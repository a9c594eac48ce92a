// The best of many, kept while they are looked through: the largest scores, and of equal ones those that came first.

export interface Scored {
  readonly place: number;
  readonly score: number;
}

export class Best {
  readonly #most: number;
  /** A heap: the worst of those that are kept is first. */
  readonly #places: number[] = [];
  readonly #scores: number[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  /** Below this nothing is taken any more. */
  get floor(): number {
    return this.#places.length < this.#most ? -Infinity : this.#scores[0]!;
  }

  offer(place: number, score: number): void {
    if (this.#most === 0 || Number.isNaN(score)) return;
    const { length } = this.#places;
    if (length < this.#most) {
      this.#places.push(place);
      this.#scores.push(score);
      this.#up(length);
    } else if (this.#worse(this.#scores[0]!, this.#places[0]!, score, place)) {
      this.#places[0] = place;
      this.#scores[0] = score;
      this.#down();
    }
  }

  /** The best first. */
  take(): Scored[] {
    return this.#places.map((place, i) => ({ place, score: this.#scores[i]! })).sort((a, b) => b.score - a.score || a.place - b.place);
  }

  #worse(score: number, place: number, than: number, thanPlace: number): boolean {
    return score < than || (score === than && place > thanPlace);
  }
  #swap(i: number, j: number): void {
    [this.#places[i], this.#places[j]] = [this.#places[j]!, this.#places[i]!];
    [this.#scores[i], this.#scores[j]] = [this.#scores[j]!, this.#scores[i]!];
  }
  #before(i: number, j: number): boolean {
    return this.#worse(this.#scores[i]!, this.#places[i]!, this.#scores[j]!, this.#places[j]!);
  }
  #up(from: number): void {
    for (let i = from; i > 0; ) {
      const parent = (i - 1) >> 1;
      if (!this.#before(i, parent)) return;
      this.#swap(i, parent);
      i = parent;
    }
  }
  #down(): void {
    for (let i = 0; ; ) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) if (child < this.#places.length && this.#before(child, least)) least = child;
      if (least === i) return;
      this.#swap(i, least);
      i = least;
    }
  }
}
