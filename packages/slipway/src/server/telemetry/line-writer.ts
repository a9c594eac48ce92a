// Lines to a file descriptor, many in one write and never on the thread that serves: a slow reader, a full pipe or a full
// disk costs lines, which are counted, and no request its time.

import { write, writeSync } from "node:fs";

const MAX_HELD = 8 * 2 ** 20;
const FLUSH_MS = 50;
const FLUSH_BYTES = 64 * 1024;

export class LineWriter {
  /** Lines that could not be written, so far. */
  lost = 0;
  /** Of them, those that a line has told of. */
  #told = 0;
  readonly #fd: number;
  #held: string[] = [];
  #size = 0;
  #writing = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(fd: number) {
    this.#fd = fd;
    process.on("exit", () => this.#flushAtExit());
  }

  write(line: string): void {
    if (this.#size + line.length > MAX_HELD) {
      this.lost++;
      return;
    }
    this.#held.push(line);
    this.#size += line.length;
    if (this.#size >= FLUSH_BYTES) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS).unref();
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#writing || this.#held.length === 0) return;
    const lines = this.#held;
    this.#held = [];
    this.#size = 0;
    this.#writing = true;
    this.#send(Buffer.from(lines.join("")), 0, (failed) => {
      this.#writing = false;
      if (failed) this.lost += lines.length;
      else if (this.lost > this.#told) {
        const lost = this.lost - this.#told;
        this.#told = this.lost;
        this.write(`${JSON.stringify({ level: "warn", time: new Date().toISOString(), msg: "log lines were lost", lost })}\n`);
      }
      if (this.#size >= FLUSH_BYTES) this.flush();
    });
  }

  #send(bytes: Buffer, at: number, done: (failed: boolean) => void): void {
    write(this.#fd, bytes, at, (error, written) => {
      const again = error !== null && (error as NodeJS.ErrnoException).code === "EAGAIN";
      if (error !== null && !again) done(true);
      else if (again) setTimeout(() => this.#send(bytes, at, done), 20).unref();
      else if (at + written < bytes.length) this.#send(bytes, at + written, done);
      else done(false);
    });
  }

  #flushAtExit(): void {
    try {
      for (const line of this.#held) writeSync(this.#fd, line);
    } catch {
      // Whoever read is gone, or the disk is full: there is nobody left to tell.
    }
    this.#held = [];
  }
}
