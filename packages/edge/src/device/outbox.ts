// Predictions that wait for a connection, in files of a bounded number and size. The oldest go first when there is no room,
// and are counted; each file is sent under its own name, so that one that arrives twice counts once.

import { join } from "node:path";
import type { Disk } from "./disk.ts";

export interface OutboxLimits {
  readonly entries: number;
  readonly bytes: number;
}
interface Segment {
  readonly name: string;
  entries: number;
  bytes: number;
}

/** Files that are sent as one. */
const SEGMENTS = 16;
const NAME = /^outbox-(\d{12})\.jsonl$/;

export class Outbox {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #limits: OutboxLimits;
  readonly #segments: Segment[] = [];
  /** What is added to: none after a start, as the last file may end within a line, and none while it is on its way. */
  #open: Segment | undefined;
  #next = 1;
  /** One after the other: entries of one file must not mix. */
  #last: Promise<unknown> = Promise.resolve();
  #dropped = 0;

  constructor(disk: Disk, folder: string, limits: OutboxLimits) {
    this.#disk = disk;
    this.#folder = folder;
    this.#limits = limits;
  }

  get held(): number {
    return this.#segments.reduce((n, s) => n + s.entries, 0);
  }
  /** Entries that had to go, since the last `takeDropped`. */
  get dropped(): number {
    return this.#dropped;
  }
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  /** What an earlier run left. A line that a power cut tore is left out and not counted as an entry. */
  async load(): Promise<void> {
    for (const name of (await this.#disk.list(this.#folder)).filter((n) => NAME.test(n)).sort()) {
      const bytes = (await this.#disk.read(join(this.#folder, name))) ?? new Uint8Array();
      this.#segments.push({ name, entries: lines(bytes).length, bytes: bytes.length });
      this.#next = Number(NAME.exec(name)![1]) + 1;
    }
    await this.#shrink(0, 0);
  }

  add(entry: object): Promise<void> {
    const work = this.#last.then(async () => {
      const bytes = Buffer.from(`${JSON.stringify(entry)}\n`);
      if (bytes.length > this.#limits.bytes / SEGMENTS || this.#limits.entries === 0) {
        this.#dropped++;
        return;
      }
      await this.#shrink(1, bytes.length);
      let open = this.#open;
      if (open === undefined || !this.#segments.includes(open) || this.#full(open, bytes.length)) this.#segments.push((this.#open = open = { name: `outbox-${String(this.#next++).padStart(12, "0")}.jsonl`, entries: 0, bytes: 0 }));
      await this.#disk.append(join(this.#folder, open.name), bytes);
      open.entries++;
      open.bytes += bytes.length;
    });
    this.#last = work.catch(() => undefined);
    return work;
  }

  /** The oldest file, for `send`; it is gone when that is done. False: there was none. */
  async deliver(send: (name: string, jsonLines: Uint8Array) => Promise<void>): Promise<boolean> {
    const segment = this.#segments[0];
    if (segment === undefined) return false;
    if (segment === this.#open) this.#open = undefined;
    await this.#last;
    const path = join(this.#folder, segment.name);
    const whole = lines((await this.#disk.read(path)) ?? new Uint8Array());
    if (whole.length > 0) await send(segment.name.replace(/\.jsonl$/, ""), Buffer.from(`${whole.join("\n")}\n`));
    await this.#disk.remove(path);
    const at = this.#segments.indexOf(segment);
    if (at >= 0) this.#segments.splice(at, 1);
    return this.held > 0;
  }

  #full({ entries, bytes }: Segment, more: number): boolean {
    return entries >= Math.max(1, Math.floor(this.#limits.entries / SEGMENTS)) || bytes + more > this.#limits.bytes / SEGMENTS;
  }

  async #shrink(entries: number, bytes: number): Promise<void> {
    const total = (): number => this.#segments.reduce((n, s) => n + s.bytes, 0);
    while (this.#segments.length > 0 && (this.held + entries > this.#limits.entries || total() + bytes > this.#limits.bytes)) {
      const oldest = this.#segments.shift()!;
      this.#dropped += oldest.entries;
      await this.#disk.remove(join(this.#folder, oldest.name));
    }
  }
}

function lines(bytes: Uint8Array): string[] {
  return Buffer.from(bytes).toString("utf8").split("\n").slice(0, -1).filter((line) => {
    try {
      JSON.parse(line);
      return true;
    } catch {
      return false;
    }
  });
}
