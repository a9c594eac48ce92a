// What a run says, with the time of each line; of a long log the end.

const MOST = 64 * 1024;
const LONGEST_LINE = 4000;

export class RunLog {
  #text: string;

  /** `before`: what earlier tries said. */
  constructor(before: string = "") {
    this.#text = before;
  }
  add(text: string, now: Date = new Date()): void {
    for (const line of text.split("\n")) {
      const clean = line.replace(/[^\P{Cc}\t]/gu, " ").trimEnd().slice(0, LONGEST_LINE);
      if (clean !== "") this.#text += `${now.toISOString()} ${clean}\n`;
    }
    if (this.#text.length > MOST * 2) this.#text = this.read();
  }
  read(): string {
    if (this.#text.length <= MOST) return this.#text;
    const end = this.#text.slice(-MOST);
    return `...\n${end.slice(end.indexOf("\n") + 1)}`;
  }
}
